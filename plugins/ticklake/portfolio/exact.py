"""Exact decimals: parts that sum to the whole, whatever the rounding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from itertools import accumulate, pairwise

EXACT = Context(prec=120, rounding=ROUND_HALF_EVEN)
"""Digits for a quantity (20) times a price (20) times a rate (28), split several times; enter it with `localcontext`."""

ZERO = Decimal(0)

_GRAIN = Decimal(1).scaleb(-18)
"""To what a part is rounded that has no finite decimals."""

_MOST_TERMS = 1000


def portions(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`total` in parts proportional to `weights` (n, of one sign, not all 0). They sum to it exactly: bounds are rounded, not parts."""
    whole = sum(weights, ZERO)
    bounds = [(total * reached / whole).quantize(_GRAIN) for reached in accumulate(weights)]
    return [end - begin for begin, end in pairwise([ZERO, *bounds[:-1], total])]


def ratio(value: Decimal) -> Fraction:
    """A split's ratio as the fraction that its 8 decimals stand for: 0.33333333 is one for three."""
    simple = Fraction(value).limit_denominator(_MOST_TERMS)
    return simple if abs(simple - Fraction(value)) < Fraction(1, 10**8) else Fraction(value)


def scaled(quantities: Sequence[Decimal], by: Fraction) -> list[Decimal]:
    """`quantities` (n, of one sign) times `by`, rounded so that their sum is the rounded sum times `by`."""
    total = (sum(quantities, ZERO) * by.numerator / by.denominator).quantize(_GRAIN)
    return portions(total, quantities)


def apportion(total: Decimal, parts: Sequence[Decimal], places: int = 2) -> list[Decimal]:
    """`parts` rounded to `places` decimals so that they sum to `total`, rounded: the largest remainders are rounded up.

    When `parts` sum to `total`, each is off by less than one unit.
    """
    with localcontext(EXACT):
        unit = Decimal(1).scaleb(-places)
        floors = [part.quantize(unit, ROUND_FLOOR) for part in parts]
        left = int((total.quantize(unit) - sum(floors, ZERO)) / unit)
        largest_first = sorted(range(len(parts)), key=lambda index: floors[index] - parts[index])
        for turn in range(abs(left)):
            index = largest_first[turn % len(parts)] if left > 0 else largest_first[-1 - turn % len(parts)]
            floors[index] += unit if left > 0 else -unit
        return floors
