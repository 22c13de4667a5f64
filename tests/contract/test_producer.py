"""What every publisher must do, the fakes and the real broker."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from tests.fakes.clock import ManualClock
from tests.fakes.producer import CommandedKafka, MemoryPublisher
from tests.fixtures.broker import running_broker
from ticklake.clock import SystemClock
from ticklake_io import confluent_producer, kafka_producer
from ticklake_io.kafka_producer import KafkaPublisher, Publisher
from ticklake_io.kafka_view import KafkaView
from ticklake_io.records import Records

TOO_LARGE = b"x" * 2_000_000
PARTITIONS = 2
CLOSED_S = 5.0
"""A quarter of the budget of a stop."""
CLIENTS: dict[str, Callable[..., Publisher]] = {"kafka-python": kafka_producer.connect, "confluent": confluent_producer.connect}

Record = tuple[bytes | None, bytes | None]


class Subject:
    """A publisher and what arrived behind it."""

    def __init__(self, kind: str, request: pytest.FixtureRequest) -> None:
        self._memory, self._kafka, self._bootstrap = MemoryPublisher(), CommandedKafka(), ""
        self._topic = f"ticks-{uuid.uuid4()}"
        self.publisher: Publisher = self._memory
        if kind == "commanded":
            self.publisher = KafkaPublisher(self._kafka, "t", ManualClock(), lambda: False)
        if kind in CLIENTS:
            self._bootstrap = request.getfixturevalue("broker")
            create(self._bootstrap, self._topic, PARTITIONS)
            self.publisher = CLIENTS[kind](self._bootstrap, self._topic, clock=SystemClock(), wait=threading.Event().wait)

    def arrived(self) -> list[Record]:
        """Records by partition, in their order there."""
        if not self._bootstrap:
            return self._memory.records or [*self._kafka.records]
        return [record for partition in read(self._bootstrap, self._topic, PARTITIONS) for record in partition]


def create(bootstrap: str, topic: str, partitions: int) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}})


def read(bootstrap: str, topic: str, partitions: int) -> list[list[Record]]:
    """All records of a topic, a list a partition."""
    with closing(KafkaView(bootstrap)) as view:
        ends = view.ends(topic)
        found = view.read(topic, {partition: (0, end) for partition, end in ends.items()})
    records = [found.get(partition, Records()) for partition in range(partitions)]
    return [list(zip(each.keys, each.values, strict=True)) for each in records]


@pytest.fixture(params=["memory", "commanded", *CLIENTS])
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


def test_both_clients_send_a_symbol_to_the_same_partition(broker: str) -> None:
    """Its ticks would otherwise lose their order when the client is changed."""
    keys = [*(b"%c%d" % (65 + number % 26, number) for number in range(200)), b"", "Ä".encode()]
    found = []
    for connect in CLIENTS.values():
        topic = f"ticks-{uuid.uuid4()}"
        create(broker, topic, 7)
        publisher = connect(broker, topic, clock=SystemClock(), wait=threading.Event().wait)
        assert all(publisher.publish(key, b"x") for key in keys)
        assert flushed(publisher)
        publisher.close()
        found.append([{key for key, _ in partition} for partition in read(broker, topic, 7)])
    assert found[0] == found[1]
    assert all(found[0])


@pytest.mark.parametrize("client", CLIENTS)
def test_headers_and_absent_keys_and_values_arrive_as_they_were(broker: str, client: str) -> None:
    topic = f"ticks-{uuid.uuid4()}"
    create(broker, topic, 1)
    publisher = CLIENTS[client](broker, topic, clock=SystemClock(), wait=threading.Event().wait)
    assert publisher.publish(None, b"value", [("reason", b"r\xff"), ("topic", b"t")])
    assert publisher.publish(b"", None)
    assert flushed(publisher)
    publisher.close()
    assert read(broker, topic, 1) == [[(None, b"value"), (b"", None)]]
    with closing(KafkaView(broker)) as view:
        assert [headers for _, _, headers in view.newest(topic, 2)] == [{"reason": "r\ufffd", "topic": "t"}, {}]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_full_window_waits_for_the_broker_and_stays_within_its_bound(broker: str, client: str) -> None:
    topic = f"ticks-{uuid.uuid4()}"
    create(broker, topic, 1)
    publisher = CLIENTS[client](broker, topic, clock=SystemClock(), wait=threading.Event().wait, window=50)
    most = 0
    for number in range(1_000):
        assert publisher.publish(b"A", b"%d" % number)
        most = max(most, publisher.counts().buffered)
    assert flushed(publisher)
    assert 0 < most <= 50
    publisher.close()
    assert [value for _, value in read(broker, topic, 1)[0]] == [b"%d" % number for number in range(1_000)]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_dead_broker_has_not_acknowledged_keeps_nobody_from_closing(tmp_path: Path, client: str) -> None:
    before = set(threading.enumerate())
    with running_broker(tmp_path) as bootstrap:
        create(bootstrap, "t", 1)
        publisher = CLIENTS[client](bootstrap, "t", clock=SystemClock(), wait=threading.Event().wait)
    assert publisher.publish(b"A", b"1")
    assert not publisher.flush(0.1)
    began = time.monotonic()
    publisher.close()
    assert time.monotonic() - began < CLOSED_S
    assert set(threading.enumerate()) <= before
