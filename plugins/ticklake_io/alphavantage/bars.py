"""One-minute bars of the vendor, for minutes of which there are no ticks, and what exchanges are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from ticklake.errors import BadPayload
from ticklake_io.alphavantage.answers import NAME
from ticklake_io.alphavantage.quotes import count, eastern, price

if TYPE_CHECKING:
    from datetime import datetime


class VendorBar(NamedTuple):
    """A minute of `symbol` (canonical) that begins at `start` (UTC). Prices are decimal text, volume is in shares."""

    symbol: str
    start: datetime
    open: str
    high: str
    low: str
    close: str
    volume: int


class MarketStatus(NamedTuple):
    """Whether the `exchanges` of a region are open, as the provider sees it."""

    region: str
    market_type: str
    exchanges: str
    is_open: bool


def bars(symbol: str, content: dict[str, Any]) -> list[VendorBar]:
    """The bars in an answer to TIME_SERIES_INTRADAY, oldest first; none where there are none. Raises `BadPayload`."""
    if not content:
        return []
    series = next((value for key, value in content.items() if key.startswith("Time Series")), None)
    if not isinstance(series, dict):
        raise BadPayload(NAME, "an answer without `Time Series`")
    zone = _zone(content.get("Meta Data"))
    return sorted((_bar(symbol, eastern(at, zone), row) for at, row in series.items()), key=lambda bar: bar.start)


def market_status(content: dict[str, Any]) -> list[MarketStatus]:
    """The markets in an answer to MARKET_STATUS. Raises `BadPayload`."""
    markets = content.get("markets")
    if not isinstance(markets, list) or not all(isinstance(each, dict) for each in markets):
        raise BadPayload(NAME, "an answer without `markets`")
    return [
        MarketStatus(
            region=str(each.get("region", "")),
            market_type=str(each.get("market_type", "")),
            exchanges=str(each.get("primary_exchanges", "")),
            is_open=str(each.get("current_status")).lower() == "open",
        )
        for each in markets
    ]


def _zone(meta: object) -> ZoneInfo:
    name = next((value for key, value in meta.items() if key.endswith("Time Zone")), None) if isinstance(meta, dict) else None
    try:
        return ZoneInfo(str(name))
    except (OSError, ValueError, KeyError):
        raise BadPayload(NAME, "bars without a time zone") from None


def _bar(symbol: str, start: datetime, row: object) -> VendorBar:
    if not isinstance(row, dict):
        raise BadPayload(NAME, "a bar that is no object")
    fields = {name.partition(". ")[2]: value for name, value in row.items()}
    opened, high, low, close = (price(fields, name) for name in ("open", "high", "low", "close"))
    if not (opened and high and low and close):
        raise BadPayload(NAME, "a bar without its prices")
    return VendorBar(symbol, start, opened, high, low, close, count(fields, "volume") or 0)
