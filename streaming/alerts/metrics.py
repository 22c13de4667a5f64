"""The service's metrics: its own counts, read when somebody asks; none is kept twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streaming.alerts.progress import Progress
from ticklake.clock import Clock

PREFIX = "ticklake_alerts"


class Metrics(Collector):
    """The figures of loop and clerk at the time of asking."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress = progress
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        now, done = self._clock.monotonic(), self._progress
        yield _count("records", "Records read from Kafka.", done.records)
        yield _count("rejects", "Records that are no ticks; the lake keeps them with the reason.", done.rejects)
        yield _counts("ticks", "Ticks by what became of them: counted, late, repeated, ahead of the broker's clock.", "became", done.tally.ticks)
        yield _count("judged", "Times that a rule looked at a tick.", done.tally.judged)
        yield _count("said", "Alerts that were published.", done.alerts)
        yield _count("stored", "Alerts that were handed to the warehouse.", done.stored)
        yield _count("saves", "Times that a partition's place was saved.", done.saves)
        yield _count("rebalances", "Changes of the partitions that are ours.", done.rebalances)
        yield _count("expired_records", "Offsets that the broker deleted before they were read.", done.expired)
        lag = GaugeMetricFamily(f"{PREFIX}_lag_records", "Records at the broker that were not judged.", labels=["partition"])
        for partition, records in done.lag.items():
            lag.add_metric([str(partition)], records)
        yield lag
        yield _gauge("partitions", "Partitions that are ours.", len(done.lag))
        yield _gauge("rules", "Rules in effect.", done.rules)
        yield _gauge("unstored", "Alerts that wait for the warehouse.", done.unstored)
        yield _gauge("warehouse_up", "0 while the warehouse did not answer when it was asked last.", not done.warehouse_error)
        yield _gauge("last_poll_seconds", "Age of the last successful poll.", now - done.polled_at)
        yield _gauge("last_save_seconds", "Age of the last save.", now - done.saved_at)


def _count(name: str, text: str, value: int) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", text, value)


def _counts(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=[label])
    for key, value in dict(values).items():
        family.add_metric([key], value)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, float(value))
