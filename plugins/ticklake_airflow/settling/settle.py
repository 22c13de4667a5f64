"""One hour of arrival, proven and put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import structlog

from ticklake.clock import Clock
from ticklake.lake import Partition
from ticklake_airflow.loading.fence import Fence, Writer
from ticklake_airflow.settling import checksum
from ticklake_airflow.settling.checksum import Column
from ticklake_airflow.settling.claim import Claim, Settled
from ticklake_airflow.settling.inventory import Evidence, Inventory, Stocktaker
from ticklake_airflow.settling.model import MOST_LINES, Difference, Hour, SettleReport, counted
from ticklake_airflow.settling.strays import Strays
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore
from ticklake_io.warehouse import Row

log = structlog.get_logger()

MOST_ROWS = 200_000
"""Of one transaction, so that a load that waits for the fence waits for seconds; one object may have more."""
MOST_OBJECTS = 1_000


class Settle:
    """Settles hours. Safe to repeat, and to kill at any point: each transaction leaves equal tables, or better ones."""

    def __init__(
        self,
        *,
        store: ObjectStore,
        warehouse: Writer,
        clock: Clock,
        load: Statements,
        settle: Statements,
        topic: str,
        run_id: str,
        fence_timeout_s: float,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self._store = store
        self._warehouse = warehouse
        self._clock = clock
        self._load = load
        self._settle = settle
        self._topic = topic
        self._run_id = run_id
        self._fence = Fence(warehouse, load, clock, run_id, fence_timeout_s)
        self._most_rows = most_rows

    def hour(self, hour: Hour, *, rebuild: bool = False, dry_run: bool = False) -> SettleReport:
        """Prove `hour`, put right what differs or, if `rebuild`, make all of it again; with `dry_run` only tell what differs.

        What cannot be put right is in the report; everything else is. Raises `WarehouseBusy` when the fence is not free in
        time, `LoadMismatch` when COPY does not store what an object holds, and what store and warehouse raise.
        """
        began = self._clock.monotonic()
        columns = checksum.tables(self._warehouse, self._settle, ["RAW"])["RAW.TICKS"]
        inventory = self._inventory(hour, columns)
        if dry_run:
            found = self._held(lambda: self._whole(hour, inventory.objects, columns, rebuild), keep=lambda _: False).differences
        else:
            found = self._in_portions(hour, inventory.objects, columns, rebuild)
        report = SettleReport(
            hour=str(hour),
            rebuild=rebuild,
            dry_run=dry_run,
            objects=len(inventory.objects),
            rows=sum(each.image.rows for each in inventory.objects),
            pending=inventory.pending,
            differences=counted(found),
            lines=[str(each) for each in found[:MOST_LINES]],
            changed=not dry_run and (rebuild or bool(found)),
            unsettled=inventory.unsettled,
            seconds=round(self._clock.monotonic() - began, 3),
        )
        log.info("settled", hour=report.hour, objects=report.objects, rows=report.rows, pending=report.pending, differing=sum(report.differences.values()))
        return report

    def _inventory(self, hour: Hour, columns: Sequence[Column]) -> Inventory:
        # Both of one moment, under the fence: what is merged in between would look like an object that the ledger has lost.
        stored, merged = self._fence.hold(
            lambda: (self._warehouse.rows(self._settle["ledger"], {"objects": hour.pattern(self._topic)}), self._warehouse.rows(self._load["watermarks"]))
        )
        watermarks = {Partition(row["GENERATION"], row["PARTITION_ID"]): int(row["NEXT_OFFSET"]) for row in merged}
        return Stocktaker(self._store, self._topic, columns).take(hour, {row["OBJECT_KEY"]: row for row in stored}, watermarks)

    def _in_portions(self, hour: Hour, objects: Sequence[Evidence], columns: Sequence[Column], rebuild: bool) -> list[Difference]:
        """Settle some objects at a time, each in a transaction that only takes effect when there is something to change."""
        found: list[Difference] = []
        groups: list[Row] = []
        for some in _portions(objects, self._most_rows):
            settled = self._held(partial(self._claim, some, columns, rebuild), keep=lambda each: rebuild or bool(each.differences))
            found += settled.differences
            groups += settled.groups
        return found + self._held(lambda: self._strays(hour, objects, groups), keep=lambda each: bool(each.differences)).differences

    def _whole(self, hour: Hour, objects: Sequence[Evidence], columns: Sequence[Column], rebuild: bool) -> Settled:
        """The same in one transaction, since what is undone is not there for the next one."""
        settled = self._claim(objects, columns, rebuild) if objects else Settled([], [])
        return Settled(settled.differences + self._strays(hour, objects, settled.groups).differences, [])

    def _claim(self, objects: Sequence[Evidence], columns: Sequence[Column], rebuild: bool) -> Settled:
        return Claim(self._warehouse, self._load, self._settle, columns, objects, self._clock.now()).settle(self._run_id, rebuild)

    def _strays(self, hour: Hour, objects: Sequence[Evidence], groups: Sequence[Row]) -> Settled:
        return Settled(Strays(self._warehouse, self._load, self._settle).settle(hour.pattern(self._topic), objects, groups), [])

    def _held(self, work: Callable[[], Settled], keep: Callable[[Settled], bool]) -> Settled:
        """Run `work` under the fence and undo it unless `keep` says that it is to stay; what it found."""

        def transaction() -> Settled:
            settled = work()
            if not keep(settled):
                raise _Undone(settled)
            return settled

        try:
            return self._fence.hold(transaction)
        except _Undone as undone:
            return undone.settled


class _Undone(Exception):
    """Nothing of the transaction is to stay."""

    def __init__(self, settled: Settled) -> None:
        super().__init__("undone")
        self.settled = settled


def _portions(objects: Sequence[Evidence], most_rows: int) -> Iterator[list[Evidence]]:
    """The objects in their order, some at a time: at least one, and not more than `MOST_OBJECTS` or, if they are several, `most_rows`."""
    some: list[Evidence] = []
    rows = 0
    for each in objects:
        if some and (rows + each.image.rows > most_rows or len(some) == MOST_OBJECTS):
            yield some
            some, rows = [], 0
        some.append(each)
        rows += each.image.rows
    if some:
        yield some
