"""Gathers what the commands judge: offsets from Kafka, tables from the warehouse, objects from the lake."""

from __future__ import annotations

import json
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
from ticklake_io.warehouse import Warehouse

STATEMENTS = Statements(Path(__file__).parent / "sql")
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_READERS = 8

Fact = dict[str, Any]
"""What a row of `reconcile` says; what is null is left out."""


def tables(warehouse: Warehouse, since: datetime) -> Tables:
    """What the warehouse holds of objects whose first record arrived at `since` or later."""
    rows = warehouse.rows(STATEMENTS["reconcile"], {"since": since, "whole": since <= BEGINNING})
    facts: list[tuple[str, str, Fact]] = [(row["KIND"], row["NAME"], json.loads(row["FACT"], parse_float=_whole)) for row in rows]
    objects = {name: fact for kind, name, fact in facts if kind == "object"}
    counts = {name: fact for kind, name, fact in facts if kind == "count"}
    return Tables(
        ledger={key: _entry(key, fact) for key, fact in objects.items() if "state" in fact},
        strays={key: fact["rows"] for key, fact in objects.items() if "state" not in fact},
        raw=counts["raw"]["rows"],
        curated=counts["curated"]["rows"],
        duplicates=counts["raw"]["duplicates"],
        quarantined=counts["quarantined"]["rows"],
        rejected=counts["raw"]["rejected"],
        differences=[_difference(kind, name, fact) for kind, name, fact in facts if kind not in ("object", "count")],
    )


def _whole(text: str) -> int:
    """All numbers here are whole; an engine that keeps them as binary floats in JSON may write them with a point."""
    return int(float(text))


def _entry(key: str, fact: Fact) -> LedgerEntry:
    return LedgerEntry(
        key=key,
        etag=fact["etag"],
        first_offset=fact["first_offset"],
        end=fact["last_offset"] + 1,
        chain_from=fact["chain_from"],
        gap_reason=fact.get("gap_reason"),
        records=fact["records"],
        rejects=fact["rejects"],
        state=fact["state"],
        copied_at=utc(datetime.fromisoformat(fact["copied_at"])),
        rows=fact.get("rows", 0),
        offsets=fact.get("offsets", 0),
        lowest=fact.get("lowest"),
        highest=fact.get("highest"),
        rejected_rows=fact.get("rejected_rows", 0),
    )


def _difference(kind: str, name: str, fact: Fact) -> str:
    if kind == "missing":
        found = f"has won in CURATED.TICKS with offset {fact['seated']}" if "seated" in fact else "is not in CURATED.TICKS"
        return f"tick {name} of {fact['key']}, offset {fact['offset']}, {found}"
    if kind == "extra":
        return f"tick {name} is in CURATED.TICKS with partition {fact['partition']}, offset {fact['offset']}, but no merged row of RAW.TICKS has it"
    if kind == "loose":
        return f"{name}: offset {fact['offset']} was rejected, but is not in OPS.QUARANTINE"
    return f"tick {name} is in CURATED.TICKS {fact['times']} times"


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
    if entry and (entry.etag == listed.etag or entry.state == "SET_ASIDE"):
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
