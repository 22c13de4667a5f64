"""One load, from the lake to CURATED."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import structlog

from ticklake.clock import Clock
from ticklake.errors import ChainBroken
from ticklake.lake import Partition
from ticklake_airflow.loading.copying import Copy, ledger
from ticklake_airflow.loading.cursor import Cursor
from ticklake_airflow.loading.discover import MOST_OBJECTS, CommittedOffsets, Discovery
from ticklake_airflow.loading.fence import Fence, Writer
from ticklake_airflow.loading.merging import Merge
from ticklake_airflow.loading.model import Found, LoadReport, Merged, Position, Positions
from ticklake_airflow.loading.setting_aside import SetAside
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore

log = structlog.get_logger()

NOWHERE = Position("", 0)


class Load:
    """Brings CURATED up to the lake. A second run finds nothing; a run after a death completes what was begun.

    `on_round` hears after each round what was merged so far.
    """

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
        set_aside_after_s: float = 0,
        most_objects: int = MOST_OBJECTS,
        on_round: Callable[[LoadReport], None] = lambda _: None,
    ) -> None:
        fence = Fence(warehouse, statements, clock, run_id, fence_timeout_s)
        self._warehouse = warehouse
        self._statements = statements
        self._clock = clock
        self._cursor = Cursor(store)
        self._discovery = Discovery(store, topic, committed, most_objects)
        self._copy = Copy(warehouse, fence, statements, clock, run_id)
        self._merge = Merge(warehouse, fence, statements, clock)
        self._aside = SetAside(store, warehouse, fence, statements, clock, run_id)
        self._topic = topic
        self._patience = timedelta(seconds=set_aside_after_s)
        self._on_round = on_round
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
            if not any((*found.objects.values(), found.stopped, unmerged)):
                if not by_cursor:
                    self._cursor.write(known)
                return self._told(report, found, known, {})
            uncopied, merged, torn = self._round(found, known)
            stopped = uncopied | torn
            report = _sum(report, merged)
            self._on_round(report)
            known, unmerged = ledger(self._warehouse, self._statements)
            given_up = [] if by_cursor else self._given_up(uncopied, known)
            if given_up:
                report = replace(report, set_aside=(*report.set_aside, *given_up))
                known, unmerged = ledger(self._warehouse, self._statements)
            if not unmerged:
                # What is copied and not merged must be found again by the next load.
                self._cursor.write(known)
            if stopped and by_cursor:
                # The cursor may be what is wrong; the ledger is not.
                by_cursor = False
            elif not (given_up or (found.more and merged.objects)):
                return self._told(report, found, known, stopped)

    def _find(self, known: Positions) -> Found:
        with self._timed("discover"):
            return self._discovery.find(known)

    def _round(self, found: Found, known: Positions) -> tuple[dict[Partition, str], Merged, dict[Partition, str]]:
        """Partitions that stop before an object that cannot be copied, what was merged, and those that stop before one that cannot be."""
        with self._timed("copy"):
            uncopied = self._copy.copy(found, known)
        with self._timed("merge"):
            merged, torn = self._merge.merge()
        return uncopied, merged, torn

    def _given_up(self, stopped: Mapping[Partition, str], known: Positions) -> list[str]:
        """Set aside what stopped partitions have waited for longer than the patience lasts; the keys."""
        keys: list[str] = []
        for partition, why in stopped.items() if self._patience else ():
            blocking = self._aside.blocking(self._topic, partition, known.get(partition, NOWHERE))
            if not blocking or self._clock.now() - blocking[1] <= self._patience:
                continue
            try:
                self._aside.set_aside(blocking[0], why)
            except ChainBroken as error:
                log.warning("not_set_aside", key=blocking[0], reason=str(error))
                continue
            log.warning("set_aside", key=blocking[0], reason=why)
            keys.append(blocking[0])
        return keys

    def _told(self, report: LoadReport, found: Found, known: Positions, stopped: Mapping[Partition, str]) -> LoadReport:
        pending = sum(each.end > known.get(partition, NOWHERE).end for partition, objects in found.objects.items() for each in objects)
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
