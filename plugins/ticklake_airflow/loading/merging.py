"""Transaction 2: what is copied into CURATED, with bars, latest prices, quarantine and watermarks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from ticklake.clock import Clock
from ticklake.errors import LoadMismatch
from ticklake.lake import Partition
from ticklake_airflow.loading.fence import Fence
from ticklake_airflow.loading.model import Landed, Merged
from ticklake_airflow.loading.plan import plan
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse

_ALL_TIMES = (datetime(1970, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001 - as the warehouse stores them, UTC without a zone
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Copied:
    """A ledger row that is not merged yet; a link of its partition's chain. `merges` is False for one that was set aside."""

    key: str
    partition: Partition
    first_offset: int
    end: int
    chain_from: int
    gap_reason: str | None
    records: int
    first_kafka_time: datetime
    last_kafka_time: datetime
    merges: bool


class Span(NamedTuple):
    """Where the valid rows of a merge lie: their days, and their oldest and newest event time."""

    dates: list[date]
    oldest: datetime
    newest: datetime
    settled: datetime
    """No symbol's newest tick is older."""


class Batch(NamedTuple):
    """What a merge holds: the span of its valid rows, None when there are none, and the number of rows that break a rule."""

    span: Span | None
    invalid: int


class Merge:
    """Merges what the ledger says is copied and continues its partition's watermark."""

    def __init__(self, warehouse: Warehouse, fence: Fence, statements: Statements, clock: Clock) -> None:
        self._warehouse = warehouse
        self._fence = fence
        self._statements = statements
        self._clock = clock

    def merge(self) -> tuple[Merged, dict[Partition, str]]:
        """What was merged, and the partitions that stop and why.

        Raises `LoadMismatch` when RAW.TICKS holds other rows than the ledger says.
        """
        return self._fence.hold(self._transaction)

    def _transaction(self) -> tuple[Merged, dict[Partition, str]]:
        waiting: dict[Partition, list[Copied]] = {}
        for row in self._rows("unmerged"):
            copied = _copied(row)
            waiting.setdefault(copied.partition, []).append(copied)
        if not waiting:
            return Merged(), {}
        watermarks = {Partition(row["GENERATION"], row["PARTITION_ID"]): int(row["NEXT_OFFSET"]) for row in self._rows("watermarks")}
        chosen, stopped = plan(waiting, watermarks)
        objects = [each for each in chosen if each.merges]
        return self._merge(chosen, objects), stopped

    def _merge(self, chosen: Sequence[Copied], objects: Sequence[Copied]) -> Merged:
        """Merge `objects` and advance the watermarks behind `chosen`."""
        if not chosen:
            return Merged()
        ends = {each.partition: each.end for each in chosen}
        advances = json.dumps([{"generation": at.generation, "partition_id": at.id, "next_offset": end} for at, end in ends.items()])
        params = self._params() | {"advances": advances}
        merged = Merged()
        if objects:
            self._rows("mark_merged", params)
            merged = self._take(objects, params)
        self._rows("drop_watermarks", params)
        self._rows("set_watermarks", params)
        return merged

    def merge_again(self, landed: Landed) -> Merged:
        """Merge one object that is copied and that its partition's watermark has passed. Call it while the fence is held."""
        params = self._params() | {"key": landed.key}
        self._rows("mark_retried", params)
        return self._take([_as_copied(landed)], params)

    def _params(self) -> dict[str, Any]:
        return {"merge_id": str(uuid.uuid4()), "now": self._clock.now()}

    def _take(self, objects: Sequence[Copied], params: dict[str, Any]) -> Merged:
        """Bring CURATED and quarantine up to `objects`, whose ledger rows bear the merge id."""
        winners = 0
        span, rejects = self._batch(objects, params)
        if span:
            winners = self._curate(params | _bounds(span))
        if rejects:
            self._rows("quarantine", params)
        return Merged(len(objects), sum(each.records for each in objects), winners, rejects)

    def _batch(self, objects: Sequence[Copied], params: dict[str, Any]) -> Batch:
        """What the batch holds. Adds the bounds of KAFKA_TIME to `params`.

        The bounds spare both engines most of RAW.TICKS. A broker's clock that was set back can put a row outside of them:
        then they are dropped, because the ledger's count decides.
        """
        expected = sum(each.records for each in objects)
        bounds = (min(each.first_kafka_time for each in objects), max(each.last_kafka_time for each in objects))
        for first, last in (bounds, _ALL_TIMES):
            params |= {"first_kafka_time": first, "last_kafka_time": last}
            groups = self._rows("batch", params)
            rows = sum(group["N"] for group in groups)
            if rows == expected:
                valid = [group for group in groups if group["SYMBOL"] is not None]
                return Batch(_span(valid) if valid else None, rows - sum(group["N"] for group in valid))
        raise LoadMismatch(f"RAW.TICKS holds {rows} rows of {len(objects)} objects from {objects[0].key}, the ledger says {expected}")

    def _curate(self, params: dict[str, Any]) -> int:
        unseated = self._changed("unseat_ticks", params)
        winners = self._changed("merge_ticks", params) - unseated
        for name in ("note_changes", "drop_bars", "make_bars", "drop_latest", "make_latest"):
            self._rows(name, params)
        return winners

    def _rows(self, name: str, params: dict[str, Any] | None = None) -> list[Row]:
        return self._warehouse.rows(self._statements[name], params or {})

    def _changed(self, name: str, params: dict[str, Any]) -> int:
        """Run a statement that changes rows; how many it changed."""
        return int(next(iter(self._rows(name, params)[0].values())))


def _copied(row: Row) -> Copied:
    return Copied(
        key=row["OBJECT_KEY"],
        partition=Partition(row["GENERATION"], row["PARTITION_ID"]),
        first_offset=row["FIRST_OFFSET"],
        end=row["LAST_OFFSET"] + 1,
        chain_from=row["CHAIN_FROM"],
        gap_reason=row["GAP_REASON"],
        records=row["RECORDS"],
        first_kafka_time=row["FIRST_KAFKA_TIME"],
        last_kafka_time=row["LAST_KAFKA_TIME"],
        merges=row["STATE"] == "COPIED",
    )


def _as_copied(landed: Landed) -> Copied:
    meta = landed.meta
    return Copied(
        key=landed.key,
        partition=landed.partition,
        first_offset=meta.first_offset,
        end=meta.end,
        chain_from=meta.chain_from,
        gap_reason=meta.gap_reason,
        records=meta.records,
        first_kafka_time=meta.first_kafka_time.astimezone(UTC).replace(tzinfo=None),
        last_kafka_time=meta.last_kafka_time.astimezone(UTC).replace(tzinfo=None),
        merges=True,
    )


def _span(groups: Sequence[Row]) -> Span:
    newest: dict[tuple[str, str], datetime] = {}
    for group in groups:
        key = (group["SYMBOL"], group["SOURCE"])
        newest[key] = max(group["NEWEST"], newest.get(key, group["NEWEST"]))
    dates = sorted({group["EVENT_DATE"] for group in groups})
    return Span(dates, min(group["OLDEST"] for group in groups), max(newest.values()), min(newest.values()))


def _bounds(span: Span) -> dict[str, Any]:
    return {
        "dates": span.dates,
        "oldest": span.oldest,
        "newest": span.newest,
        "settled": span.settled,
        "first_minute": span.oldest.replace(second=0, microsecond=0),
        "end_minute": span.newest.replace(second=0, microsecond=0) + _MINUTE,
    }
