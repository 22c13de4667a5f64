"""How amounts are written: signed, with an arrow, in cents; hidden where the reader wants no amount on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from dashboard.figures import DOWN, LEVEL, UNKNOWN, UP, duration, span
from dashboard.portfolio.prices import Told
from ticklake.portfolio.valuation import Total

HIDDEN = "•••"

_FEEDS = {"realtime": "live", "eod": "end of day"}


def amount(value: Decimal | None, private: bool) -> str:
    """1,234.50; n/a when it is not known."""
    if private:
        return HIDDEN
    return UNKNOWN if value is None else f"{value:,.2f}"


def gain(value: Decimal | None, private: bool) -> str:
    """▲ +12.30, ▼ -0.01 or ■ 0.00; only the arrow where amounts are hidden."""
    if value is None:
        return UNKNOWN
    cents = round(value, 2)
    if private:
        return f"{_arrow(cents)} {HIDDEN}"
    return f"{_arrow(cents)} {cents:+,.2f}" if cents else f"{LEVEL} 0.00"


def share(value: Decimal | float | None) -> str:
    """12.34 %."""
    return UNKNOWN if value is None else f"{float(value) * 100:,.2f} %"


def gained_share(value: Decimal | float | None) -> str:
    """▲ +0.52 %, ▼ -0.52 % or ■ 0.00 %."""
    if value is None:
        return UNKNOWN
    percent = round(float(value) * 100, 2)
    return f"{_arrow(percent)} {percent:+,.2f} %" if percent else f"{LEVEL} 0.00 %"


def quantity(value: Decimal, private: bool) -> str:
    """1,234.5, no more decimals than it has, 8 at most."""
    if private:
        return HIDDEN
    text = f"{value:,.8f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def age(told: Told | None, at: datetime) -> str:
    """2 s · live; of a daily close its day."""
    if told is None:
        return UNKNOWN
    if told.received_at is None:
        return f"close of {told.closed_on}"
    return f"{duration(span(at, told.received_at))} · {_FEEDS.get(told.feed, told.feed)}"


def without(total: Total) -> str:
    """without A, B, C and 4 more; empty when nothing is missing."""
    return f"without {names(total.without)}" if total.without else ""


def names(symbols: Sequence[str], most: int = 3) -> str:
    """A, B, C and 4 more."""
    return ", ".join(symbols) if len(symbols) <= most + 1 else f"{', '.join(symbols[:most])} and {len(symbols) - most} more"


def side(value: Decimal | float | None) -> str:
    """The style of a gain, a loss, or neither, as it is written: an amount (Decimal) in cents, a share (float) in hundredths of a per cent."""
    rounded = round(value, 2) if isinstance(value, Decimal) else round((value or 0.0) * 100, 2)
    return "tl-up" if rounded > 0 else "tl-down" if rounded < 0 else "tl-level"


def _arrow(value: Decimal | float) -> str:
    return UP if value > 0 else DOWN if value < 0 else LEVEL
