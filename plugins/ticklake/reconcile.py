"""Reconciliation: offsets, lake, ledger, RAW and CURATED must tell the same story, object by object and tick by tick.

Pure: facts in, a verdict out. Facts must be gathered in the order in which data flows backwards (committed offsets,
then the warehouse in one statement, then the lake), so that what is newer can only be more, never less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticklake import chain
from ticklake.lake import Partition, parse_key


@dataclass(frozen=True)
class LakeObject:
    """An object of the lake, by its metadata or, where it is in the ledger with the same etag, by the ledger's copy."""

    key: str
    etag: str
    landed_at: datetime
    first_offset: int
    end: int
    chain_from: int
    gap_reason: str | None

    @property
    def partition(self) -> Partition:
        return parse_key(self.key).partition


@dataclass(frozen=True)
class LedgerEntry:
    """An object in the ledger, and what RAW.TICKS holds of it: rows, distinct offsets, their range, rejected rows."""

    key: str
    etag: str
    first_offset: int
    end: int
    chain_from: int
    gap_reason: str | None
    records: int
    rejects: int
    state: str
    copied_at: datetime
    rows: int
    offsets: int
    lowest: int | None
    highest: int | None
    rejected_rows: int


@dataclass(frozen=True)
class Tables:
    """What one statement says of the warehouse. `strays` are rows of RAW without a ledger entry, by object key."""

    ledger: Mapping[str, LedgerEntry]
    strays: Mapping[str, int]
    raw: int
    curated: int
    duplicates: int
    quarantined: int
    rejected: int
    differences: Iterable[str]


@dataclass
class Verdict:
    """The result; `ok` when there is no mismatch. Counts are records or rows; all records of an object that was set aside are `rejected`."""

    ok: bool = True
    pending: int = 0
    kafka: int = 0
    lake: int = 0
    ledger: int = 0
    raw: int = 0
    curated: int = 0
    duplicates: int = 0
    quarantined: int = 0
    rejected: int = 0
    mismatches: list[str] = field(default_factory=list)


def reconcile(committed: Mapping[Partition, int], tables: Tables, lake: Iterable[LakeObject], now: datetime, patience: timedelta) -> Verdict:
    """Compare the facts. What landed or was copied within `patience` before `now` may still be on its way; what is older may not."""
    objects = {each.key: each for each in lake}
    verdict = Verdict(
        ledger=sum(entry.records for entry in tables.ledger.values()),
        raw=tables.raw,
        curated=tables.curated,
        duplicates=tables.duplicates,
        quarantined=tables.quarantined,
        rejected=tables.rejected + sum(entry.records - entry.rejected_rows for entry in tables.ledger.values() if entry.state == "SET_ASIDE"),
    )
    verdict.mismatches += _chains(committed, [*objects.values(), *_given_up(tables.ledger, objects)], verdict)
    for entry in tables.ledger.values():
        verdict.mismatches += _entry(entry, objects.get(entry.key))
    verdict.mismatches += [f"{key}: {rows} rows in RAW.TICKS, but the ledger does not know the object" for key, rows in sorted(tables.strays.items())]
    verdict.mismatches += _waiting(tables.ledger, objects, now, patience, verdict)
    verdict.mismatches += tables.differences
    verdict.ok = not verdict.mismatches
    return verdict


def _chains(committed: Mapping[Partition, int], objects: Iterable[LakeObject], verdict: Verdict) -> list[str]:
    """Every partition's objects must form a chain that reaches at least the committed offset."""
    by_partition: dict[Partition, list[LakeObject]] = defaultdict(list)
    for each in objects:
        by_partition[each.partition].append(each)
    wrong = []
    for partition in sorted(by_partition | dict(committed)):
        followed = chain.follow(by_partition.get(partition, ()))
        wrong += followed.breaks
        verdict.lake += followed.records
        offset = committed.get(partition)
        if offset is None:
            verdict.kafka += followed.end - followed.start  # an earlier life of the topic: nothing is committed any more
            continue
        verdict.kafka += offset - followed.start
        if offset > followed.end:
            wrong.append(f"{partition}: offset {offset} is committed, but the lake ends at {followed.end}")
    return wrong


def _given_up(ledger: Mapping[str, LedgerEntry], objects: Mapping[str, LakeObject]) -> list[LakeObject]:
    """Objects that were set aside and are gone: what the ledger says of them keeps their place in the chain."""
    return [
        LakeObject(each.key, each.etag, each.copied_at, each.first_offset, each.end, each.chain_from, each.gap_reason)
        for each in ledger.values()
        if each.state == "SET_ASIDE" and each.key not in objects
    ]


def _entry(entry: LedgerEntry, there: LakeObject | None) -> list[str]:
    """An object in the ledger must be in the lake as it was loaded, and in RAW.TICKS row by row, unless it was given up."""
    if entry.state in ("EXPIRED", "SET_ASIDE"):
        return []
    wrong = []
    if there is None:
        wrong.append(f"{entry.key}: in the ledger, but not in the lake")
    elif there.etag != entry.etag:
        wrong.append(f"{entry.key}: was replaced after it was loaded (etag {there.etag}, loaded {entry.etag})")
    if entry.records != entry.end - entry.first_offset:
        wrong.append(f"{entry.key}: {entry.records} records in the ledger do not fill offsets {entry.first_offset} to {entry.end - 1}")
    if not entry.rows == entry.offsets == entry.records:
        wrong.append(f"{entry.key}: {entry.records} records, but {entry.rows} rows with {entry.offsets} offsets in RAW.TICKS")
    elif (entry.lowest, entry.highest) != (entry.first_offset, entry.end - 1):
        wrong.append(f"{entry.key}: RAW.TICKS holds offsets {entry.lowest} to {entry.highest}, not {entry.first_offset} to {entry.end - 1}")
    if entry.rejects != entry.rejected_rows:
        wrong.append(f"{entry.key}: {entry.rejects} rejects, but {entry.rejected_rows} rejected rows in RAW.TICKS")
    return wrong


def _waiting(ledger: Mapping[str, LedgerEntry], objects: Mapping[str, LakeObject], now: datetime, patience: timedelta, verdict: Verdict) -> list[str]:
    """Count what is on its way, and name what has been for too long."""
    late = []
    for key, each in objects.items():
        entry = ledger.get(key)
        if entry and entry.state != "COPIED":
            continue
        verdict.pending += each.end - each.first_offset
        since = entry.copied_at if entry else each.landed_at
        if now - since > patience:
            stage = "copied but not merged" if entry else "in the lake but not loaded"
            late.append(f"{key}: {stage} for {(now - since).total_seconds():.0f} s")
    return late
