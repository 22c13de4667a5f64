"""Coinbase Advanced Trade: every trade of a product as it happens, around the clock, without a key.

Its channel `market_trades` begins, at each subscription, with the product's latest trades, so what was missed while the
connection was down mostly comes then. Trades are identified by product and trade id, which grows, and orders those of one time.

Sizes are fractions of a coin, and a tick's size is a whole number: it stays empty, for all of them, since a sum of only
those that happen to be whole would lie. The exact size stands in `conditions`, beside the side that Coinbase names.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from streaming.producer.stream import Stream, wanted
from ticklake import fields
from ticklake.errors import BadPayload
from ticklake.settings import SourceSettings, load_source
from ticklake.tick import Tick, tick_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from streaming.producer.source import Request, Source
    from ticklake.clock import Clock
    from ticklake.errors import Reject
    from ticklake.instruments import Instruments
    from ticklake.settings import Settings

NAME = "coinbase"

_TRADES = "market_trades"
_TRADE_ID_DIGITS = 18


class CoinbaseSettings(SourceSettings):
    """Where Coinbase is."""

    model_config = SettingsConfigDict(env_prefix="TICKLAKE_COINBASE_")

    url: str = Field("wss://advanced-trade-ws.coinbase.com", description="address of the WebSocket")
    silence_s: float = Field(15.0, gt=0, description="silence after which the connection is given up; a heartbeat comes every second")


class _Event(msgspec.Struct):
    trades: list[msgspec.Raw] = []


class _Message(msgspec.Struct):
    channel: str = ""
    type: str = ""
    sequence_num: int | None = None
    events: list[_Event] = []


class _Trade(msgspec.Struct):
    trade_id: str
    product_id: str
    price: Decimal
    size: Decimal
    side: str
    time: datetime


_message = msgspec.json.Decoder(_Message)
_trade = msgspec.json.Decoder(_Trade)


class Coinbase:
    """The dialect."""

    name = NAME
    terms = "no key is needed; every product, in real time and around the clock"

    def __init__(self, settings: CoinbaseSettings, instruments: Instruments, clock: Clock) -> None:
        self._settings, self._instruments, self._clock = settings, instruments, clock
        self.silence_s = settings.silence_s

    def url(self) -> str:
        return self._settings.url

    def open(self, on_gap: Callable[[int], None]) -> CoinbaseSession:
        return CoinbaseSession(self._instruments, self._clock, on_gap)


class CoinbaseSession:
    """One connection; its messages, of all channels together, are numbered without holes."""

    def __init__(self, instruments: Instruments, clock: Clock, on_gap: Callable[[int], None]) -> None:
        self._instruments, self._clock, self._on_gap = instruments, clock, on_gap
        self._next: int | None = None

    def greeting(self) -> Iterable[str]:
        # Channels without news are closed after a minute, unless there are heartbeats.
        return [json.dumps({"type": "subscribe", "channel": "heartbeats"})]

    def subscribe(self, symbols: Iterable[str]) -> Iterable[str]:
        return [self._request("subscribe", symbols)]

    def unsubscribe(self, symbols: Iterable[str]) -> Iterable[str]:
        return [self._request("unsubscribe", symbols)]

    def read(self, message: bytes) -> Iterator[Tick | Reject]:
        try:
            parsed = _message.decode(message)
        except fields.MALFORMED:
            yield BadPayload(NAME, "a message is not JSON of the expected form")
            return
        self._number(parsed.sequence_num)
        if parsed.type == "error":
            yield BadPayload(NAME, "it reports an error: does it have all the products that are asked for?")
        elif not parsed.channel:
            yield BadPayload(NAME, "a message names no channel")
        if parsed.channel == _TRADES:
            for event in parsed.events:
                yield from self._trades(event)

    def _trades(self, event: _Event) -> Iterator[Tick | Reject]:
        """The event's trades, oldest first: Coinbase lists the newest first."""
        ticks: list[Tick] = []
        for raw in event.trades:
            try:
                ticks.append(self._tick(_trade.decode(raw)))
            except fields.MALFORMED:
                yield BadPayload(NAME, "a trade lacks a field, or has one of another type")
            except ValueError as error:
                yield BadPayload(NAME, str(error))
        yield from sorted(ticks, key=lambda tick: (tick.event_time, tick.sequence))

    def _tick(self, trade: _Trade) -> Tick:
        """Raises `ValueError` with the rule that the trade breaks."""
        if not (trade.trade_id.isdecimal() and trade.trade_id.isascii() and len(trade.trade_id) <= _TRADE_ID_DIGITS):
            raise ValueError(f"trade id is not a number of at most {_TRADE_ID_DIGITS} digits")
        return Tick(
            tick_id=tick_id(NAME, trade.product_id, int(trade.trade_id)),
            symbol=self._instruments.canonical(NAME, fields.symbol(trade.product_id)),
            kind="trade",
            event_time=fields.utc(trade.time),
            received_at=self._clock.now(),
            price=fields.price(trade.price),
            source=NAME,
            feed="realtime",
            sequence=int(trade.trade_id),
            conditions=fields.text("conditions", f"side={trade.side} size={fields.size(trade.size)}"),
        )

    def _number(self, number: int | None) -> None:
        """Notice missing numbers; one that comes late, or again, was missing already."""
        if number is None:
            return
        if self._next is not None and number > self._next:
            self._on_gap(number - self._next)
        self._next = max(self._next or 0, number + 1)

    def _request(self, kind: str, symbols: Iterable[str]) -> str:
        products = [self._instruments.alias(NAME, symbol) for symbol in symbols]
        return json.dumps({"type": kind, "channel": _TRADES, "product_ids": products})


def create(request: Request, settings: Settings, instruments: Instruments, clock: Clock) -> Source:
    """The trades of the symbols asked for, by default those of `ticklake.yaml`."""
    return Stream(Coinbase(load_source(CoinbaseSettings), instruments, clock), wanted(NAME, request, instruments), clock)
