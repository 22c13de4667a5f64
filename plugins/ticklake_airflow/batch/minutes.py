"""Minute bars of the past into CURATED, for minutes that have no ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from ticklake.batch_lake import MINUTES
from ticklake.calendars import Calendar
from ticklake.clock import Clock
from ticklake_airflow.batch.curating import Curate
from ticklake_airflow.batch.landing import Landing
from ticklake_airflow.batch.model import MinuteSource
from ticklake_airflow.loading.fence import Fence
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore
from ticklake_io.warehouse import Warehouse

log = structlog.get_logger()

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class MinuteReport:
    """Symbols that were due, and the objects and rows that were loaded for them."""

    symbols: int = 0
    objects: int = 0
    rows: int = 0


class MinuteFill:
    """Asks for the minutes of symbols whose exchange has closed since their newest one. A second run finds none due."""

    def __init__(self, *, store: ObjectStore, warehouse: Warehouse, fence: Fence, statements: Statements, clock: Clock, run_id: str) -> None:
        self._warehouse, self._statements, self._clock = warehouse, statements, clock
        self._landing = Landing(MINUTES, store, warehouse, fence, statements, clock, run_id, Curate(warehouse, statements).minutes)

    def run(self, source: MinuteSource, symbols: Sequence[str], exchanges: Callable[[str], Calendar], history: timedelta) -> MinuteReport:
        """Fill what is due, up to the present minute; an object and a load a day, so that the fence is held shortly.

        Raises what the source, store and warehouse raise.
        """
        now = self._clock.now()
        end = now.replace(second=0, microsecond=0)
        loaded = [self._landing.load(source.name, year) for year in range((end - history).year, end.year + 1)]
        begins: dict[datetime, list[str]] = {}
        newest = self._newest(source.name)
        for symbol in symbols:
            known = newest.get(symbol)
            if known is None or known + _MINUTE < exchanges(symbol).previous_close(now):
                begins.setdefault(max(known + _MINUTE, end - history) if known else end - history, []).append(symbol)
        for first, some in sorted(begins.items()):
            for start, stop in _days(first, end):
                rows = source.minutes(some, start, stop)
                if len(rows):
                    self._landing.create(source.name, start.year, rows)
                    loaded.append(self._landing.load(source.name, start.year))
        report = MinuteReport(sum(map(len, begins.values())), sum(each.objects for each in loaded), sum(each.rows for each in loaded))
        log.info("minute_bars", source=source.name, symbols=report.symbols, objects=report.objects, rows=report.rows)
        return report

    def _newest(self, source: str) -> dict[str, datetime]:
        rows = self._warehouse.rows(self._statements["newest_minutes"], {"source": source})
        return {row["SYMBOL"]: row["NEWEST"].replace(tzinfo=UTC) for row in rows}


def _days(first: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The span cut at midnights (UTC)."""
    while first < end:
        stop = min(first.replace(hour=0, minute=0) + _DAY, end)
        yield first, stop
        first = stop
