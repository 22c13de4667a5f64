"""A portfolio's tables without a warehouse: what the store writes is what the page reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from dashboard.portfolio.store import PortfolioStore
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import NOW
from tests.fakes.tables import FakeTables
from ticklake.changes import Subject
from ticklake.portfolio.model import Portfolio, Transaction
from ticklake.roles import Role, User

ANALYST = User("ana", Role.ANALYST)
VIEWER = User("vic", Role.VIEWER)

_PORTFOLIO = ["PORTFOLIO_ID", "NAME", "BASE_CURRENCY", "BENCHMARK", "IS_DEMO", "ALLOWS_SHORTS", "KEEPS_CASH"]
_TRANSACTION = [
    *("TRANSACTION_ID", "IMPORT_ID", "TRADED_ON", "KIND", "SYMBOL", "QUANTITY", "PRICE", "AMOUNT", "RATIO"),
    *("FEE", "CURRENCY", "FX_RATE", "REVERSES", "NOTE", "ENTERED_BY", "ENTERED_AT", "LINE"),
]
_NAMES = {"TRANSACTION_ID": "id", "FX_RATE": "rate", "PORTFOLIO_ID": "id", "BASE_CURRENCY": "currency", "IS_DEMO": "demo", "ALLOWS_SHORTS": "shorts"}


def instruments(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """The answer of portfolio_instruments.sql: symbol, currency, sector, calendar, primary source."""
    named = [(symbol, f"{symbol} Inc.", *rest) for symbol, *rest in rows]
    return pd.DataFrame(named, columns=["SYMBOL", "NAME", "CURRENCY", "SECTOR", "CALENDAR", "PRIMARY_SOURCE"])


def closes(source: str, by_symbol: Mapping[str, Mapping[date, str]]) -> pd.DataFrame:
    """The answer of portfolio_closes.sql, nothing of it adjusted, or of portfolio_traded.sql."""
    rows = [(symbol, source, str(day), close, close) for symbol, days in by_symbol.items() for day, close in days.items()]
    return pd.DataFrame(rows, columns=["SYMBOL", "SOURCE", "BAR_DATE", "CLOSE", "ADJ_CLOSE"])


def weekdays(first: date, prices: Sequence[str]) -> dict[date, str]:
    """Prices on the weekdays from `first` on."""
    days = [day for day in (first + timedelta(number) for number in range(2 * len(prices) + 7)) if day.weekday() < 5]
    return dict(zip(days, prices, strict=False))


class Memory:
    """A warehouse that understands the two statements of the store; `refuses` is raised by each of them."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.refuses = refuses
        self.portfolios: dict[str, dict[str, Any]] = {}
        self.transactions: dict[str, dict[str, Any]] = {}
        actions = pd.DataFrame(columns=["SYMBOL", "KIND", "EX_DATE", "AMOUNT"])
        self.tables = FakeTables({"portfolio_actions": actions, "portfolio_closes": closes("", {}), "portfolio_traded": closes("", {})})
        self.store = PortfolioStore(self, lambda: self.changed(Subject.APP), ManualClock(NOW))
        self._publish()

    def read(self, name: str, subject: Subject, **params: Any) -> Any:
        return self.tables.read(name, subject, **params)

    def changed(self, subject: Subject) -> None:
        self.tables.changed(subject)
        self._publish()

    def rows(self, sql: str, params: Any = None) -> list[dict[str, Any]]:
        if self.refuses:
            raise self.refuses
        if "APP.PORTFOLIOS (" in sql:
            self.portfolios |= {each["id"]: each for each in json.loads(params["portfolios"]) if each["id"] not in self.portfolios}
        else:
            of = {"portfolio": params["portfolio"]}
            self.transactions |= {each["id"]: each | of for each in json.loads(params["transactions"]) if each["id"] not in self.transactions}
        return []

    def frame(self, sql: str, params: Any = None) -> pd.DataFrame:
        raise NotImplementedError

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()

    def keep(self, portfolio: Portfolio, *transactions: Transaction) -> None:
        """Store them as an analyst would."""
        self.store.create(portfolio, ANALYST)
        self.store.add(portfolio, transactions, ANALYST)

    def _publish(self) -> None:
        self.tables.put("portfolios", _frame(self.portfolios, _PORTFOLIO))
        for portfolio in self.portfolios:
            own = {name: each for name, each in self.transactions.items() if each["portfolio"] == portfolio}
            self.tables.put("portfolio_transactions", _frame(own, _TRANSACTION), portfolio=portfolio)


def _frame(stored: Mapping[str, Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    rows = [[_as_read(name, each.get(_NAMES.get(name, name.lower()))) for name in columns] for each in stored.values()]
    return pd.DataFrame(rows, columns=list(columns))


def _as_read(name: str, value: Any) -> Any:
    if name in ("QUANTITY", "PRICE", "AMOUNT", "RATIO", "FEE", "FX_RATE") and value is not None:
        return format(round(Decimal(value), 12 if name == "FX_RATE" else 8), "f")
    if name == "ENTERED_AT":
        return pd.Timestamp(value)
    return "" if value is None else value
