"""The producer's metrics, read from its objects when they are asked for: a tick costs nothing more for being counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from prometheus_client.registry import Collector

from streaming.families import Families
from streaming.producer.source import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from streaming.producer.desk import Desk
    from streaming.producer.rejects import Rejects

_OF = Families("ticklake_producer")


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
        yield _OF.counter("ticks", "Ticks that a source gave.", {name: each.taken for name, each in sources.items()}, "source")
        yield _OF.counter("rejects", "What a source gave that is no tick, by class.", self._rejects.counts, "source", "error")
        errors = {(name, error): count for name, each in health.items() for error, count in each.errors.items()}
        yield _OF.counter("source_errors", "Errors of a source, by class.", errors, "source", "error")
        yield _OF.counter("source_reconnects", "Connections made anew.", {name: each.reconnects for name, each in health.items()}, "source")
        yield _OF.counter("source_gaps", "Gaps found in what a source was sent.", {name: each.gaps for name, each in health.items()}, "source")
        states = {(name, state): float(each.state == state) for name, each in health.items() for state in get_args(State)}
        yield _OF.gauge("source_state", "1 for the state that a source is in.", states, "source", "state")
        left = {name: each.calls_left for name, each in health.items() if each.calls_left is not None}
        yield _OF.gauge("calls_left", "Calls that the plan of a source has left.", left, "source")
        yield _OF.counter("duty_changes", "Instruments that went from one source to another.", self._desk.changes, "before", "after")
        yield _OF.gauge("standing_in", "Instruments that a standby delivers now.", len(self._desk.standing_in))

    def _records(self) -> Iterator[Metric]:
        counts = self._desk.counts
        yield _OF.counter("records_sent", "Records handed to the Kafka client.", counts.sent)
        yield _OF.counter("records_acknowledged", "Records that the broker has.", counts.acked)
        yield _OF.counter("records_refused", "Records that the broker refused as too large.", counts.rejected)
        yield _OF.gauge("records_buffered", "Records sent and not acknowledged yet.", counts.buffered)
        yield _OF.gauge("last_ack_age_seconds", "Time since the broker acknowledged a record.", self._desk.last_ack_age_s)
