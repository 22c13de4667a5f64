"""Splits and dividends that the batch feed told, as transactions that nobody had to enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from ticklake.daily import Action
from ticklake.portfolio.fx import RateOn
from ticklake.portfolio.model import MARKET, Kind, Portfolio, Transaction

STANDS_FOR = {"dividend": timedelta(days=60), "split": timedelta(days=3)}
"""How long after an ex-date an entry by hand is still that very event: brokers book a dividend when it is paid."""


def automatic(
    portfolio: Portfolio, entered: Sequence[Transaction], told: Mapping[str, Sequence[Action]], rate_on: RateOn
) -> tuple[list[Transaction], list[str]]:
    """What `told` (by symbol) means for whoever `entered` these effective transactions, in order; and what had to be left out, in words.

    What was entered by hand stands for what was told. A dividend is booked on its ex-date, for what is held as that day begins.
    """
    made: list[Transaction] = []
    left_out: list[str] = []
    for symbol in sorted(told):
        own = [each for each in entered if each.symbol == symbol]
        if not own:
            continue
        currency = own[0].currency
        for action in _unclaimed(told[symbol], own):
            rate = rate_on(currency, action.ex_date)
            if action.kind == "dividend" and rate is None:
                left_out.append(f"the dividend of {symbol} on {action.ex_date}: no rate of {currency} in {portfolio.currency} that day")
            else:
                made.append(_transaction(symbol, currency, action, rate or Decimal(1)))
    return made, left_out


def _unclaimed(told: Sequence[Action], own: Sequence[Transaction]) -> list[Action]:
    """What was told after the first of `own`, less what was entered by hand: each entry claims the oldest that it can stand for."""
    left = sorted(action for action in told if action.ex_date > own[0].traded_on)
    for each in own:
        claimed = next(
            (action for action in left if action.kind == each.kind and timedelta(0) <= each.traded_on - action.ex_date <= STANDS_FOR[action.kind]), None
        )
        if claimed:
            left.remove(claimed)
    return left


def _transaction(symbol: str, currency: str, action: Action, rate: Decimal) -> Transaction:
    """The split before the dividend, which is for a share as it trades on that day."""
    is_split = action.kind == "split"
    return Transaction(
        id=f"{symbol} {action.kind} {action.ex_date}",
        traded_on=action.ex_date,
        kind=Kind.SPLIT if is_split else Kind.DIVIDEND,
        currency=currency,
        symbol=symbol,
        ratio=action.value if is_split else None,
        price=None if is_split else action.value,
        rate=rate,
        entered_by=MARKET,
        line=0 if is_split else 1,
    )
