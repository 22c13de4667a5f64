"""The least that moves records to Parquet objects: what a client and pyarrow can do when nothing is promised.

No create-only objects, no metadata, no hash, no rules, no rejects (a bad value ends it), no metrics, one encoder thread.
`minimal.py kafka-python` decodes value by value with msgspec, `minimal.py confluent` by column with pyarrow.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import boto3
import msgspec
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

BATCH = 20_000
QUEUED = 2
FIELDS = ("v", "tick_id", "symbol", "kind", "event_time", "received_at", "price", "source", "feed", "sequence", "size", "venue", "bid", "ask")
WIRE = pa.schema([(name, pa.int64() if name in ("v", "sequence", "size") else pa.string()) for name in FIELDS])
TYPES = dict.fromkeys(("event_time", "received_at"), pa.timestamp("us", "UTC")) | dict.fromkeys(("price", "bid", "ask"), pa.decimal128(18, 8))


class Record(NamedTuple):
    """A consumed record."""

    partition: int
    offset: int
    time_ms: int
    key: bytes
    value: bytes


class Client(Protocol):
    """What the loop needs of one."""

    def poll(self) -> Iterator[Record]: ...

    def commit(self, partition: int, end: int) -> None: ...


class KafkaPython:
    """kafka-python with its fetch sizes raised."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        import kafka

        self._kafka, self._topic = kafka, topic
        self._consumer = kafka.KafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=5_000,
            max_partition_fetch_bytes=4 << 20,
            receive_buffer_bytes=4 << 20,
        )
        # A member that joins before it has heard of the topic is given nothing, for minutes.
        if not self._consumer.partitions_for_topic(topic):
            raise RuntimeError(f"there is no topic {topic}")
        self._consumer.subscribe([topic])

    def poll(self) -> Iterator[Record]:
        for part, records in self._consumer.poll(timeout_ms=100).items():
            for record in records:
                yield Record(part.partition, record.offset, record.timestamp, record.key, record.value)

    def commit(self, partition: int, end: int) -> None:
        self._consumer.commit({self._kafka.TopicPartition(self._topic, partition): self._kafka.OffsetAndMetadata(end, "", -1)})


class Confluent:
    """confluent-kafka; librdkafka's second of pause before it fetches on would stall it."""

    def __init__(self, bootstrap: str, topic: str, group: str) -> None:
        import confluent_kafka

        self._confluent, self._topic = confluent_kafka, topic
        config = {"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
        self._consumer: Any = confluent_kafka.Consumer(config | {"queued.max.messages.kbytes": 8192, "fetch.queue.backoff.ms": 10})
        self._consumer.subscribe([topic])

    def poll(self) -> Iterator[Record]:
        for message in self._consumer.consume(5_000, 0.1):
            yield Record(message.partition(), message.offset(), message.timestamp()[1], message.key(), message.value())

    def commit(self, partition: int, end: int) -> None:
        self._consumer.commit(offsets=[self._confluent.TopicPartition(self._topic, partition, end)], asynchronous=False)


_decode = msgspec.json.Decoder(
    msgspec.defstruct("Wire", [(name, (int if WIRE.field(name).type == pa.int64() else str) | None, None) for name in FIELDS])
).decode


def by_value(values: list[bytes]) -> pa.Table:
    """Columns of values that are decoded one by one."""
    ticks = [_decode(value) for value in values]
    return pa.table([[getattr(tick, name) for tick in ticks] for name in FIELDS], schema=WIRE)


def by_column(values: list[bytes]) -> pa.Table:
    """Columns of values that are decoded together."""
    block = b"\n".join(values)
    read = pyarrow.json.ReadOptions(use_threads=False, block_size=len(block) + 1)
    parse = pyarrow.json.ParseOptions(explicit_schema=WIRE, unexpected_field_behavior="error")
    return pyarrow.json.read_json(pa.BufferReader(block), read_options=read, parse_options=parse)


def body(decode: Callable[[list[bytes]], pa.Table], records: list[Record]) -> bytes:
    """The records as Parquet."""
    wire = decode([record.value for record in records])
    table = pa.table({name: wire[name].cast(TYPES.get(name, WIRE.field(name).type)) for name in FIELDS})
    for name in ("partition", "offset", "time_ms", "key"):
        table = table.append_column(name, pa.array([getattr(record, name) for record in records]))
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def main() -> None:
    """Move as many records as there are; the last batches are what is left."""
    environ = os.environ
    confluent = sys.argv[1] == "confluent"
    client, decode = (Confluent, by_column) if confluent else (KafkaPython, by_value)
    store = boto3.client("s3", endpoint_url=environ["TICKLAKE_S3_ENDPOINT"])
    consumer: Client = client(environ["TICKLAKE_KAFKA_BOOTSTRAP"], environ["TICKLAKE_TICKS_TOPIC"], environ["TICKLAKE_KAFKA_GROUP"])
    buffers: dict[int, list[Record]] = {}
    uploads: deque[tuple[Future[None], int, int]] = deque()
    left = int(environ["BENCH_RECORDS"])

    def upload(records: list[Record]) -> None:
        store.put_object(Bucket=environ["TICKLAKE_S3_BUCKET"], Key=f"{records[0].partition}/{records[0].offset:020}.parquet", Body=body(decode, records))

    def settle(most: int) -> None:
        while len(uploads) > most:
            done, partition, end = uploads.popleft()
            done.result()
            consumer.commit(partition, end)

    with ThreadPoolExecutor(1) as worker:
        while left:
            before = left
            for record in consumer.poll():
                buffers.setdefault(record.partition, []).append(record)
                left -= 1
            if before == int(environ["BENCH_RECORDS"]) != left:
                print("begun", flush=True)
            for partition in [each for each, held in buffers.items() if len(held) >= BATCH or not left]:
                records = buffers.pop(partition)
                uploads.append((worker.submit(upload, records), partition, records[-1].offset + 1))
            settle(QUEUED if left else 0)
    signal.pause()  # to be looked at


if __name__ == "__main__":
    main()
