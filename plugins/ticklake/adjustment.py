"""Adjusts prices for splits and dividends, backwards from today's shares.

The convention of CRSP and Yahoo: every price before an ex-date is multiplied by 1/ratio for a split and by
1 - amount/close for a dividend, where close is the last one before the ex-date; volume is multiplied by the ratio. (CRSP, Data
Descriptions Guide, "Adjusting data with the factor to adjust price"; Yahoo, "What is the adjusted close?".) So the change of
the adjusted price is the return of who reinvests each dividend at that close less the dividend.

A dividend is cash for a share as it trades on the ex-date. Where a split has the same ex-date an old share earns
ratio times as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from ticklake.daily import Action

PRICE_PLACES = 18
"""Decimals of a price factor: with the 8 of a price, all that 38 digits leave for prices below 10^12."""
VOLUME_PLACES = 8


class Segment(NamedTuple):
    """Days from `first` (None: from the beginning) to before `end` (None: for ever), and the factors of their prices and volumes."""

    first: date | None
    end: date | None
    price: Decimal
    volume: Decimal


def segments(actions: Iterable[Action], closes: Mapping[date, Decimal]) -> tuple[list[Segment], list[Action]]:
    """The factors of one symbol, newest days first, and the actions that cannot be applied.

    `closes` has for an ex-date the last close before it; where there is none, no bar is that old and nothing is to be
    adjusted. A dividend that is not less than that close, and a ratio that is not above 0, cannot be.
    """
    price, volume, end = Fraction(1), Fraction(1), None
    found: list[Segment] = []
    unusable: list[Action] = []
    newest_first = sorted(actions, reverse=True)
    for ex_date, group in groupby(newest_first, key=lambda action: action.ex_date):
        ratio, paid = _of_day(list(group), closes.get(ex_date), unusable)
        found.append(Segment(ex_date, end, _rounded(price, PRICE_PLACES), _rounded(volume, VOLUME_PLACES)))
        price, volume, end = price * (1 - paid) / ratio, volume * ratio, ex_date
    found.append(Segment(None, end, _rounded(price, PRICE_PLACES), _rounded(volume, VOLUME_PLACES)))
    return found, unusable


def _of_day(actions: list[Action], close: Decimal | None, unusable: list[Action]) -> tuple[Fraction, Fraction]:
    """New shares for an old one, and which part of the close before is paid out."""
    ratio, paid = Fraction(1), Fraction(0)
    for each in actions:
        if each.kind == "split" and each.value > 0:
            ratio *= Fraction(each.value)
        elif each.kind == "split":
            unusable.append(each)
    for each in actions:
        if each.kind == "dividend" and close is not None:
            part = Fraction(each.value) * ratio / Fraction(close)
            if part >= 0 and paid + part < 1:
                paid += part
            else:
                unusable.append(each)
    return ratio, paid


def _rounded(value: Fraction, places: int) -> Decimal:
    return Decimal(round(value * 10**places)).scaleb(-places)
