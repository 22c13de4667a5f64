"""Brings volatility, correlation and risk up to what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ticklake_airflow.analytics.spans import as_json
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Warehouse

STALE_SESSIONS = 5
"""A figure whose newest observation is older than so many sessions (days, where no calendar is known) is none any more."""

_END_OF_TIME = date(9999, 12, 31)


class Pair(NamedTuple):
    """A symbol of a source, and a digest of its daily bars when these matter; empty when it has none any more."""

    symbol: str
    source: str
    fingerprint: str = ""


class Figures:
    """Makes the figures of symbols again. Raises what the warehouse raises."""

    def __init__(self, warehouse: Warehouse, statements: Statements, benchmark: str) -> None:
        self._warehouse = warehouse
        self._statements = statements
        self._benchmark = benchmark

    def make_intraday(self) -> None:
        """Of the symbols whose bars are at work."""
        pairs = [Pair(row["SYMBOL"], row["SOURCE"]) for row in self._warehouse.rows(self._statements["changed_pairs"])]
        if not pairs:
            return
        params = _params(pairs) | {"intervals": ["1M", "5M"]}
        (latest,) = self._warehouse.rows(self._statements["latest_days"], params)
        self._run(params, "drop_volatility", "drop_correlation")
        if latest["SINCE"].date() < _END_OF_TIME:
            self._run(params | {"since": latest["SINCE"]}, "take_intraday", "make_volatility", "make_correlation", "clear_work_returns")

    def changed_days(self) -> list[Pair]:
        """The symbols whose daily figures are not made of the daily bars that there are now."""
        rows = self._warehouse.rows(self._statements["changed_days"], {"benchmark": self._benchmark})
        return [Pair(row["SYMBOL"], row["SOURCE"], row["FINGERPRINT"]) for row in rows]

    def make_daily(self, pairs: Sequence[Pair]) -> None:
        """Of `pairs`, as `changed_days` told."""
        if not pairs:
            return
        params = _params(pairs) | {"intervals": ["1D"], "benchmark": self._benchmark}
        self._run(params, "drop_volatility", "drop_correlation", "drop_risk", "drop_daily_inputs", "take_daily")
        self._run(params, "make_volatility", "make_correlation", "make_risk", "set_daily_inputs", "clear_work_returns")

    def expire(self, now: datetime) -> None:
        """Make null what is stale at `now` (UTC)."""
        params = {"now": now, "sessions": STALE_SESSIONS, "fresh_from": now.date() - timedelta(days=STALE_SESSIONS)}
        self._run(params, "expire_volatility", "expire_correlation", "expire_risk")

    def _run(self, params: Params, *names: str) -> None:
        for name in names:
            self._warehouse.rows(self._statements[name], params)


def _params(pairs: Sequence[Pair]) -> dict[str, object]:
    return {"pairs": as_json([pair._asdict() for pair in pairs])}
