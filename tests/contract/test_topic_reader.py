"""What a reader of a topic without a group does: in memory and at a real broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from tests.fakes.memory_broker import MemoryReader, MemoryTopic
from tests.fixtures.broker import Topic
from ticklake import lake
from ticklake.errors import BrokerUnavailable
from ticklake_io.records import Records
from ticklake_io.topic_reader import KafkaTopicReader, TopicReader

PARTITIONS = 2
PATIENCE_S = 20.0


class Log(Protocol):
    """A topic as the test writes it."""

    def append(self, partition: int, *values: bytes) -> None: ...
    def expire(self, before: dict[int, int]) -> None: ...
    def open(self) -> TopicReader: ...


class MemoryLog:
    def __init__(self) -> None:
        self._topic = MemoryTopic(PARTITIONS)

    def append(self, partition: int, *values: bytes) -> None:
        for value in values:
            self._topic.append(partition, value, time_ms=time.time_ns() // 1_000_000)

    def expire(self, before: dict[int, int]) -> None:
        for partition, offset in before.items():
            self._topic.expire(partition, offset)

    def open(self) -> TopicReader:
        return MemoryReader(self._topic)


class KafkaLog:
    def __init__(self, bootstrap: str) -> None:
        self._bootstrap, self._topic = bootstrap, Topic(bootstrap, PARTITIONS)
        self.append, self.expire = self._topic.append, self._topic.expire

    def open(self) -> TopicReader:
        return KafkaTopicReader(self._bootstrap, self._topic.name)


@pytest.fixture(params=["memory", "kafka"])
def log(request: pytest.FixtureRequest) -> Log:
    makers: dict[str, Callable[[], Log]] = {"memory": MemoryLog, "kafka": lambda: KafkaLog(request.getfixturevalue("broker"))}
    return makers[request.param]()


@pytest.fixture
def reader(log: Log) -> Iterator[TopicReader]:
    with closing(log.open()) as opened:
        yield opened


def read(reader: TopicReader, count: int) -> dict[int, list[bytes | None]]:
    """The next `count` values, by partition."""
    found: dict[int, Records] = {}
    deadline = time.monotonic() + PATIENCE_S
    while sum(map(len, found.values())) < count and time.monotonic() < deadline:
        for partition, records in reader.poll(0.2).items():
            found.setdefault(partition, Records()).extend(records)
    return {partition: records.values for partition, records in found.items()}


def test_a_partition_stands_still_until_it_is_told_where_to_begin(log: Log, reader: TopicReader) -> None:
    log.append(0, b"a", b"b", b"c")
    log.append(1, b"x")
    reader.begin(0, 1)
    assert read(reader, 2) == {0: [b"b", b"c"]}
    assert reader.poll(0.2) == {}
    reader.begin(1, 0)
    assert read(reader, 1) == {1: [b"x"]}
    log.append(0, b"d")
    assert read(reader, 1) == {0: [b"d"]}


def test_records_come_with_offset_time_and_key(log: Log, reader: TopicReader) -> None:
    before = datetime.now(UTC)
    log.append(0, b"a", b"b")
    reader.begin(0, 0)
    records = Records()
    while len(records) < 2:
        records.extend(reader.poll(0.2).get(0, Records()))
    assert records.offsets == [0, 1]
    assert records.keys[0] in (b"A", b"AAPL")
    assert all(abs(lake.from_ms(each) - before) < timedelta(minutes=1) for each in records.times_ms)


def test_a_reader_may_go_back(log: Log, reader: TopicReader) -> None:
    log.append(0, b"a", b"b")
    reader.begin(0, 0)
    assert read(reader, 2) == {0: [b"a", b"b"]}
    reader.begin(0, 1)
    assert read(reader, 1) == {0: [b"b"]}


def test_ends_and_the_offsets_of_a_time(log: Log, reader: TopicReader) -> None:
    assert reader.end_offsets() == {0: 0, 1: 0}
    log.append(0, b"a", b"b")
    now = datetime.now(UTC)
    assert reader.end_offsets() == {0: 2, 1: 0}
    assert reader.offsets_at(now - timedelta(minutes=5)) == {0: 0, 1: 0}
    assert reader.offsets_at(now + timedelta(minutes=5)) == {0: 2, 1: 0}


def test_what_the_broker_has_deleted_is_passed_over(log: Log, reader: TopicReader) -> None:
    log.append(0, b"a", b"b", b"c")
    log.expire({0: 2})
    reader.begin(0, 0)
    assert read(reader, 1) == {0: [b"c"]}


def test_a_topic_keeps_its_id(log: Log, reader: TopicReader) -> None:
    assert reader.topic_id() == reader.topic_id()


def test_a_topic_that_is_not_there_is_named(broker: str) -> None:
    with pytest.raises(BrokerUnavailable, match=r"no-such-topic"):
        KafkaTopicReader(broker, "no-such-topic")
