"""Writes portfolios and transactions. Rows are only added: a correction is a reversal and, if need be, another transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path

from dashboard.writing import patiently
from ticklake.clock import Clock
from ticklake.portfolio.model import Portfolio, Transaction
from ticklake.roles import Action, User
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Warehouse

QUERIES = Path(__file__).parents[1] / "queries" / "app"

MOST_AT_ONCE = 2_000
"""Lines of one statement."""


class PortfolioStore:
    """Writes APP.PORTFOLIOS and APP.TRANSACTIONS. Whatever is written again with the same id adds nothing, so any call may be repeated.

    Calls raise `NotAllowed` for a user without the right, and what a `Warehouse` raises.
    """

    def __init__(self, warehouse: Warehouse, told: Callable[[], None], clock: Clock) -> None:
        """`told` is called after each write, so that every session sees it."""
        self._warehouse, self._told, self._clock = warehouse, told, clock
        self._statements = Statements(QUERIES)

    def create(self, portfolio: Portfolio, user: User) -> None:
        """Add a portfolio."""
        user.require(Action.TRANSACT)
        fields: dict[str, object] = {
            "id": portfolio.id,
            "name": portfolio.name,
            "currency": portfolio.currency,
            "benchmark": portfolio.benchmark,
            "demo": portfolio.demo,
            "shorts": portfolio.shorts,
            "keeps_cash": portfolio.keeps_cash,
        }
        self._write("portfolios_insert", {"portfolios": _json([fields]), "entered_by": user.name, "entered_at": self._clock.now()})

    def add(self, portfolio: Portfolio, transactions: Sequence[Transaction], user: User) -> None:
        """Add transactions, all of them or, when the warehouse fails between two thousands, the first; those go in again without harm."""
        user.require(Action.TRANSACT)
        for begin in range(0, len(transactions), MOST_AT_ONCE):
            rows = [_fields(each, user) for each in transactions[begin : begin + MOST_AT_ONCE]]
            self._write("transactions_insert", {"portfolio": portfolio.id, "transactions": _json(rows)})

    def _write(self, name: str, params: Params) -> None:
        self._run(name, params)
        self._told()

    @patiently
    def _run(self, name: str, params: Params) -> None:
        self._warehouse.rows(self._statements[name], params)


def _fields(each: Transaction, user: User) -> dict[str, object]:
    numbers = {name: getattr(each, name) for name in ("quantity", "price", "amount", "ratio", "fee", "rate")}
    return {name: format(value, "f") for name, value in numbers.items() if isinstance(value, Decimal)} | {
        "id": each.id,
        "import_id": each.import_id,
        "traded_on": each.traded_on.isoformat(),
        "kind": each.kind,
        "symbol": each.symbol,
        "currency": each.currency,
        "reverses": each.reverses,
        "note": each.note,
        "entered_by": user.name,
        "entered_at": each.entered_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds"),
        "line": each.line,
    }


def _json(rows: list[dict[str, object]]) -> str:
    """Without what is None: the engines differ in what a JSON null becomes."""
    return json.dumps([{name: value for name, value in row.items() if value is not None} for row in rows])
