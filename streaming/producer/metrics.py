"""The producer's metrics, read from its objects when they are asked for: a tick costs nothing more for being counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from streaming.producer.source import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from streaming.producer.desk import Desk
    from streaming.producer.rejects import Rejects


class ProducerMetrics(Collector):
    """What /metrics shows of a producer."""

    def __init__(self, desk: Desk, rejects: Rejects) -> None:
        self._desk, self._rejects = desk, rejects

    def collect(self) -> Iterable[Metric]:
        yield from self._sources()
        yield from self._records()

    def _sources(self) -> Iterator[Metric]:
        sources = {each.name: each for each in self._desk.sources}
        health = {name: each.health() for name, each in sources.items()}
        yield _counter("ticks", "Ticks that a source gave.", ["source"], [((name,), each.taken) for name, each in sources.items()])
        yield _counter("rejects", "What a source gave that is no tick, by class.", ["source", "error"], self._rejects.counts.copy().items())
        yield _counter(
            "source_errors",
            "Errors of a source, by class.",
            ["source", "error"],
            [((name, error), count) for name, each in health.items() for error, count in each.errors.items()],
        )
        yield _counter("source_reconnects", "Connections made anew.", ["source"], [((name,), each.reconnects) for name, each in health.items()])
        yield _counter("source_gaps", "Gaps found in what a source was sent.", ["source"], [((name,), each.gaps) for name, each in health.items()])
        yield _gauge(
            "source_state",
            "1 for the state that a source is in.",
            ["source", "state"],
            [((name, state), each.state == state) for name, each in health.items() for state in get_args(State)],
        )
        yield _gauge(
            "calls_left",
            "Calls that the plan of a source has left.",
            ["source"],
            [((name,), each.calls_left) for name, each in health.items() if each.calls_left is not None],
        )
        yield _counter("duty_changes", "Instruments that went from one source to another.", ["before", "after"], self._desk.changes.copy().items())
        yield _gauge("standing_in", "Instruments that a standby delivers now.", [], [((), len(self._desk.standing_in))])

    def _records(self) -> Iterator[Metric]:
        counts = self._desk.counts
        yield _counter("records_sent", "Records handed to the Kafka client.", [], [((), counts.sent)])
        yield _counter("records_acknowledged", "Records that the broker has.", [], [((), counts.acked)])
        yield _counter("records_refused", "Records that the broker refused as too large.", [], [((), counts.rejected)])
        yield _gauge("records_buffered", "Records sent and not acknowledged yet.", [], [((), counts.buffered)])
        yield _gauge("last_ack_age_seconds", "Time since the broker acknowledged a record.", [], [((), self._desk.last_ack_age_s)])


_Values = Iterable[tuple[tuple[str, ...], float]]
"""Values by the labels they carry."""


def _counter(name: str, text: str, labels: list[str], values: _Values) -> Metric:
    return _filled(CounterMetricFamily(f"ticklake_producer_{name}", text, labels=labels), values)


def _gauge(name: str, text: str, labels: list[str], values: _Values) -> Metric:
    return _filled(GaugeMetricFamily(f"ticklake_producer_{name}", text, labels=labels), values)


def _filled(family: CounterMetricFamily | GaugeMetricFamily, values: _Values) -> Metric:
    for labels, value in values:
        family.add_metric(list(labels), value)
    return family
