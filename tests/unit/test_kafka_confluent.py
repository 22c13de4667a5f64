"""What librdkafka's adapters do with errors: none is lost, and none takes records with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Queue
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from tests.fakes.clock import ManualClock
from ticklake.errors import BrokerRefused, BrokerUnavailable, ConfigError, TicklakeError
from ticklake_io import confluent_producer
from ticklake_io.confluent_client import Trouble
from ticklake_io.confluent_producer import ConfluentPublisher
from ticklake_io.kafka_producer import Counts
from ticklake_io.kafka_rights import Rights

RIGHTS = Rights("user ana", "Write", "t", "g")
DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN)
NO_ENTRY = KafkaError(KafkaError._AUTHENTICATION, "invalid credentials")

Report = Callable[[KafkaError | None, Any], None]


class CommandedProducer:
    """The part of librdkafka's producer that `ConfluentPublisher` uses; `answers` settle what was sent at the next poll."""

    def __init__(self, room: int = 1_000) -> None:
        self.room = room
        self.answers: list[KafkaError | None] = []
        self.fatal: KafkaError | None = None
        self.nap_s = 0.0
        self.asleep, self.awake = threading.Event(), threading.Event()
        self._open: list[Report] = []

    def produce(self, topic: str, value: bytes, key: bytes, on_delivery: Report, headers: object) -> None:
        if len(self._open) >= self.room:
            raise BufferError
        self._open.append(on_delivery)

    def poll(self, seconds: float) -> int:
        if self.fatal:
            raise KafkaException(self.fatal)
        if seconds and self.nap_s:
            self.asleep.set()
            self.awake.wait(self.nap_s)
        while self._open and self.answers:
            self._open.pop(0)(self.answers.pop(0), None)
        return 0

    flush = poll


def publisher(producer: Any, *, window: int = 100, stopping: bool = False) -> ConfluentPublisher:
    return ConfluentPublisher(producer, "t", ManualClock(), lambda: stopping, Trouble(RIGHTS), RIGHTS, window)


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        (KafkaError._MSG_TIMED_OUT, BrokerUnavailable),
        (KafkaError.NOT_ENOUGH_REPLICAS, BrokerUnavailable),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, BrokerRefused),
        (KafkaError.CLUSTER_AUTHORIZATION_FAILED, BrokerRefused),
        (KafkaError.TOPIC_EXCEPTION, ConfigError),
    ],
)
def test_a_delivery_that_failed_for_good_is_raised_once_in_one_line(code: int, ours: type[TicklakeError]) -> None:
    producer = CommandedProducer()
    subject = publisher(producer)
    for _ in range(3):
        subject.publish(b"A", b"1")
    producer.answers = [None, KafkaError(code, retriable=code == KafkaError.NOT_ENOUGH_REPLICAS), None]
    with pytest.raises(ours) as caught:
        subject.flush(0.0)
    assert "\n" not in str(caught.value)
    assert subject.counts() == (3, 2, 0, 0)


def test_a_fatal_error_is_told_by_every_call() -> None:
    producer = CommandedProducer()
    subject = publisher(producer)
    producer.fatal = KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED, fatal=True)
    for call in (subject.counts, lambda: subject.flush(0.0)):
        with pytest.raises(BrokerRefused, match="user ana may not Write topic t"):
            call()


class RefusedProducer:
    """A producer that the broker has refused for good: all that is called says so."""

    def __init__(self, options: object) -> None: ...

    def refuse(self, *_: object, **__: object) -> None:
        raise KafkaException(KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED, "no producer id", fatal=True))

    list_topics = poll = purge = close = refuse


def test_a_fatal_error_before_the_topic_is_known_is_told_in_our_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confluent_producer, "Producer", RefusedProducer)
    with pytest.raises(BrokerRefused, match="an anonymous client may not Write topic t"):
        confluent_producer.connect("127.0.0.1:9", "t", clock=ManualClock(), wait=lambda _: True)


@pytest.mark.parametrize("producer", [CommandedProducer(), CommandedProducer(room=2)])
def test_who_is_stopped_while_there_is_no_room_takes_no_record(producer: CommandedProducer) -> None:
    subject = publisher(producer, window=2, stopping=True)
    assert subject.publish(b"A", b"1")
    assert subject.publish(b"A", b"2")
    assert not subject.publish(b"A", b"3")
    assert subject.counts() == (2, 0, 0, 2)


def test_a_record_waits_for_room_and_is_taken() -> None:
    producer = CommandedProducer(room=1)
    subject = publisher(producer)
    assert subject.publish(b"A", b"1")
    producer.answers = [None]
    assert subject.publish(b"A", b"2")
    assert subject.counts() == (2, 1, 0, 1)


def test_while_publish_waits_for_room_others_can_count() -> None:
    producer, stop = CommandedProducer(), threading.Event()
    subject = ConfluentPublisher(producer, "t", ManualClock(), stop.is_set, Trouble(RIGHTS), RIGHTS, window=1)  # type: ignore[arg-type]
    subject.publish(b"A", b"1")
    waiting = threading.Thread(target=subject.publish, args=(b"A", b"2"), daemon=True)
    producer.nap_s = 30.0
    waiting.start()
    assert producer.asleep.wait(5.0)
    counted: Queue[Counts] = Queue()
    threading.Thread(target=lambda: counted.put(subject.counts()), daemon=True).start()
    try:
        assert counted.get(timeout=5.0) == (1, 0, 0, 1)
    finally:
        stop.set()
        producer.awake.set()
        waiting.join(5.0)


def test_a_refusal_wins_over_an_outage_and_each_is_told_once() -> None:
    trouble = Trouble(RIGHTS)
    for errors in ((DOWN, NO_ENTRY), (NO_ENTRY, DOWN)):
        for error in errors:
            trouble(error)
        with pytest.raises(BrokerRefused, match="does not let user ana in"):
            trouble.tell()
        trouble.tell()


def test_an_outage_that_is_over_is_forgotten_and_a_refusal_is_not() -> None:
    trouble = Trouble(RIGHTS)
    trouble(DOWN)
    trouble.over()
    trouble.tell()
    trouble(NO_ENTRY)
    trouble.over()
    with pytest.raises(BrokerRefused):
        trouble.tell()


def test_one_broker_that_is_away_is_no_trouble() -> None:
    trouble = Trouble(RIGHTS)
    trouble(KafkaError(KafkaError._TRANSPORT))
    trouble.tell()
