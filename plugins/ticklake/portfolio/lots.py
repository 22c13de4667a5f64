"""Lots of one symbol, first in, first out. A long lot has a quantity above 0 and its cost; a short one both below 0.

So for either the value is quantity x price and the profit is value - cost, and a lot that is closed for `cash` has made
cash - cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ticklake.portfolio.exact import ZERO, portions, scaled


class Lot(NamedTuple):
    """What one transaction opened and nobody has closed. `cost` is in the symbol's currency and includes fees, `base` is the same in
    the portfolio's at the rate of that day."""

    opened_on: date
    opened_by: str
    quantity: Decimal
    cost: Decimal
    base: Decimal


class Slice(NamedTuple):
    """A part of a lot that was closed: its `quantity` and `base` cost, signed as the lot's, and the `cash` that it brought, in the
    portfolio's currency and less fees."""

    opened_on: date
    closed_on: date
    closed_by: str
    quantity: Decimal
    base: Decimal
    cash: Decimal

    @property
    def realised(self) -> Decimal:
        """What it has made."""
        return self.cash - self.base


def held(lots: Sequence[Lot]) -> Decimal:
    """Shares, below 0 for a short."""
    return sum((lot.quantity for lot in lots), ZERO)


def take(lots: Sequence[Lot], quantity: Decimal) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """The oldest lots up to `quantity` (signed as theirs, at most what is held), and those that stay; one may be cut in two."""
    taken: list[Lot] = []
    left = quantity
    for index, lot in enumerate(lots):
        if left == 0:
            return tuple(taken), tuple(lots[index:])
        if abs(lot.quantity) > abs(left):
            first, second = _cut(lot, left)
            return (*taken, first), (second, *lots[index + 1 :])
        taken.append(lot)
        left -= lot.quantity
    return tuple(taken), ()


def split(lots: Sequence[Lot], by: Fraction) -> tuple[Lot, ...]:
    """The lots after `by` new shares for an old one; costs stay, and so do fractions of a share."""
    if not lots:
        return ()
    quantities = scaled([lot.quantity for lot in lots], by)
    return tuple(lot._replace(quantity=quantity) for lot, quantity in zip(lots, quantities, strict=True))


def close(lots: Sequence[Lot], cash: Decimal, closed_on: date, closed_by: str) -> tuple[Slice, ...]:
    """The slices of `lots`, closed together for `cash`."""
    parts = portions(cash, [lot.quantity for lot in lots])
    return tuple(Slice(lot.opened_on, closed_on, closed_by, lot.quantity, lot.base, part) for lot, part in zip(lots, parts, strict=True))


def _cut(lot: Lot, quantity: Decimal) -> tuple[Lot, Lot]:
    weights = quantity, lot.quantity - quantity
    costs, bases = portions(lot.cost, weights), portions(lot.base, weights)
    first, second = (lot._replace(quantity=each, cost=cost, base=base) for each, cost, base in zip(weights, costs, bases, strict=True))
    return first, second
