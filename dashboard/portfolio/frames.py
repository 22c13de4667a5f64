"""Rows of the warehouse as portfolios, transactions, instruments and closes; exact numbers travel as text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import pandas as pd

from dashboard.once import once
from dashboard.portfolio.routes import spelled
from ticklake.daily import Action
from ticklake.portfolio.model import Kind, Portfolio, Transaction

SYNTHETIC = frozenset({"simulator"})
"""Sources whose prices are made up."""


class Listed(NamedTuple):
    """What the instrument list says; empty where it says nothing."""

    name: str
    currency: str
    sector: str
    calendar: str
    source: str


UNLISTED = Listed("", "", "", "", "")


class Past(NamedTuple):
    """Closes of a symbol by day, as traded and adjusted, and whose they are."""

    source: str
    closes: dict[date, Decimal]
    adjusted: dict[date, Decimal]


@once()
def portfolios(frame: pd.DataFrame) -> dict[str, Portfolio]:
    """The answer of portfolios.sql, by id."""
    found = (
        Portfolio(
            row["PORTFOLIO_ID"],
            row["NAME"],
            row["BASE_CURRENCY"],
            row["BENCHMARK"] or None,
            bool(row["IS_DEMO"]),
            bool(row["ALLOWS_SHORTS"]),
            bool(row["KEEPS_CASH"]),
        )
        for row in _rows(frame)
    )
    return {each.id: each for each in found}


def transactions(frame: pd.DataFrame) -> list[Transaction]:
    """The answer of portfolio_transactions.sql."""
    return [
        Transaction(
            id=row["TRANSACTION_ID"],
            import_id=row["IMPORT_ID"],
            traded_on=_day(row["TRADED_ON"]),
            kind=Kind(row["KIND"]),
            currency=row["CURRENCY"],
            symbol=row["SYMBOL"] or None,
            quantity=_number(row["QUANTITY"]),
            price=_number(row["PRICE"]),
            amount=_number(row["AMOUNT"]),
            ratio=_number(row["RATIO"]),
            fee=Decimal(row["FEE"]),
            rate=Decimal(row["FX_RATE"]),
            reverses=row["REVERSES"] or None,
            note=row["NOTE"],
            entered_by=row["ENTERED_BY"],
            entered_at=pd.Timestamp(row["ENTERED_AT"]).to_pydatetime().replace(tzinfo=UTC),
            line=int(row["LINE"]),
        )
        for row in _rows(frame)
    ]


@once()
def instruments(frame: pd.DataFrame) -> dict[str, Listed]:
    """The answer of portfolio_instruments.sql, by symbol."""
    return {row["SYMBOL"]: Listed(row["NAME"], spelled(row["CURRENCY"]), row["SECTOR"], row["CALENDAR"], row["PRIMARY_SOURCE"]) for row in _rows(frame)}


@once(kept=32)
def pasts(frame: pd.DataFrame) -> dict[str, Past]:
    """The answer of portfolio_closes.sql or portfolio_traded.sql, by symbol."""
    found: dict[str, Past] = {}
    for row in _rows(frame):
        past = found.setdefault(row["SYMBOL"], Past(row["SOURCE"], {}, {}))
        day, close = _day(row["BAR_DATE"]), Decimal(row["CLOSE"])
        past.closes[day], past.adjusted[day] = close, close if row["ADJ_CLOSE"] == row["CLOSE"] else Decimal(row["ADJ_CLOSE"])
    return found


def joined(fed: Mapping[str, Past], traded: Mapping[str, Past]) -> dict[str, Past]:
    """Closes of the batch feed, and of days without any those of the trading day's bars."""
    both = {
        symbol: Past(past.source, traded[symbol].closes | past.closes, traded[symbol].adjusted | past.adjusted)
        for symbol, past in fed.items()
        if symbol in traded
    }
    return {**traded, **fed, **both}


@once(kept=16)
def settled(frame: pd.DataFrame) -> int:
    """A number that stays while an answer of portfolio_traded.sql changes in no more than each symbol's newest day, which may be running."""
    before = frame[frame["BAR_DATE"] < frame.groupby("SYMBOL")["BAR_DATE"].transform("max")]
    return int(pd.util.hash_pandas_object(before, index=False).sum())


def actions(frame: pd.DataFrame) -> dict[str, list[Action]]:
    """The answer of portfolio_actions.sql, by symbol."""
    found: defaultdict[str, list[Action]] = defaultdict(list)
    for row in _rows(frame):
        found[row["SYMBOL"]].append(Action(_day(row["EX_DATE"]), row["KIND"], Decimal(row["AMOUNT"])))
    return dict(found)


def _rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    rows: list[dict[Any, Any]] = frame.to_dict("records")
    return rows


@cache
def _day(text: str) -> date:
    """One object a day, however many symbols have a close of it."""
    return date.fromisoformat(text[:10])


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None
