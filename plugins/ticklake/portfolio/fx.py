"""Currencies: which instrument tells the rate between two, in either direction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple, TypeVar

from ticklake.portfolio.exact import EXACT

T = TypeVar("T")

_PLACES = Decimal(1).scaleb(-12)
"""To what a rate is rounded; as it is stored."""

RateOn = Callable[[str, date], Decimal | None]
"""The portfolio's currency for one unit of a currency at a day's close; None when no rate is known."""


class Pair(NamedTuple):
    """An instrument whose price is a rate; `inverse` when it is the other way round."""

    symbol: str
    inverse: bool

    def rate(self, price: Decimal) -> Decimal:
        """What one unit of the currency is in the portfolio's, for a price of the instrument."""
        with localcontext(EXACT):
            return (1 / price if self.inverse else price).quantize(_PLACES)


def pairs(currency: str, base: str) -> Iterator[Pair]:
    """How the instrument may be named that tells `base` for one unit of `currency`, best first: EURUSD, EUR-USD, EUR/USD, USDEUR …"""
    for inverse in (False, True):
        first, second = (base, currency) if inverse else (currency, base)
        for mark in ("", "-", "/"):
            yield Pair(f"{first}{mark}{second}", inverse)


def find(currency: str, base: str, known: Callable[[str], T | None]) -> tuple[Pair, T] | None:
    """The first pair of which `known` has something, and what that is."""
    for pair in pairs(currency, base):
        found = known(pair.symbol)
        if found is not None:
            return pair, found
    return None
