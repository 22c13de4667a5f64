"""The proof: broker, ledgers of acknowledgements, lake and dead letters compared record by record, when all has come to rest."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from tests.chaos.scene import DEAD_LETTERS, GROUP, TICKS
from ticklake import chain
from ticklake.reconcile import LakeObject
from ticklake_cli import facts
from ticklake_io.kafka_view import KafkaView
from ticklake_io.store import ObjectStore

_READERS = 8
_COLUMNS = ["PARTITION_ID", "OFFSET_ID", "KEY", "VALUE", "TICK_ID", "REJECT_REASON"]

Place = tuple[int, int]
"""Partition and offset."""


class Row(NamedTuple):
    """A row of the lake: the record as it came, its tick_id or None, and whether it was rejected."""

    key: bytes | None
    value: bytes | None
    tick_id: str | None
    rejected: bool


@dataclass
class Proof:
    """The verdict. `lost` are acknowledged records in no row, `duplicated` offsets or acknowledged records in more than one."""

    acknowledged: int = 0
    records: int = 0
    objects: int = 0
    rejects: int = 0
    dead_letters: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.wrong


def prove(bootstrap: str, store: ObjectStore, ledgers: Iterable[Path]) -> Proof:
    """Compare everything. `store` must be the real one, without faults."""
    proof = Proof()
    with closing(KafkaView(bootstrap)) as view:
        ends = view.ends(TICKS)
        committed = {partition: each.offset for partition, each in view.committed(GROUP, TICKS).items()}
        spans = {partition: (start, ends[partition]) for partition, start in view.starts(TICKS).items()}
        broker: dict[Place, tuple[bytes | None, bytes | None]] = {}
        for partition, records in view.read(TICKS, spans).items():
            broker |= {(partition, offset): (key, value) for offset, key, value in zip(records.offsets, records.keys, records.values, strict=True)}
        letters = Counter((int(each["partition-id"]), int(each["offset-id"])) for _, _, each in view.newest(DEAD_LETTERS, 1 << 40))
    objects, foreign = facts.lake_objects(store, TICKS, {}, facts.BEGINNING)
    proof.wrong += foreign
    proof.objects = len(objects)
    rows = _rows(store, objects, proof)
    _chains(objects, committed, ends, proof)
    _records(broker, rows, proof)
    _acknowledgements(ledgers, rows, proof)
    _dead_letters(letters, rows, proof)
    return proof


def _rows(store: ObjectStore, objects: Iterable[LakeObject], proof: Proof) -> dict[Place, list[Row]]:
    """Every row of the lake by its coordinates; each object's bytes must be those that were written."""
    rows: dict[Place, list[Row]] = defaultdict(list)
    with ThreadPoolExecutor(_READERS) as readers:
        for key, sha256, body in readers.map(lambda each: (each.key, facts.metadata(store, each.key).sha256, store.read(each.key) or b""), objects):
            if hashlib.sha256(body).hexdigest() != sha256:
                proof.wrong.append(f"{key}: its bytes are not those that its metadata was made of")
                continue
            for place, row in _read(body):
                rows[place].append(row)
    return rows


def _read(body: bytes) -> Iterator[tuple[Place, Row]]:
    table = pq.read_table(pa.BufferReader(body), columns=_COLUMNS)
    for partition, offset, key, value, tick_id, reason in zip(*(table[name].to_pylist() for name in _COLUMNS), strict=True):
        yield (partition, offset), Row(key, value, tick_id, reason is not None)


def _chains(objects: Iterable[LakeObject], committed: Mapping[int, int], ends: Mapping[int, int], proof: Proof) -> None:
    """Per partition: objects follow each other from the first offset to the broker's end, and that is what was committed."""
    links: dict[int, list[LakeObject]] = defaultdict(list)
    for each in objects:
        links[each.partition.id].append(each)
    for partition, end in sorted(ends.items()):
        followed = chain.follow(links[partition], start=0)
        proof.wrong += followed.breaks
        if followed.end != end:
            proof.wrong.append(f"partition {partition}: the lake ends at offset {followed.end}, the broker at {end}")
        if committed.get(partition, 0) != end:
            proof.wrong.append(f"partition {partition}: offset {committed.get(partition)} is committed, the broker ends at {end}")


def _records(broker: Mapping[Place, tuple[bytes | None, bytes | None]], rows: Mapping[Place, list[Row]], proof: Proof) -> None:
    """Every record of the broker is one row, byte for byte, and there is no other row."""
    proof.records = len(broker)
    for place, record in broker.items():
        there = rows.get(place, ())
        if not there:
            proof.wrong.append(f"partition {place[0]}, offset {place[1]}: on the broker, in no row of the lake")
        elif (there[0].key, there[0].value) != record:
            proof.wrong.append(f"partition {place[0]}, offset {place[1]}: the lake's row is not the broker's record")
    for place, found in rows.items():
        if len(found) > 1:
            proof.duplicated += 1
            proof.wrong.append(f"partition {place[0]}, offset {place[1]}: {len(found)} rows in the lake")
        if place not in broker:
            proof.wrong.append(f"partition {place[0]}, offset {place[1]}: in the lake, not on the broker")


def _acknowledgements(ledgers: Iterable[Path], rows: Mapping[Place, list[Row]], proof: Proof) -> None:
    """Every acknowledged record is in one row: a tick as a valid one, poison as a rejected one."""
    times: Counter[tuple[str, str]] = Counter()
    for found in rows.values():
        times.update(("poison", (row.value or b"").split(b" ")[0].decode()) if row.rejected else ("tick", row.tick_id or "") for row in found)
    for kind, name in _entries(ledgers):
        proof.acknowledged += 1
        if not times[kind, name]:
            proof.lost += 1
            proof.wrong.append(f"{kind} {name}: acknowledged, in no row of the lake")
        elif times[kind, name] > 1:
            proof.duplicated += 1
            proof.wrong.append(f"{kind} {name}: acknowledged once, in {times[kind, name]} rows of the lake")


def _entries(ledgers: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Kind and id; a line that a kill cut off does not count."""
    for ledger in ledgers:
        for line in ledger.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                kind, name = line.split()
                yield kind, name


def _dead_letters(letters: Mapping[Place, int], rows: Mapping[Place, list[Row]], proof: Proof) -> None:
    """Every rejected row has a dead letter, or several with the same coordinates, and no other row has one."""
    rejected = {place for place, found in rows.items() if any(row.rejected for row in found)}
    proof.rejects, proof.dead_letters = len(rejected), sum(letters.values())
    for place in sorted(rejected ^ letters.keys()):
        what = "rejected, without a dead letter" if place in rejected else "has a dead letter, but is no rejected row"
        proof.wrong.append(f"partition {place[0]}, offset {place[1]}: {what}")
