"""Finnhub: trades of US shares as they happen, with a free key; also currencies and coins.

What a free key gets of US shares is the trades of one exchange (IEX), a few in a hundred. There is one connection for each
key. Updates without a volume, which currencies have instead of trades, become quotes. Volumes of coins have fractions, and a
tick's size is a whole number: for them it stays empty, even where it happens to be whole, since a sum of only those would
lie. The exact volume then stands in `conditions`. Coins and currencies are what has the exchange before a colon in its symbol.

Finnhub has no trade id: a trade is identified by all its fields, and by its ordinal among those of the same connection that
are equal (two real trades can be). After a new connection the ordinals begin anew, so that trades which Finnhub repeats then
get their ids again, and are not doubled. The price: of equal trades within one millisecond that a lost connection has
parted, those after it count as repetitions.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from streaming.producer.ordinals import Ordinals
from streaming.producer.stream import Stream, wanted
from ticklake import fields
from ticklake.errors import BadPayload, SourceRefused
from ticklake.settings import SourceSettings, load_source
from ticklake.tick import Tick, tick_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from streaming.producer.source import Request, Source
    from ticklake.clock import Clock
    from ticklake.errors import Reject
    from ticklake.instruments import Instruments
    from ticklake.settings import Settings

NAME = "finnhub"
WINDOW = timedelta(minutes=10)
"""How far a symbol's trades may run back behind its newest."""


class FinnhubSettings(SourceSettings):
    """Where Finnhub is, and who we are there."""

    model_config = SettingsConfigDict(env_prefix="TICKLAKE_FINNHUB_")

    key: SecretStr = Field(min_length=1, description="key of your account; a free one is enough")
    url: str = Field("wss://ws.finnhub.io", pattern=r"^(wss://|ws://(127\.0\.0\.1|localhost)[:/])", description="address of the WebSocket")
    silence_s: float = Field(120.0, gt=0, description="silence after which the connection is given up; without trades a ping comes about once a minute")


class _Message(msgspec.Struct):
    type: str
    data: list[msgspec.Raw] = []
    msg: str = ""


class _Trade(msgspec.Struct):
    s: str
    p: Decimal
    t: int
    v: Decimal
    c: list[str] | None = None


_ABOUT_KEY = re.compile(r"\b(api|access|invalid|wrong)[ _-]?(key|token)\b")
"""KEY and TOKEN alone may be symbols."""

_message = msgspec.json.Decoder(_Message)
_trade = msgspec.json.Decoder(_Trade)


class Finnhub:
    """The dialect."""

    name = NAME
    terms = "the key is accepted; one connection at a time; a free plan has about 50 symbols, of US shares the trades at IEX, in real time"

    def __init__(self, settings: FinnhubSettings, instruments: Instruments, clock: Clock) -> None:
        self._settings, self._instruments, self._clock = settings, instruments, clock
        self.silence_s = settings.silence_s

    def url(self) -> str:
        return f"{self._settings.url}?token={quote(self._settings.key.get_secret_value())}"

    def open(self, on_gap: Callable[[int], None]) -> FinnhubSession:
        return FinnhubSession(self._instruments, self._clock)


class FinnhubSession:
    """One connection. Finnhub does not number its messages, so no gap can be seen."""

    def __init__(self, instruments: Instruments, clock: Clock) -> None:
        self._instruments, self._clock = instruments, clock
        self._ordinals = Ordinals(WINDOW)

    def greeting(self) -> Iterable[str]:
        return ()

    def subscribe(self, symbols: Iterable[str]) -> Iterable[str]:
        return [self._request("subscribe", symbol) for symbol in symbols]

    def unsubscribe(self, symbols: Iterable[str]) -> Iterable[str]:
        return [self._request("unsubscribe", symbol) for symbol in symbols]

    def read(self, message: bytes) -> Iterator[Tick | Reject]:
        try:
            parsed = _message.decode(message)
        except fields.MALFORMED:
            yield BadPayload(NAME, "a message is not JSON of the expected form")
            return
        if parsed.type == "error":
            yield _reported(parsed.msg.lower())
        if parsed.type == "trade":
            for raw in parsed.data:
                yield self._item(raw)

    def _item(self, raw: msgspec.Raw) -> Tick | Reject:
        try:
            return self._tick(_trade.decode(raw))
        except fields.MALFORMED:
            return BadPayload(NAME, "a trade lacks a field, or has one of another type")
        except ValueError as error:
            return BadPayload(NAME, str(error))

    def _tick(self, trade: _Trade) -> Tick:
        """Raises `ValueError` with the rule that the trade breaks."""
        symbol, time, price = fields.symbol(trade.s), fields.from_ms(trade.t), fields.price(trade.p)
        size, given = fields.size(trade.v), trade.c or []
        parts = (symbol, trade.t, price, size, *given)
        place = self._ordinals.next(symbol, time, parts)
        if place is None:
            raise ValueError(f"time runs back more than {WINDOW // timedelta(minutes=1)} minutes")
        is_count = size.isdecimal() and ":" not in symbol
        conditions = ",".join(given if is_count or not trade.v else [*given, f"size={size}"])
        return Tick(
            tick_id=tick_id(NAME, *parts, place.equal),
            symbol=self._instruments.canonical(NAME, symbol),
            kind="trade" if trade.v else "quote",
            event_time=time,
            received_at=self._clock.now(),
            price=price,
            source=NAME,
            feed="realtime",
            sequence=place.at_time,
            size=int(size) if trade.v and is_count else None,
            conditions=fields.text("conditions", conditions) or None,
        )

    def _request(self, kind: str, symbol: str) -> str:
        return json.dumps({"type": kind, "symbol": self._instruments.alias(NAME, symbol)})


def _reported(text: str) -> Reject:
    """What an error message means. Raises `SourceRefused` when it is about the key."""
    if _ABOUT_KEY.search(text):
        raise SourceRefused("finnhub refuses the key: look at TICKLAKE_FINNHUB_KEY")
    if "too many" in text:
        return BadPayload(NAME, "the plan does not allow so many symbols: ask for fewer in `sources: finnhub` of ticklake.yaml")
    return BadPayload(NAME, "it reports an error: does it have all the symbols that are asked for?")


def create(request: Request, settings: Settings, instruments: Instruments, clock: Clock) -> Source:
    """The trades of the symbols asked for, by default those of `ticklake.yaml`. Raises `ConfigError` without a key."""
    return Stream(Finnhub(load_source(FinnhubSettings), instruments, clock), wanted(NAME, request, instruments), clock)
