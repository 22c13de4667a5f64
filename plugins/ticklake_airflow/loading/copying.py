"""Transaction 1: objects into RAW.TICKS, and their ledger rows."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ticklake.clock import Clock
from ticklake.errors import BadObject, LoadMismatch, WarehouseRefused
from ticklake.lake import Partition
from ticklake_airflow.loading.fence import Fence
from ticklake_airflow.loading.model import Found, Landed, Position, Positions
from ticklake_airflow.loading.plan import plan
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

MOST_FILES = 1_000
"""Of one COPY; Snowflake's limit."""

_SAFE_KEY = re.compile(r"[\w./=-]+", re.ASCII)


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
        for start in range(0, len(chosen), MOST_FILES):
            self._copy(chosen[start : start + MOST_FILES])
        if chosen:
            rows = json.dumps([_ledger_row(each) for each in chosen])
            self._warehouse.rows(self._statements["record_loads"], {"loads": rows, "run_id": self._run_id, "now": self._clock.now()})
        return stopped

    def _copy(self, objects: Sequence[Landed]) -> None:
        """Raises `LoadMismatch` that names the first object of which not every row was stored."""
        # Neither engine binds the names of files, so they are checked to be plain before they become text.
        files = ", ".join(f"'{_plain(each.key)}'" for each in objects)
        try:
            results = self._warehouse.rows(self._statements["copy_ticks"].replace("':files'", files))
        except WarehouseRefused as error:
            raise LoadMismatch(f"{objects[0].key} and {len(objects) - 1} more cannot be copied: {error}") from error
        stored = {str(row.get("file", row.get("FILE", ""))): row for row in results}
        by_key = {name[name.find("raw/") :]: row for name, row in stored.items()}
        for each in objects:
            row = {name.lower(): value for name, value in by_key.get(each.key, {}).items()}
            if row.get("status") != "LOADED" or row["rows_loaded"] != each.meta.records:
                loaded = row.get("rows_loaded", "no")
                raise LoadMismatch(f"{each.key}: {loaded} rows were stored, its metadata says {each.meta.records} ({row.get('status', 'no result')})")


def ledger(warehouse: Warehouse, statements: Statements) -> tuple[dict[Partition, Position], int]:
    """Where the ledger of each partition ends, and the number of objects that are copied but not merged."""
    rows = warehouse.rows(statements["positions"])
    positions = {Partition(row["GENERATION"], row["PARTITION_ID"]): Position(row["LAST_KEY"], row["NEXT_OFFSET"]) for row in rows}
    return positions, sum(row["UNMERGED"] for row in rows)


def _plain(key: str) -> str:
    if not _SAFE_KEY.fullmatch(key):
        raise BadObject(key, "a key with characters that no raw object has")
    return key


def _ledger_row(landed: Landed) -> dict[str, Any]:
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
