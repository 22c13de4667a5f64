"""Which objects an hour has, by the lake and by the ledger, and what their bytes hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from ticklake.errors import BadObject
from ticklake.lake import ObjectMeta, Partition, parse_key
from ticklake_airflow.loading.model import Landed
from ticklake_airflow.settling.checksum import Column, Image, image_of
from ticklake_airflow.settling.model import Hour
from ticklake_io.store import Listed, ObjectStore
from ticklake_io.warehouse import Row

_READERS = 4


@dataclass(frozen=True)
class Evidence:
    """An object whose bytes are those that were written: what it holds, and the merge it belongs to (None: the ledger has lost it)."""

    landed: Landed
    image: Image
    merge_id: str | None

    @property
    def key(self) -> str:
        return self.landed.key


@dataclass(frozen=True)
class Inventory:
    """An hour's merged objects in the order of their partitions and offsets, what cannot be settled, and how many are not merged yet."""

    objects: list[Evidence] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    pending: int = 0


class Stocktaker:
    """Holds the lake against the ledger and reads every object."""

    def __init__(self, store: ObjectStore, topic: str, columns: Sequence[Column]) -> None:
        self._store = store
        self._topic = topic
        self._columns = columns

    def take(self, hour: Hour, ledger: Mapping[str, Row], watermarks: Mapping[Partition, int]) -> Inventory:
        """The inventory of `hour`; `ledger` has its rows of OPS.LOADS by key, `watermarks` every partition that was ever merged."""
        partitions = sorted({*watermarks, *(parse_key(key).partition for key in ledger)})
        listed = {each.key: each for partition in partitions for each in self._store.list(hour.prefix(self._topic, partition))}
        unsettled = [f"{key}: in the ledger, but not in the lake" for key, row in sorted(ledger.items()) if row["STATE"] != "EXPIRED" and key not in listed]
        wanted: list[Listed] = []
        pending = 0
        for key, each in listed.items():
            row = ledger.get(key)
            if row is None and not _is_object(key):
                continue
            if row and row["STATE"] in ("SET_ASIDE", "EXPIRED"):
                continue
            if (row and row["STATE"] == "COPIED") or (row is None and parse_key(key).first_offset >= watermarks.get(parse_key(key).partition, 0)):
                pending += 1
            else:
                wanted.append(each)
        with ThreadPoolExecutor(_READERS) as readers:
            read = list(readers.map(lambda each: self._read(each, ledger.get(each.key), watermarks), wanted))
        objects = sorted((each for each in read if isinstance(each, Evidence)), key=lambda each: (each.landed.partition, each.landed.first_offset))
        return Inventory(objects, unsettled + [each for each in read if isinstance(each, str)], pending)

    def _read(self, listed: Listed, row: Row | None, watermarks: Mapping[Partition, int]) -> Evidence | str:
        """The object, or why it cannot be settled."""
        key = listed.key
        if row and row["ETAG"] != listed.etag:
            return f"{key}: was replaced after it was loaded (etag {listed.etag}, loaded {row['ETAG']})"
        stored, body = self._store.head(key), self._store.read(key)
        if stored is None or body is None:
            return f"{key}: listed, but not there"
        try:
            meta = ObjectMeta.parse(key, stored.headers)
            table = pq.read_table(pa.BufferReader(body))
        except BadObject as error:
            return str(error)
        except (pa.ArrowInvalid, OSError) as error:
            return f"{key}: is no Parquet: {' '.join(str(error).split())}"
        landed = Landed(key, parse_key(key).partition, stored.etag, stored.size, max(stored.modified, meta.put_at), meta)
        why = _contradiction(landed, row, body, table.num_rows, watermarks)
        return why or Evidence(landed, image_of(table, self._columns), row["MERGE_ID"] if row else None)


def _contradiction(landed: Landed, row: Row | None, body: bytes, rows: int, watermarks: Mapping[Partition, int]) -> str | None:
    key, meta = landed.key, landed.meta
    if hashlib.sha256(body).hexdigest() != meta.sha256:
        return f"{key}: its bytes are not those that its metadata was made of"
    if rows != meta.records:
        return f"{key}: {rows} rows, its metadata says {meta.records} records"
    told = (meta.first_offset, meta.last_offset, meta.records, meta.rejects, meta.sha256)
    if row and (row["FIRST_OFFSET"], row["LAST_OFFSET"], row["RECORDS"], row["REJECTS"], row["SHA256"]) != told:
        return f"{key}: the ledger tells other offsets, counts or hash of it than its metadata"
    watermark = watermarks.get(landed.partition, 0)
    if landed.end > watermark:
        return f"{key}: is merged up to offset {landed.end}, but the watermark of {landed.partition} is {watermark}"
    return None


def _is_object(key: str) -> bool:
    try:
        parse_key(key)
    except BadObject:
        return False
    return True
