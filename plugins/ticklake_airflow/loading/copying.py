"""Transaction 1: objects into RAW.TICKS, and their ledger rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ticklake.clock import Clock
from ticklake.errors import LoadMismatch
from ticklake.lake import Partition
from ticklake_airflow.loading.fence import Fence
from ticklake_airflow.loading.model import Found, Landed, Position, Positions
from ticklake_airflow.loading.plan import plan
from ticklake_io.copy_into import copy_into
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse


class Copy:
    """Copies what the ledger does not have yet."""

    def __init__(self, warehouse: Warehouse, fence: Fence, statements: Statements, clock: Clock, run_id: str) -> None:
        self._warehouse = warehouse
        self._fence = fence
        self._statements = statements
        self._clock = clock
        self._run_id = run_id
        self._begun: dict[Partition, int] = {}

    def copy(self, found: Found, known: Positions) -> dict[Partition, str]:
        """Copy the objects that continue their partition's ledger; partitions that stop, and why.

        `known` is what `found` was looked for beyond: a partition of it does not begin anew, even if the ledger lacks it.

        One object that cannot be copied undoes the transaction; halving what was in it finds the object, and only its
        own partition stops there.
        """
        stopped = dict(found.stopped)
        self._begun = dict.fromkeys(known, 0)
        self._copy_or_halve([each for _, objects in sorted(found.objects.items()) for each in objects], stopped)
        return stopped

    def _copy_or_halve(self, objects: Sequence[Landed], stopped: dict[Partition, str]) -> None:
        if not objects:
            return
        try:
            stopped.update(self._fence.hold(lambda: self._transaction(objects)))
        except LoadMismatch as error:
            if len(objects) == 1:
                stopped[objects[0].partition] = str(error)
                return
            half = len(objects) // 2
            for part in (objects[:half], objects[half:]):
                self._copy_or_halve([each for each in part if each.partition not in stopped], stopped)

    def _transaction(self, objects: Sequence[Landed]) -> dict[Partition, str]:
        ends = self._begun | {partition: position.end for partition, position in ledger(self._warehouse, self._statements)[0].items()}
        by_partition: dict[Partition, list[Landed]] = {}
        for each in objects:
            by_partition.setdefault(each.partition, []).append(each)
        chosen, stopped = plan(by_partition, ends)
        if chosen:
            copy_into(self._warehouse, self._statements["copy_ticks"], {each.key: each.meta.records for each in chosen})
            rows = json.dumps([ledger_row(each) for each in chosen])
            self._warehouse.rows(self._statements["record_loads"], {"loads": rows, "state": "COPIED", "run_id": self._run_id, "now": self._clock.now()})
        return stopped


def ledger(warehouse: Warehouse, statements: Statements) -> tuple[dict[Partition, Position], int]:
    """Where the ledger of each partition ends, and the number of objects that are copied but not merged."""
    rows = warehouse.rows(statements["positions"])
    positions = {Partition(row["GENERATION"], row["PARTITION_ID"]): Position(row["LAST_KEY"], row["NEXT_OFFSET"]) for row in rows}
    return positions, sum(row["UNMERGED"] for row in rows)


def ledger_row(landed: Landed) -> dict[str, Any]:
    """A row of OPS.LOADS as JSON; what is None is left out and becomes NULL."""
    meta = landed.meta
    values = {
        "object_key": landed.key,
        "generation": landed.partition.generation,
        "partition_id": landed.partition.id,
        "first_offset": meta.first_offset,
        "last_offset": meta.last_offset,
        "chain_from": meta.chain_from,
        "gap_reason": meta.gap_reason,
        "records": meta.records,
        "rejects": meta.rejects,
        "first_kafka_time": _text(meta.first_kafka_time),
        "last_kafka_time": _text(meta.last_kafka_time),
        "min_event_time": _text(meta.min_event_time),
        "max_event_time": _text(meta.max_event_time),
        "max_received_at": _text(meta.max_received_at),
        "schema_version": meta.schema_version,
        "sha256": meta.sha256,
        "writer_id": meta.writer_id,
        "etag": landed.etag,
        "size_bytes": landed.size,
        "landed_at": _text(landed.landed_at),
        "rows_loaded": meta.records,
    }
    return {name: value for name, value in values.items() if value is not None}


def _text(time: datetime | None) -> str | None:
    return None if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
