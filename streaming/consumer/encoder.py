"""A batch to the bytes and metadata of its raw object."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from streaming.consumer.buffer import Batch
from ticklake import columns, tick
from ticklake.lake import ObjectMeta, Partition, from_ms, object_key

_REPEATING = ["OBJECT_KEY", "REJECT_REASON", "SYMBOL", "VENUE", "CONDITIONS", "KIND", "SOURCE", "FEED", "TOPIC", "KEY"]
"""Columns with few values, which a dictionary makes small."""


@dataclass(frozen=True)
class Encoded:
    """A raw object that is ready to be created. `rejected` are the rows with a reason, by `columns.SCHEMA`."""

    key: str
    body: bytes
    meta: ObjectMeta
    rejected: pa.Table


class Encoder:
    """Makes raw objects of one topic for one writer. Safe for several threads."""

    def __init__(self, topic: str, generation: int, writer_id: str) -> None:
        self._topic = topic
        self._generation = generation
        self._writer_id = writer_id

    def encode(self, batch: Batch) -> Encoded:
        """The object of a batch; `put_at` in its metadata is the last append time until an upload sets it."""
        records = batch.records
        partition = Partition(self._generation, batch.partition)
        key = object_key(self._topic, partition, batch.first_offset, records.times_ms[0])
        table = self._table(batch, key)
        body = _parquet(table)
        event_times = pc.min_max(table["EVENT_TIME"])
        rejected = table.filter(pc.is_valid(table["REJECT_REASON"]))
        first, last = from_ms(min(records.times_ms)), from_ms(max(records.times_ms))
        meta = ObjectMeta(
            first_offset=batch.first_offset,
            last_offset=batch.end - 1,
            chain_from=batch.chain_from,
            records=len(records),
            rejects=rejected.num_rows,
            first_kafka_time=first,
            last_kafka_time=last,
            min_event_time=_utc(event_times["min"]),
            max_event_time=_utc(event_times["max"]),
            max_received_at=_utc(pc.max(table["RECEIVED_AT"])),
            schema_version=tick.VERSION,
            sha256=hashlib.sha256(body).hexdigest(),
            writer_id=self._writer_id,
            put_at=last,
            gap_reason=batch.gap_reason,
        )
        return Encoded(key, body, meta, rejected)

    def _table(self, batch: Batch, key: str) -> pa.Table:
        records = batch.records
        decoded = columns.decode(records.keys, records.values)
        rows = len(records)
        fixed = {
            "GENERATION": _repeat(self._generation, pa.int32(), rows),
            "PARTITION_ID": _repeat(batch.partition, pa.int32(), rows),
            "OFFSET_ID": pa.array(records.offsets, pa.int64()),
            "KAFKA_TIME": pa.array(records.times_ms, pa.timestamp("ms")).cast(columns.TIME),
            "OBJECT_KEY": _repeat(key, pa.string(), rows),
            "REJECT_REASON": decoded.reasons,
            "TOPIC": _repeat(self._topic, pa.string(), rows),
            "KEY": pa.array(records.keys, pa.binary()),
            "VALUE": pa.array(records.values, pa.binary()),
        }
        return pa.table([fixed[name] if name in fixed else decoded.columns[name] for name in columns.SCHEMA.names], schema=columns.SCHEMA)


def _repeat(value: object, kind: pa.DataType, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, kind), rows)


def _utc(scalar: pa.Scalar) -> datetime | None:
    value: datetime | None = scalar.as_py()
    return value.replace(tzinfo=UTC) if value else None


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()  # a Python file would take the interpreter at every page
    pq.write_table(table, sink, compression="zstd", compression_level=1, use_dictionary=_REPEATING, write_statistics=False)
    body: bytes = sink.getvalue().to_pybytes()
    return body
