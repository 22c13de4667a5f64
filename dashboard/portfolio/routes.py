"""How an amount of one currency becomes one of another: by the instrument named after both, through the dollar, or as its hundredth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, localcontext
from typing import Generic, NamedTuple, TypeVar

from ticklake.portfolio.exact import EXACT
from ticklake.portfolio.fx import Pair, find, pairs

T = TypeVar("T")

PIVOT = "USD"
"""What a rate goes through when no instrument tells it: the other side of most pairs that there are."""

MINOR = {"GBX": "GBP", "ZAC": "ZAR", "ILA": "ILS"}
"""The hundredths that exchanges quote in, and of what they are: pence in London, cents in Johannesburg, agorot in Tel Aviv."""

_SPELLED = {"GBp": "GBX", "ZAc": "ZAC"}
_HUNDREDTH = Decimal("0.01")


class Route(NamedTuple, Generic[T]):
    """From a currency to another: the pairs on the way, what is known of each, and a factor that is always the same."""

    pairs: tuple[Pair, ...]
    known: tuple[T, ...]
    scale: Decimal

    def rate(self, prices: Iterable[Decimal]) -> Decimal:
        """What one unit of the first is in the second, for a price of each pair."""
        with localcontext(EXACT):
            rate = self.scale
            for pair, price in zip(self.pairs, prices, strict=True):
                rate *= pair.rate(price)
            return rate


def spelled(currency: str) -> str:
    """The code of a currency: GBX for GBp, which in capitals would be a hundred times as much."""
    return _SPELLED.get(currency, currency)


def unit_in_doubt(currency: str) -> str | None:
    """The hundredth in which prices may be meant where only `currency` was said; None when there is none."""
    return next((minor for minor, major in MINOR.items() if major == currency), None)


def route(currency: str, base: str, known: Callable[[str], T | None]) -> Route[T] | None:
    """The shortest way from `currency` to `base` over instruments of which `known` has something; None when there is none."""
    first, last = MINOR.get(currency, currency), MINOR.get(base, base)
    scale = (_HUNDREDTH if currency in MINOR else 1) / (_HUNDREDTH if base in MINOR else Decimal(1))
    for way in _ways(first, last):
        legs = [find(*leg, known) for leg in way]
        found = [each for each in legs if each is not None]
        if len(found) == len(legs):
            return Route(tuple(pair for pair, _ in found), tuple(told for _, told in found), scale)
    return None


def candidates(currency: str, base: str) -> list[str]:
    """The symbols that may tell a part of the way from `currency` to `base`."""
    first, last = MINOR.get(currency, currency), MINOR.get(base, base)
    return list(dict.fromkeys(pair.symbol for way in _ways(first, last) for leg in way for pair in pairs(*leg)))


def _ways(first: str, last: str) -> Iterator[list[tuple[str, str]]]:
    """The legs of each way from one currency to the other, the shortest first."""
    if first == last:
        yield []
        return
    yield [(first, last)]
    if PIVOT not in (first, last):
        yield [(first, PIVOT), (PIVOT, last)]
