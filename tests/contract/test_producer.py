"""What every publisher must do, the fakes and the real broker."""

from __future__ import annotations

import threading
import uuid

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient

from tests.fakes.clock import ManualClock
from tests.fakes.producer import CommandedKafka, MemoryPublisher
from ticklake.clock import SystemClock
from ticklake_io.kafka_producer import KafkaPublisher, Publisher, connect

TOO_LARGE = b"x" * 2_000_000


class Subject:
    """A publisher and what arrived behind it."""

    def __init__(self, kind: str, request: pytest.FixtureRequest) -> None:
        self._memory, self._kafka, self._bootstrap = MemoryPublisher(), CommandedKafka(), ""
        self._topic = f"ticks-{uuid.uuid4()}"
        self.publisher: Publisher = self._memory
        if kind == "commanded":
            self.publisher = KafkaPublisher(self._kafka, "t", ManualClock(), lambda: False)
        if kind == "broker":
            self._bootstrap = request.getfixturevalue("broker")
            admin = KafkaAdminClient(bootstrap_servers=self._bootstrap)
            admin.create_topics({self._topic: {"num_partitions": 2, "replication_factor": 1}})
            admin.close()
            self.publisher = connect(self._bootstrap, self._topic, clock=SystemClock(), wait=threading.Event().wait)

    def arrived(self) -> list[tuple[bytes | None, bytes | None]]:
        """Records by partition, in their order there."""
        if not self._bootstrap:
            return self._memory.records or [*self._kafka.records]
        consumer = KafkaConsumer(bootstrap_servers=self._bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
        partitions = [TopicPartition(self._topic, number) for number in range(2)]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        records: dict[TopicPartition, list[tuple[bytes | None, bytes | None]]] = {each: [] for each in partitions}
        while any(consumer.position(each) < ends[each] for each in partitions):
            for partition, polled in consumer.poll(timeout_ms=500).items():
                records[partition] += [(record.key, record.value) for record in polled]
        consumer.close()
        return [record for partition in partitions for record in records[partition]]


@pytest.fixture(params=["memory", "commanded", "broker"])
def subject(request: pytest.FixtureRequest) -> Subject:
    return Subject(request.param, request)


def flushed(publisher: Publisher) -> bool:
    return any(publisher.flush(1.0) for _ in range(30))


def test_what_is_acknowledged_has_arrived_once_and_in_order(subject: Subject) -> None:
    sent = [(key, b"%d" % number) for number in range(500) for key in (b"A", b"B", b"C")]
    for key, value in sent:
        assert subject.publisher.publish(key, value)
    assert flushed(subject.publisher)
    assert subject.publisher.counts() == (1500, 1500, 0, 0)
    subject.publisher.close()
    arrived = subject.arrived()
    for key in (b"A", b"B", b"C"):
        assert [record for record in arrived if record[0] == key] == [record for record in sent if record[0] == key]
    assert len(arrived) == 1500


def test_a_record_that_is_too_large_is_refused_and_the_others_go_on(subject: Subject) -> None:
    for value in (b"before", TOO_LARGE, b"after"):
        assert subject.publisher.publish(b"A", value)
    assert flushed(subject.publisher)
    assert subject.publisher.counts() == (3, 2, 1, 0)
    subject.publisher.close()
    assert [value for _, value in subject.arrived()] == [b"before", b"after"]
