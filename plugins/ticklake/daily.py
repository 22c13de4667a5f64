"""End-of-day market data: bars as traded, splits and dividends. Prices are exact decimals, days are the exchange's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

ActionKind = Literal["split", "dividend"]

_LIMIT = Decimal(10) ** 12
_UNIT = Decimal(1).scaleb(-8)
_MOST_VOLUME = 2**63


class Prices(NamedTuple):
    """Open, high, low and close of a session."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class DailyBar(NamedTuple):
    """A session as traded; `adjusted` are the vendor's own adjusted prices, where it tells those instead of splits and dividends."""

    day: date
    prices: Prices
    volume: int
    adjusted: Prices | None = None


class Action(NamedTuple):
    """A split (`value`: new shares for an old one) or a dividend (`value`: cash for a share as it trades on `ex_date`)."""

    ex_date: date
    kind: ActionKind
    value: Decimal


@dataclass(frozen=True)
class DailyBars:
    """What a source has of `symbol`: bars, and its splits and dividends, complete from `actions_from` on (None: it tells none).

    `rejects` names what the source gave that is none of these, each with its place and reason.
    """

    symbol: str
    bars: tuple[DailyBar, ...] = ()
    actions: tuple[Action, ...] = ()
    actions_from: date | None = None
    rejects: tuple[str, ...] = ()

    def within(self, first: date, last: date) -> DailyBars:
        """Its bars of the days `first` to `last`, both included, and its actions up to `last`."""
        bars = tuple(each for each in self.bars if first <= each.day <= last)
        return replace(self, bars=bars, actions=tuple(each for each in self.actions if each.ex_date <= last))


def price(text: str) -> Decimal:
    """A price, rounded to 8 decimals. Raises `ValueError` that says what is wrong."""
    value = number(text)
    if not 0 < value < _LIMIT or value < _UNIT:
        raise ValueError(f"{text} is no price from 10^-8 to below 10^12")
    return value.quantize(_UNIT)


def volume(text: str) -> int:
    """Shares, a whole number; a fraction, which adjusted files have, is rounded. Raises `ValueError`."""
    value = number(text)
    if not 0 <= value < _MOST_VOLUME:
        raise ValueError(f"{text} is no volume from 0 to below 2^63")
    return int(value.to_integral_value())


def number(text: str) -> Decimal:
    """A finite number. Raises `ValueError`."""
    try:
        value = Decimal(text.strip())
    except ArithmeticError:
        raise ValueError(f"{text!r} is no number") from None
    if not value.is_finite():
        raise ValueError(f"{text} is no finite number")
    return value


def prices(opened: Decimal, high: Decimal, low: Decimal, close: Decimal) -> Prices:
    """The prices of a session. Raises `ValueError` when high and low do not enclose open and close."""
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise ValueError(f"open {opened} and close {close} are not between low {low} and high {high}")
    return Prices(opened, high, low, close)
