"""The producer: sources to a publisher, every tick accounted for, whatever happens."""

from __future__ import annotations

import argparse
import math
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from queue import Queue

import pytest
from kafka.errors import InvalidTopicError, KafkaTimeoutError

from streaming.producer.run import Producer, Summary
from streaming.producer.source import Request, Wait, create, names
from tests.fakes.clock import ManualClock
from tests.fakes.producer import CommandedKafka, ListSource, MemoryPublisher
from tests.fixtures import services
from tests.fixtures.logs import logged
from ticklake.clock import SystemClock
from ticklake.errors import BadLine, BrokerUnavailable, ConfigError, Reject, TicklakeError
from ticklake.instruments import Instruments
from ticklake.tick import Tick
from ticklake_cli import produce
from ticklake_io.kafka_producer import SILENCE_S, Counts, KafkaPublisher, connect

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


def tick(number: int, symbol: str = "A") -> Tick:
    return Tick(tick_id=f"x-{number}", symbol=symbol, kind="trade", event_time=AT, received_at=AT, price="1.0", source="list", feed="replay", sequence=number)


class Run:
    """A producer over `sources` with what it reports."""

    def __init__(self, *sources: ListSource, limit: int | None = None, publisher: MemoryPublisher | None = None, shutdown_s: float = 10.0) -> None:
        self.publisher = publisher or MemoryPublisher()
        self.stop = threading.Event()
        self.bad: list[tuple[str, str]] = []
        self._producer = Producer(sources, self.publisher, Instruments(), SystemClock(), self.stop, shutdown_s=shutdown_s, on_reject=self._reject, limit=limit)

    def _reject(self, source: str, reject: Reject) -> None:
        self.bad.append((source, str(reject)))

    def go(self) -> Summary:
        return self._producer.run()


def test_every_tick_and_every_bad_line_is_accounted_for() -> None:
    job = Run(ListSource([tick(0), BadLine("f", 3, "no"), tick(1)]), ListSource([tick(2, "B")], "other"))
    summary = job.go()
    assert summary[:4] == (3, 3, 0, 1)
    assert sorted(key for key, _ in job.publisher.records) == [b"A", b"A", b"B"]
    assert job.bad == [("list", "f, line 3: no")]


def test_a_limit_counts_ticks_only() -> None:
    job = Run(ListSource([tick(0), BadLine("f", 3, "no"), tick(1), tick(2)]), limit=2)
    assert job.go().sent == 2


@pytest.mark.parametrize("limit", [0, 1])
def test_a_limit_that_is_reached_is_not_waited_behind(limit: int) -> None:
    """The tick after the last one wanted may come tomorrow, and cost a call of a plan."""
    job = Run(ListSource([tick(number) for number in range(limit)], endless=True), limit=limit)
    overdue = threading.Timer(5.0, job.stop.set)
    overdue.start()
    assert job.go().acked == limit
    assert overdue.is_alive()
    overdue.cancel()


@pytest.mark.parametrize("failure", [BrokerUnavailable("gone"), ConfigError("wrong"), KeyError("a bug")])
def test_what_a_source_raises_stops_the_others_and_is_raised(failure: Exception) -> None:
    job = Run(ListSource([tick(0)], endless=True), ListSource([tick(1), failure]))
    with pytest.raises(type(failure)):
        job.go()
    assert job.stop.is_set()


def test_a_failed_delivery_is_raised_though_the_source_is_quiet() -> None:
    job = Run(ListSource([tick(0)], endless=True))
    job.publisher.failing = True
    with pytest.raises(BrokerUnavailable):
        job.go()


def test_a_stop_ends_intake_and_acknowledges_what_was_taken() -> None:
    job = Run(ListSource([tick(0)], endless=True))
    threading.Timer(0.05, job.stop.set).start()
    assert job.go()[:3] == (1, 1, 0)


def test_a_stop_while_the_broker_is_silent_ends_in_time_and_says_what_is_open() -> None:
    job = Run(ListSource([tick(0)], endless=True), shutdown_s=0.02)
    job.publisher.answering = False
    job.stop.set()
    job.publisher.publish(b"A", b"taken before")
    with pytest.raises(BrokerUnavailable, match="1 ticks are not acknowledged"):
        job.go()


class DeafSource(ListSource):
    """Does not hear that it shall stop, until the test is over."""

    def __init__(self) -> None:
        super().__init__([], "deaf")
        self.over = threading.Event()

    def ticks(self, wait: Wait) -> Iterator[Tick | Reject]:
        yield tick(0)
        self.over.wait()
        yield tick(1)


def test_a_source_that_ignores_the_stop_is_left_behind_and_named() -> None:
    source = DeafSource()
    job = Run(source, ListSource([tick(2)], endless=True), shutdown_s=1.0)
    threading.Timer(0.05, job.stop.set).start()
    begin = time.monotonic()
    with logged() as events:
        summary = job.go()
    assert time.monotonic() - begin < 2.0
    source.over.set()
    assert summary.sent == summary.acked == 2
    assert [each["source"] for each in events if each["event"] == "source_does_not_end"] == ["deaf"]


def test_past_the_window_publish_waits_until_the_process_stops() -> None:
    kafka, stop = CommandedKafka(answering=False), threading.Event()
    publisher = KafkaPublisher(kafka, "t", ManualClock(), stop.is_set, window=2)
    assert publisher.publish(b"A", b"1")
    assert publisher.publish(b"A", b"2")
    stop.set()
    assert not publisher.publish(b"A", b"3")
    assert publisher.counts() == (2, 0, 0, 2)
    kafka.answer()
    assert publisher.publish(b"A", b"3")
    assert len(kafka.records) == 3


def test_while_publish_waits_for_the_broker_others_can_count() -> None:
    """The supervising loop counts: the rota, the metrics and health would stand while the broker is away."""
    kafka, stop, waits = CommandedKafka(answering=False), threading.Event(), threading.Event()

    def stopping() -> bool:
        waits.set()
        return stop.is_set()

    publisher = KafkaPublisher(kafka, "t", ManualClock(), stopping, window=1)
    publisher.publish(b"A", b"1")
    taken: list[bool] = []
    waiting = threading.Thread(target=lambda: taken.append(publisher.publish(b"A", b"2")))
    waiting.start()
    assert waits.wait(5.0)
    counted: Queue[Counts] = Queue()
    threading.Thread(target=lambda: counted.put(publisher.counts()), daemon=True).start()
    try:
        assert counted.get(timeout=5.0) == (1, 0, 0, 1)
        kafka.answer()
        waiting.join(5.0)
    finally:
        stop.set()
    assert (taken, publisher.counts()) == ([True], (2, 1, 0, 1))


@pytest.mark.parametrize(("cause", "ours"), [(KafkaTimeoutError("900 s"), BrokerUnavailable), (InvalidTopicError("x"), ConfigError)])
def test_a_delivery_that_failed_for_good_is_raised_in_one_line(cause: Exception, ours: type[TicklakeError]) -> None:
    kafka = CommandedKafka(answering=False)
    publisher = KafkaPublisher(kafka, "t", ManualClock(), lambda: False)
    publisher.publish(b"A", b"1")
    kafka.answer(cause)
    with pytest.raises(ours) as caught:
        publisher.flush(0.0)
    assert "\n" not in str(caught.value)


def test_an_outage_is_reported_once_and_its_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("ticklake_io.kafka_producer.log.warning", lambda event, **_: told.append(event))
    monkeypatch.setattr("ticklake_io.kafka_producer.log.info", lambda event, **_: told.append(event))
    kafka, clock = CommandedKafka(answering=False), ManualClock()
    publisher = KafkaPublisher(kafka, "t", clock, lambda: False)
    publisher.publish(b"A", b"1")
    for _ in range(5):
        clock.advance(SILENCE_S)
        publisher.counts()
    assert told == ["broker_silent"]
    kafka.answer()
    publisher.counts()
    publisher.counts()
    assert told == ["broker_silent", "broker_back"]


@pytest.mark.parametrize(("patience", "stopped", "tries"), [(0.0, False, 2), (3.0, False, 3), (60.0, True, 1)])
def test_a_broker_that_is_not_there_is_waited_for_and_then_named(monkeypatch: pytest.MonkeyPatch, patience: float, stopped: bool, tries: int) -> None:
    asked: list[object] = []

    def refused(**options: object) -> None:
        asked.append(options["bootstrap_servers"])
        raise KafkaTimeoutError("Failed to bootstrap")

    clock = ManualClock()

    def wait(seconds: float) -> bool:
        clock.advance(seconds)
        return stopped

    monkeypatch.setattr("ticklake_io.kafka_producer.KafkaProducer", refused)
    with pytest.raises(BrokerUnavailable, match="no topic t at h:1"):
        connect("h:1", "t", clock=clock, wait=wait, patience_s=patience)
    assert len(asked) == tries


def test_sources_are_found_by_name() -> None:
    assert {"replay", "simulator"} <= set(names())
    with pytest.raises(ConfigError, match=r"'nope' is unknown; there are .*replay, simulator"):
        create("nope", Request(), services.settings(), Instruments(), ManualClock())


@pytest.mark.parametrize("wrong", [{"rate": 0.0}, {"rate": -1.0}, {"rate": math.nan}, {"rate": math.inf}, {"speed": 0.0}, {"speed": math.nan}])
def test_a_pace_must_be_above_zero(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        Request(**wrong)  # type: ignore[arg-type]


def test_the_command_reads_its_arguments() -> None:
    parser = argparse.ArgumentParser()
    produce.add_arguments(parser)
    args = parser.parse_args(["--source", "replay", "--symbols", "A, B", "--speed", "max", "--rebase", "--limit", "5"])
    assert (args.symbols, args.speed, args.rebase, args.limit) == (("A", "B"), math.inf, True, 5)
    assert parser.parse_args(["--source", "simulator"]).speed == 1.0
