"""One load, from the lake to CURATED."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import structlog

from ticklake.clock import Clock
from ticklake.lake import Partition
from ticklake_airflow.loading.copying import Copy, ledger
from ticklake_airflow.loading.cursor import Cursor
from ticklake_airflow.loading.discover import MOST_OBJECTS, CommittedOffsets, Discovery
from ticklake_airflow.loading.fence import Fence, Writer
from ticklake_airflow.loading.merging import Merge
from ticklake_airflow.loading.model import Found, LoadReport, Merged, Position, Positions
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore

log = structlog.get_logger()


class Load:
    """Brings CURATED up to the lake. A second run finds nothing; a run after a death completes what was begun."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        warehouse: Writer,
        committed: CommittedOffsets,
        clock: Clock,
        statements: Statements,
        topic: str,
        run_id: str,
        fence_timeout_s: float,
        most_objects: int = MOST_OBJECTS,
    ) -> None:
        fence = Fence(warehouse, statements, clock, run_id, fence_timeout_s)
        self._warehouse = warehouse
        self._statements = statements
        self._clock = clock
        self._cursor = Cursor(store)
        self._discovery = Discovery(store, topic, committed, most_objects)
        self._copy = Copy(warehouse, fence, statements, clock, run_id)
        self._merge = Merge(warehouse, fence, statements, clock)
        self._seconds: dict[str, float] = {}

    def run(self) -> LoadReport:
        """Load all that is there, in rounds of bounded size.

        Partitions that cannot go on are in the report; the others are loaded. Raises `WarehouseBusy` when the fence is
        not free in time, `LoadMismatch` when RAW and ledger contradict each other, and what store and warehouse raise.
        """
        report = LoadReport()
        known: Positions | None = self._cursor.read()
        by_cursor = known is not None
        unmerged = 0
        if known is None:
            known, unmerged = ledger(self._warehouse, self._statements)
        while True:
            found = self._find(known)
            if not any(found.objects.values()) and not unmerged:
                if not by_cursor:
                    self._cursor.write(known)
                return self._told(report, found, known, found.stopped)
            merged, stopped = self._round(found, known)
            report = _sum(report, merged)
            known, unmerged = ledger(self._warehouse, self._statements)
            if not unmerged:
                # What is copied and not merged must be found again by the next load.
                self._cursor.write(known)
            if stopped and by_cursor:
                # The cursor may be what is wrong; the ledger is not.
                by_cursor = False
            elif not (found.more and merged.objects):
                return self._told(report, found, known, stopped)

    def _find(self, known: Positions) -> Found:
        with self._timed("discover"):
            return self._discovery.find(known)

    def _round(self, found: Found, known: Positions) -> tuple[Merged, dict[Partition, str]]:
        with self._timed("copy"):
            stopped = self._copy.copy(found, known)
        with self._timed("merge"):
            merged, torn = self._merge.merge()
        return merged, stopped | torn

    def _told(self, report: LoadReport, found: Found, known: Positions, stopped: Mapping[Partition, str]) -> LoadReport:
        nowhere = Position("", 0)
        pending = sum(each.end > known.get(partition, nowhere).end for partition, objects in found.objects.items() for each in objects)
        seconds = {step: round(taken, 3) for step, taken in self._seconds.items()}
        told = replace(report, pending=pending, stopped={str(partition): why for partition, why in sorted(stopped.items())}, seconds=seconds)
        log.info("loaded", objects=told.objects, rows=told.rows, winners=told.winners, rejects=told.rejects, pending=pending, stopped=len(stopped), **seconds)
        return told

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self._seconds[step] = self._seconds.get(step, 0.0) + self._clock.monotonic() - began


def _sum(report: LoadReport, merged: Merged) -> LoadReport:
    return replace(
        report,
        objects=report.objects + merged.objects,
        rows=report.rows + merged.rows,
        winners=report.winners + merged.winners,
        rejects=report.rejects + merged.rejects,
    )
