"""Quotes of Alpha Vantage, and the ticks that they are.

Prices are decimal text, never binary numbers. GLOBAL_QUOTE knows the trading day of its price, not the time: that of an end-of-day quote
is the session's close, and of a younger one the time it was had, less the delay of the entitlement, within the session.
REALTIME_BULK_QUOTES says the time, US Eastern.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from ticklake import fields
from ticklake.errors import BadPayload
from ticklake.tick import Tick, tick_id
from ticklake_io.alphavantage.answers import NAME
from ticklake_io.alphavantage.settings import DELAY_S

if TYPE_CHECKING:
    from ticklake.calendars import Calendar, Session
    from ticklake_io.alphavantage.settings import Entitlement

US_EASTERN = ZoneInfo("America/New_York")

_COUNT = re.compile(r"[0-9]{1,18}")
_NOTHING = ("", "-", ".", "N/A", "NONE", "NULL")


class Quote(NamedTuple):
    """What the provider said of `symbol`, which is its own name for it. Prices are decimal text, `volume` is the day's.

    `day` is the trading day where that is all that is known, `at` the time (UTC) where one is. `extended` is the price
    before the open or after the close.
    """

    symbol: str
    day: date | None
    at: datetime | None
    price: str | None
    extended: str | None
    open: str | None
    high: str | None
    low: str | None
    prev_close: str | None
    volume: int | None
    delayed: bool


def global_quote(content: dict[str, Any]) -> Quote | None:
    """The quote in an answer to GLOBAL_QUOTE; None when there is none. Raises `BadPayload`."""
    key = next((key for key in content if key.startswith("Global Quote")), None)
    if key is None and content:
        raise BadPayload(NAME, "an answer without `Global Quote`")
    row = content.get(key) if key else None
    if not row:
        return None
    if not isinstance(row, dict):
        raise BadPayload(NAME, "`Global Quote` is no object")
    named = {name.partition(". ")[2]: value for name, value in row.items()}
    return Quote(
        symbol=_text(named, "symbol"),
        day=_day(named.get("latest trading day")),
        at=None,
        price=price(named, "price"),
        extended=None,
        open=price(named, "open"),
        high=price(named, "high"),
        low=price(named, "low"),
        prev_close=price(named, "previous close"),
        volume=count(named, "volume"),
        delayed="DELAYED" in key.upper() if key else False,
    )


def bulk_quotes(content: dict[str, Any]) -> list[Quote | BadPayload]:
    """The quotes in an answer to REALTIME_BULK_QUOTES, and what is none; symbols that the provider does not know are left out.

    Raises `BadPayload` when the answer as a whole is none.
    """
    rows = content.get("data", []) if content else []
    if not isinstance(rows, list) or ("data" not in content and content):
        raise BadPayload(NAME, "an answer without `data`")
    return [quote for quote in map(_bulk_quote, rows) if isinstance(quote, BadPayload) or quote.price or quote.extended]


def _bulk_quote(row: object) -> Quote | BadPayload:
    if not isinstance(row, dict):
        return BadPayload(NAME, "a quote that is no object")
    try:
        return Quote(
            symbol=_text(row, "symbol"),
            day=None,
            at=eastern(row["timestamp"]) if _given(row.get("timestamp")) else None,
            price=price(row, "close"),
            extended=price(row, "extended_hours_quote"),
            open=price(row, "open"),
            high=price(row, "high"),
            low=price(row, "low"),
            prev_close=price(row, "previous_close"),
            volume=count(row, "volume"),
            delayed=False,
        )
    except BadPayload as error:
        return error


def to_tick(quote: Quote, symbol: str, exchange: Calendar, entitlement: Entitlement, received_at: datetime) -> Tick:
    """The quote as a tick of the canonical `symbol`. Raises `BadPayload` when it has no price, or no time that can be."""
    if quote.at is not None:
        at, identity = quote.at, quote.at
        found = quote.price if exchange.is_open(at) or not quote.extended else quote.extended
    else:
        session = _session(quote, exchange, symbol)
        at, identity, found = _within(session, entitlement, received_at), session.closes_at, quote.price
    value = found or quote.extended
    if value is None:
        raise BadPayload(NAME, f"a quote of {symbol} without a price")
    return Tick(
        tick_id=tick_id(NAME, symbol, identity.isoformat(), value, "", "", "" if quote.volume is None else quote.volume),
        symbol=symbol,
        kind="quote",
        event_time=at,
        received_at=received_at,
        price=value,
        source=NAME,
        feed="delayed" if quote.delayed else entitlement,
        sequence=quote.volume or 0,  # grows over the day, and is the same for the same quote after a restart
        open=quote.open,
        high=quote.high,
        low=quote.low,
        prev_close=quote.prev_close,
        day_volume=quote.volume,
    )


def _session(quote: Quote, exchange: Calendar, symbol: str) -> Session:
    sessions = exchange.sessions(quote.day, quote.day) if quote.day else []
    if not sessions:
        raise BadPayload(NAME, f"a quote of {symbol} of a day that is no session of {exchange.name}")
    return sessions[0]


def _within(session: Session, entitlement: Entitlement, received_at: datetime) -> datetime:
    if entitlement == "eod":
        return session.closes_at
    return min(max(received_at - timedelta(seconds=DELAY_S[entitlement]), session.opens_at), session.closes_at)


def price(row: dict[str, Any], name: str) -> str | None:
    """The price in that field, exactly; None where there is none, which the provider also writes as 0 or N/A.

    Raises `BadPayload` for what is no price.
    """
    value = row.get(name)
    if not _given(value):
        return None
    try:
        number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
        return fields.price(number) if number else None
    except (InvalidOperation, ValueError):
        raise BadPayload(NAME, f"`{name}` is no price") from None


def count(row: dict[str, Any], name: str) -> int | None:
    """The whole number in that field; None where there is none. Raises `BadPayload` for what is none."""
    value = row.get(name)
    if not _given(value):
        return None
    if not (isinstance(value, str) and _COUNT.fullmatch(value)):
        raise BadPayload(NAME, f"`{name}` is no whole number")
    return int(value)


def eastern(text: object, zone: ZoneInfo = US_EASTERN) -> datetime:
    """A time in `zone` as UTC. Raises `BadPayload`."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadPayload(NAME, "a time that is none") from None


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise BadPayload(NAME, "a trading day that is none") from None


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not (isinstance(value, str) and value):
        raise BadPayload(NAME, f"a quote without `{name}`")
    return value


def _given(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and value.strip().upper() in _NOTHING)
