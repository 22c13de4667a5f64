"""One refresh: what announced minutes and new daily bars change in the analytics tables."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, timedelta

import structlog

from ticklake.clock import Clock
from ticklake.errors import WarehouseBusy
from ticklake_airflow.analytics.figures import Figures, Pair
from ticklake_airflow.analytics.indicators import Indicators
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Row, Warehouse

log = structlog.get_logger()

MOST_TRIES = 3
PAUSE_S = 2.0
REFRESHES_KEPT = timedelta(days=7)

_TABLES = ("bars_5m", "bars_1h", "bars_1d", "indicators", "volatility", "correlation", "risk", "daily_inputs")
_ROLLED = ("5m", "1h", "1d")
_LONGEST_DAY = timedelta(days=2)
"""No trading day is longer, and none begins so long before a time that is in it."""


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did: announced minutes that it took up, symbols with new daily bars, seconds; `is_early` when it was not due."""

    minutes: int = 0
    daily_symbols: int = 0
    seconds: float = 0.0
    is_early: bool = False


class Refresh:
    """Brings the analytics tables up to BARS_1M and DAILY_BARS in one transaction. A second run finds nothing to do.

    The ids in OPS.BAR_CHANGES that it sees are worked on and deleted; what is announced meanwhile is the next refresh's.
    """

    def __init__(self, warehouse: Warehouse, statements: Statements, clock: Clock, *, benchmark: str, gap_s: float, run_id: str) -> None:
        self._warehouse = warehouse
        self._statements = statements
        self._clock = clock
        self._gap = timedelta(seconds=gap_s)
        self._run_id = run_id
        self._indicators = Indicators(warehouse, statements)
        self._figures = Figures(warehouse, statements, benchmark)

    def run(self, *, full: bool = False) -> RefreshReport:
        """Refresh, unless the last one is younger than the gap; `full` makes every row again, at once.

        Raises `WarehouseBusy` when another refresh is at work for long, and what the warehouse raises. Then nothing has changed.
        """
        began = self._clock.monotonic()
        if not full and self._is_early():
            return RefreshReport(is_early=True)
        minutes, daily_symbols = self._refresh(full)
        report = RefreshReport(minutes, daily_symbols, round(self._clock.monotonic() - began, 3))
        log.info("refreshed", minutes=report.minutes, daily_symbols=report.daily_symbols, seconds=report.seconds, full=full)
        return report

    def _is_early(self) -> bool:
        (last,) = self._rows("last_refresh")
        return bool(self._clock.now() - last["REFRESHED_AT"].replace(tzinfo=UTC) < self._gap)

    def _refresh(self, full: bool) -> tuple[int, int]:
        for tries_left in reversed(range(MOST_TRIES)):
            try:
                with self._warehouse.transaction():
                    return self._transaction(full)
            except WarehouseBusy:
                if not tries_left:
                    raise
                self._clock.sleep(PAUSE_S)
        raise AssertionError("unreachable")

    def _transaction(self, full: bool) -> tuple[int, int]:
        if full:
            for table in _TABLES:
                self._rows(f"clear_{table}")
            self._rows("announce_all", {"merge_id": str(uuid.uuid4())})
        changes = self._rows("changes")
        if changes:
            self._follow(changes)
        days = self._figures.changed_days()
        self._figures.make_daily(days)
        now = self._clock.now()
        self._figures.expire(now)
        minutes = sum(change["MINUTES"] for change in changes)
        if changes or days:
            self._record(minutes, days)
        return minutes, len(days)

    def _follow(self, changes: list[Row]) -> None:
        """Bars, indicators and intraday figures up to announced minutes."""
        params = {
            "merge_ids": json.dumps([change["MERGE_ID"] for change in changes]),
            "since": min(change["FIRST_START"] for change in changes) - _LONGEST_DAY,
            "until": max(change["LAST_START"] for change in changes) + _LONGEST_DAY,
        }
        self._rows("take_changes", params)
        self._rows("roll_bars", params)
        for interval in _ROLLED:
            self._rows(f"drop_bars_{interval}")
            self._rows(f"make_bars_{interval}")
        self._indicators.make()
        self._figures.make_intraday()
        for table in ("work_bars", "work_rolled"):
            self._rows(f"clear_{table}")
        self._rows("drop_changes", params)

    def _record(self, minutes: int, days: list[Pair]) -> None:
        now = self._clock.now()
        self._rows("record_refresh", {"run_id": self._run_id, "now": now, "minutes": minutes, "daily_symbols": len(days)})
        self._rows("forget_refreshes", {"forget_before": now - REFRESHES_KEPT})

    def _rows(self, name: str, params: Params | None = None) -> list[Row]:
        return self._warehouse.rows(self._statements[name], params or {})
