"""The service's metrics: its own counts, read when somebody asks; none is kept twice."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streaming import member
from streaming.alerts.progress import Progress
from streaming.families import Families
from ticklake.clock import Clock

PREFIX = "ticklake_alerts"
_OF = Families(PREFIX)


class Metrics(Collector):
    """The figures of loop and clerk at the time of asking."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress = progress
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        now, done = self._clock.monotonic(), self._progress
        yield from member.metrics(_OF, done, now, lag="Records at the broker that were not judged.")
        yield _OF.counter("rejects", "Records that are no ticks; the lake keeps them with the reason.", done.rejects)
        yield _OF.counter("ticks", "Ticks by what became of them: counted, late, repeated, ahead of the broker's clock.", done.tally.ticks, "became")
        yield _OF.counter("judged", "Times that a rule looked at a tick.", done.tally.judged)
        yield _OF.counter("said", "Alerts that were published.", done.alerts)
        yield _OF.counter("stored", "Alerts that were handed to the warehouse.", done.stored)
        yield _OF.counter("saves", "Times that a partition's place was saved.", done.saves)
        yield _OF.gauge("rules", "Rules in effect.", done.rules)
        yield _OF.gauge("unstored", "Alerts that wait for the warehouse.", done.unstored)
        yield _OF.gauge("warehouse_up", "0 while the warehouse did not answer when it was asked last.", not done.warehouse_error)
        yield _OF.gauge("last_save_seconds", "Age of the last save.", now - done.saved_at)
