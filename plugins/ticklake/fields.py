"""A provider's fields as a tick's: each function gives the value, or raises `ValueError` with the rule that is broken.

The reasons never hold the value: what a provider sends may echo a key.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from ticklake.columns import TEXT_LIMITS, YEARS

MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a message that is not of the expected form. The errors' texts may hold parts of it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PRICE_LIMIT = Decimal(10) ** 12
_MOST_DECIMALS = 8
_SIZE_LIMIT = Decimal(2) ** 63
_MOST_SIZE_DECIMALS = 18


def price(value: Decimal) -> str:
    """A price in plain digits."""
    if not (value.is_finite() and 0 < value < _PRICE_LIMIT and value.adjusted() >= -_MOST_DECIMALS):
        raise ValueError(f"price is not from 10^-{_MOST_DECIMALS} to below 10^12")
    digits = _plain(value)
    if len(digits.partition(".")[2]) > _MOST_DECIMALS:
        raise ValueError(f"price has more than {_MOST_DECIMALS} decimals")
    return digits


def size(value: Decimal) -> str:
    """A size, which may have a fraction, in plain digits."""
    if not (value.is_finite() and 0 <= value < _SIZE_LIMIT and value.adjusted() >= -_MOST_SIZE_DECIMALS):
        raise ValueError(f"size is not 0, or from 10^-{_MOST_SIZE_DECIMALS} to below 2^63")
    return _plain(value)


def text(name: str, value: str) -> str:
    """The tick's text field `name`."""
    if len(value) > TEXT_LIMITS[name]:
        raise ValueError(f"{name} is longer than {TEXT_LIMITS[name]}")
    if not value.isprintable():
        raise ValueError(f"{name} holds characters that do not print")
    return value


def symbol(value: str) -> str:
    """A symbol, which is never empty."""
    if not value:
        raise ValueError("symbol is empty")
    return text("symbol", value)


def from_ms(milliseconds: int) -> datetime:
    """The time so many milliseconds after 1970 began."""
    try:
        return utc(_EPOCH + timedelta(milliseconds=milliseconds))
    except OverflowError:
        raise ValueError(f"time is not from {YEARS[0]} to {YEARS[-1]}") from None


def utc(time: datetime) -> datetime:
    """A time with a zone, in UTC."""
    if time.tzinfo is None:
        raise ValueError("time has no time zone")
    try:
        moved = time.astimezone(UTC)
    except OverflowError:
        moved = None
    if moved is None or moved.year not in YEARS:
        raise ValueError(f"time is not from {YEARS[0]} to {YEARS[-1]}")
    return moved


def _plain(value: Decimal) -> str:
    """Exactly that number, without an exponent, or zeros at the end of its fraction. As digits, 1E+999999 would not fit into memory."""
    units, _, fraction = f"{value:f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{units}.{fraction}" if fraction else units
