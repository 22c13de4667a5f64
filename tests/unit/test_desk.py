"""The desk: several sources side by side, what is told of them, and when the producer is healthy, ready, or at its end."""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from streaming.producer import __main__ as service
from streaming.producer.desk import SILENT_S, STUCK_S, Desk
from streaming.producer.kept import Kept
from streaming.producer.metrics import ProducerMetrics
from streaming.producer.rejects import Rejects
from streaming.producer.rota import Rota
from streaming.producer.source import Source, SourceHealth, Wait
from tests.fakes.clock import ManualClock
from tests.fakes.producer import ListSource, MemoryPublisher
from tests.fixtures import services
from tests.fixtures.logs import logged
from tests.unit.test_producer import tick
from ticklake.errors import BadPayload, SourceRefused, SourceUnavailable, TicklakeError
from ticklake.instruments import Instrument, Instruments
from ticklake.patience import Patience
from ticklake.tick import Tick
from ticklake_io.kafka_producer import Counts
from ticklake_io.producing import Producing
from ticklake_io.serving import Pages

LISTED = Instruments((Instrument(symbol="A", name="A", primary="list", standby=("other",)),))


class Metered(ListSource):
    """Has a plan."""

    def health(self) -> SourceHealth:
        return SourceHealth("ok", "free plan", calls_left=24, errors={"SourceUnavailable": 1}, reconnects=2, gaps=3, pace_s=math.inf)


class Scene:
    """A desk on a manual clock, with its pages; `sources` have been run to their end."""

    def __init__(self, *sources: Source) -> None:
        self.clock = ManualClock()
        self.rejects = Rejects(self.clock)
        kept = [Kept(each, Patience(self.clock, Random(1)), self.clock) for each in sources]
        rota = Rota(LISTED, [each.name for each in sources], silence_s=30.0, begin=self.clock.monotonic(), synthetic=lambda _: False)
        self.desk = Desk(kept, rota, self.clock)
        registry = CollectorRegistry()
        registry.register(ProducerMetrics(self.desk, self.rejects))
        self.pages = Pages(registry, self.desk.healthy, self.desk.ready, self.desk.report)
        stopped = iter([False, False])
        for each in kept:
            list(each.ticks(lambda seconds: seconds > 0 or next(stopped, True)))

    def passes(self, seconds: float, counts: Counts = Counts(0, 0, 0, 0)) -> None:  # noqa: B008 - a tuple
        self.clock.advance(seconds)
        self.desk.turn(counts)


@pytest.fixture
def scene() -> Scene:
    return Scene(ListSource([tick(0), SourceRefused("wrong key")]), Metered([tick(1, "B")], "other", endless=True))


def test_health_is_a_loop_that_turns_and_a_broker_that_acknowledges(scene: Scene) -> None:
    for _ in range(5):
        scene.passes(STUCK_S)
    assert scene.desk.healthy().ok, "with nothing to send nothing is owed"
    scene.clock.advance(STUCK_S + 1)
    assert scene.desk.healthy() == (False, "the supervising loop has not turned for 121 s")
    scene.passes(1, Counts(5, 1, 0, 4))
    scene.passes(STUCK_S, Counts(5, 1, 0, 4))
    assert scene.desk.healthy().ok
    scene.passes(1, Counts(5, 1, 0, 4))
    assert scene.desk.healthy() == (False, "4 records wait and none was acknowledged for 121 s")
    scene.passes(1, Counts(5, 2, 0, 3))
    assert scene.desk.healthy().ok, "one acknowledgement is progress"


def test_ready_is_a_broker_that_answers_and_one_source_that_is_ok(scene: Scene) -> None:
    scene.passes(1)
    assert scene.desk.ready() == (True, "list is refused, other is ok")
    scene.passes(1, Counts(1, 0, 0, 1))
    scene.passes(SILENT_S, Counts(1, 0, 0, 1))
    assert scene.desk.ready() == (False, "the broker has acknowledged nothing for 11 s")
    assert not Scene(ListSource([SourceRefused("wrong key")])).desk.ready().ok


def test_a_change_of_duty_is_told_once_and_counted(scene: Scene) -> None:
    with logged() as events:
        scene.passes(1)
        scene.passes(1)
    assert events == [{"event": "duty_changed", "log_level": "warning", "symbol": "A", "before": "list", "after": "other", "why": "list is refused"}]
    assert scene.desk.changes == {("list", "other"): 1}


def test_the_report_is_what_the_command_reads(scene: Scene) -> None:
    scene.passes(1)
    body = scene.pages.get("/status")[2]
    assert json.loads(body) == {
        "sources": [
            {"name": "list", "state": "refused", "symbols": 1, "steady": True, "calls_left": None, "errors": {"SourceRefused": 1}, "detail": "wrong key"},
            {"name": "other", "state": "ok", "symbols": 1, "steady": False, "calls_left": 24, "errors": {"SourceUnavailable": 1}, "detail": "free plan"},
        ],
        "standing_in": {"A": "other"},
    }
    lines = list(Producing.read(body).lines())
    assert lines[0].split() == ["list", "refused", "1", "symbols", "1", "SourceRefused;", "wrong", "key"]
    assert lines[2].split() == ["A", "other", "stands", "in"]


def test_the_metrics_are_those_of_the_sources_and_the_broker(scene: Scene) -> None:
    scene.rejects.take("other", BadPayload("other", "rubbish"))
    scene.passes(1, Counts(7, 5, 1, 1))
    scene.clock.advance(2.5)
    told = set(scene.pages.get("/metrics")[2].decode().splitlines())
    assert told >= {
        'ticklake_producer_ticks_total{source="list"} 1.0',
        'ticklake_producer_rejects_total{error="BadPayload",source="other"} 1.0',
        'ticklake_producer_source_errors_total{error="SourceRefused",source="list"} 1.0',
        'ticklake_producer_source_reconnects_total{source="other"} 2.0',
        'ticklake_producer_source_gaps_total{source="other"} 3.0',
        'ticklake_producer_source_state{source="list",state="refused"} 1.0',
        'ticklake_producer_source_state{source="other",state="refused"} 0.0',
        'ticklake_producer_calls_left{source="other"} 24.0',
        'ticklake_producer_duty_changes_total{after="other",before="list"} 1.0',
        "ticklake_producer_standing_in 1.0",
        "ticklake_producer_records_sent_total 7.0",
        "ticklake_producer_records_acknowledged_total 5.0",
        "ticklake_producer_records_refused_total 1.0",
        "ticklake_producer_records_buffered 1.0",
        "ticklake_producer_last_ack_age_seconds 2.5",
    }
    assert not any(line.startswith('ticklake_producer_calls_left{source="list"}') for line in told), "it has no plan"


def test_every_metric_is_in_the_table_and_every_row_of_it_is_a_metric(scene: Scene) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    documented = re.findall(r"^\| `(ticklake_producer_\w+)(?:{[^`]*})?` \|", page, re.MULTILINE)
    told = re.findall(r"^# TYPE (\S+)", generate_latest(scene.pages.registry).decode(), re.MULTILINE)
    assert sorted(documented) == sorted(told)


class Service:
    """The service over fakes of these names."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, **sources: Source) -> None:
        self.publisher, self.stop = MemoryPublisher(), threading.Event()
        file = folder / "ticklake.yaml"
        file.write_text("instruments: []\nsources:\n" + "".join(f"  {name}: {{symbols: [A]}}\n" for name in sources))
        self._settings = services.settings(sources=",".join(sources), config_file=file, producer_http_port=0)
        for module in ("source", "rota"):
            monkeypatch.setattr(f"streaming.producer.{module}.names", lambda: sorted(sources))
        monkeypatch.setattr(service, "create", lambda name, *_: sources[name])
        monkeypatch.setattr(service, "open_publisher", lambda *_, **__: self.publisher)

    def go(self) -> None:
        service.run(self._settings, self.stop)


class EndlessSource(ListSource):
    """Goes on until the test has seen enough: `until` is asked at each wait."""

    def __init__(self, until: Callable[[], bool], stop: threading.Event) -> None:
        super().__init__([], "good")
        self._until, self._stop = until, stop

    def ticks(self, wait: Wait) -> Iterator[Tick]:
        number = 0
        while not wait(0.01):
            yield tick(number, "GOOD")
            number += 1
            if self._until():
                self._stop.set()


@pytest.mark.parametrize("failure", [SourceUnavailable("busy", after_s=0.02), SourceRefused("wrong key"), ValueError("a bug"), KeyError("another")])
def test_a_source_that_fails_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: Exception) -> None:
    monkeypatch.setattr("streaming.producer.kept.COOLDOWN_S", 0.02)
    stop = threading.Event()
    bad = ListSource([tick(0, "BAD"), failure], "bad", endless=True)
    job = Service(monkeypatch, tmp_path, bad=bad, good=EndlessSource(lambda: len(job.publisher.records) > 20, stop))
    job.stop = stop
    job.go()
    keys = [key for key, _ in job.publisher.records]
    assert keys.count(b"BAD") == 1
    assert keys.count(b"GOOD") >= 19


def test_when_no_source_is_left_the_service_ends_with_what_ended_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    job = Service(monkeypatch, tmp_path, bad=ListSource([tick(0), SourceRefused("wrong key")], "bad"), done=ListSource([tick(1)], "done"))
    with pytest.raises(SourceRefused, match="wrong key"):
        job.go()
    assert len(job.publisher.records) == 2, "what came before it is delivered"


def test_a_delivery_that_fails_ends_the_service_whatever_the_sources_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    job = Service(monkeypatch, tmp_path, good=ListSource([tick(0)], "good", endless=True))
    job.publisher.failing = True
    with pytest.raises(TicklakeError, match="not delivered"):
        job.go()
