"""Topics of synthetic ticks, loaded before a measurement begins."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from multiprocessing import get_context

import confluent_kafka
from kafka import KafkaAdminClient

from ticklake import tick
from ticklake_io.kafka_view import KafkaView

PARTITIONS = 6
SYMBOLS = 100
LOADERS = 2

_BAD = (b"no JSON", b'{"v":1,"symbol":"SYM000"}', b'{"v":1,"tick_id":7}', b"")


@dataclass(frozen=True)
class Backlog:
    """A topic that is loaded: the offset after the last record, by partition, and how many of its records are no ticks."""

    topic: str
    ends: dict[int, int]
    bad: int

    @property
    def records(self) -> int:
        return sum(self.ends.values())


def ticks(seed: int, first: int, count: int) -> Iterator[tick.Tick]:
    """Trades of a hundred symbols in turn, about 305 bytes each as JSON, numbered from `first` by `sequence`."""
    chance, begin = random.Random(seed), datetime.now(UTC)
    for i in range(first, first + count):
        time = begin + timedelta(microseconds=i)
        yield tick.Tick(
            tick_id=tick.tick_id("bench", seed, i),
            symbol=f"SYM{i % SYMBOLS:03d}",
            kind="trade",
            event_time=time,
            received_at=time,
            price=f"{chance.uniform(50, 150):.4f}",
            size=chance.randint(1, 1_000),
            venue="XNAS",
            bid="100.01",
            ask="100.03",
            source="bench",
            feed="synthetic",
            sequence=i,
        )


def create(bootstrap: str, topic: str, partitions: int = PARTITIONS) -> None:
    """Create a topic whose times are the broker's."""
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1, "configs": {"message.timestamp.type": "LogAppendTime"}}})


def load(bootstrap: str, topic: str, records: int, bad_every: int = 0) -> Backlog:
    """Create a topic and fill it; with `bad_every`, one record in so many is no tick."""
    create(bootstrap, topic)
    share = records // LOADERS
    workers = [get_context("spawn").Process(target=_send, args=(bootstrap, topic, share * n, share, bad_every)) for n in range(LOADERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode:
            raise RuntimeError(f"{topic} was not loaded")
    with closing(KafkaView(bootstrap)) as view:
        return Backlog(topic, view.ends(topic), records // bad_every if bad_every else 0)


def _send(bootstrap: str, topic: str, first: int, count: int, bad_every: int) -> None:
    options = {"compression.type": "lz4", "batch.size": 1 << 20, "linger.ms": 50, "acks": "all", "queue.buffering.max.messages": 200_000}
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, **options})
    bad = cycle(_BAD)
    for each in ticks(first, first, count):
        value = next(bad) if bad_every and each.sequence % bad_every == 0 else tick.encode(each)
        while True:
            try:
                producer.produce(topic, value, each.symbol.encode())
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(120):
        raise RuntimeError("the backlog was not acknowledged")
