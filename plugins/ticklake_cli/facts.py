"""Gathers what the commands judge: offsets from Kafka, tables from the warehouse, objects from the lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ticklake import lake
from ticklake.errors import BadObject, StoreUnavailable
from ticklake.lake import ObjectMeta, Partition
from ticklake.reconcile import LakeObject, LedgerEntry, Tables
from ticklake_io.sql import Statements
from ticklake_io.store import Listed, ObjectStore
from ticklake_io.warehouse import Row, Warehouse

STATEMENTS = Statements(Path(__file__).parent / "sql")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_READERS = 8


def tables(warehouse: Warehouse, since: datetime) -> Tables:
    """What the warehouse holds of objects whose first record arrived at `since` or later."""
    facts = warehouse.rows(STATEMENTS["reconcile"], {"since": since, "whole": since <= BEGINNING})
    objects = [row for row in facts if row["KIND"] == "object"]
    counts = {row["NAME"]: row for row in facts if row["KIND"] == "count"}
    return Tables(
        ledger={row["NAME"]: _entry(row) for row in objects if row["STATE"]},
        strays={row["NAME"]: int(row["FOUND"]) for row in objects if not row["STATE"]},
        raw=int(counts["raw"]["RECORDS"]),
        curated=int(counts["curated"]["RECORDS"]),
        duplicates=int(counts["raw"]["FOUND"]),
        quarantined=int(counts["quarantined"]["RECORDS"]),
        rejected=int(counts["raw"]["REJECTS"]),
        differences=[_difference(row) for row in facts if row["KIND"] in ("missing", "extra", "twice", "loose")],
    )


def _entry(row: Row) -> LedgerEntry:
    def number(name: str) -> int:
        return int(row[name] or 0)

    return LedgerEntry(
        key=row["NAME"],
        etag=row["ETAG"],
        first_offset=number("FIRST_OFFSET"),
        end=number("LAST_OFFSET") + 1,
        chain_from=number("CHAIN_FROM"),
        gap_reason=row["GAP_REASON"],
        records=number("RECORDS"),
        rejects=number("REJECTS"),
        state=row["STATE"],
        copied_at=utc(row["COPIED_AT"]),
        rows=number("FOUND"),
        offsets=number("OFFSETS"),
        lowest=None if row["LOWEST"] is None else int(row["LOWEST"]),
        highest=None if row["HIGHEST"] is None else int(row["HIGHEST"]),
        rejected_rows=number("REJECTED"),
    )


def _difference(row: Row) -> str:
    if row["KIND"] == "missing":
        found = "is not in CURATED.TICKS" if row["REJECTS"] is None else f"has won in CURATED.TICKS with offset {row['REJECTS']}"
        return f"tick {row['NAME']} of {row['ETAG']}, offset {row['RECORDS']}, {found}"
    if row["KIND"] == "extra":
        return f"tick {row['NAME']} is in CURATED.TICKS with partition {row['REJECTS']}, offset {row['RECORDS']}, but no merged row of RAW.TICKS has it"
    if row["KIND"] == "loose":
        return f"{row['NAME']}: offset {row['RECORDS']} was rejected, but is not in OPS.QUARANTINE"
    return f"tick {row['NAME']} is in CURATED.TICKS {row['RECORDS']} times"


def utc(time: datetime) -> datetime:
    """A time of the warehouse, which has no zone, as UTC."""
    return time.replace(tzinfo=UTC)


def lake_objects(store: ObjectStore, topic: str, ledger: Mapping[str, LedgerEntry], since: datetime) -> tuple[list[LakeObject], list[str]]:
    """All objects of a topic whose hour is that of `since` or later, and what is wrong with those that are no raw objects.

    Metadata is only fetched for those that the ledger does not describe.
    """
    listed = [each for each in store.list(lake.topic_prefix(topic)) if _hour(each.key) >= f"{since:dt=%Y-%m-%d/hour=%H}"]
    with ThreadPoolExecutor(_READERS) as readers:
        found = list(readers.map(lambda each: _object(store, each, ledger.get(each.key)), listed))
    return [each for each in found if isinstance(each, LakeObject)], [each for each in found if isinstance(each, str)]


def _hour(key: str) -> str:
    return "/".join(key.split("/")[-3:-1])


def _object(store: ObjectStore, listed: Listed, entry: LedgerEntry | None) -> LakeObject | str:
    if entry and entry.etag == listed.etag:
        return LakeObject(listed.key, listed.etag, listed.modified, entry.first_offset, entry.end, entry.chain_from, entry.gap_reason)
    try:
        meta = metadata(store, listed.key)
    except BadObject as error:
        return str(error)
    return LakeObject(listed.key, listed.etag, max(listed.modified, meta.put_at), meta.first_offset, meta.end, meta.chain_from, meta.gap_reason)


def metadata(store: ObjectStore, key: str) -> ObjectMeta:
    """The metadata of an object that is known to exist. Raises `BadObject` when it is malformed."""
    found = store.head(key)
    if found is None:
        raise StoreUnavailable(f"{key} is listed but is not there")
    return ObjectMeta.parse(key, found.headers)


def by_generation(offsets: Mapping[int, Any], generation: int) -> dict[Partition, Any]:
    """Offsets by partition of one generation."""
    return {Partition(generation, partition): offset for partition, offset in offsets.items()}


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 100) * len(ordered) // 100) - 1)]
