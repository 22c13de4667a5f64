"""What /metrics shows of a dashboard, read from its objects when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dashboard.meter import Meter
from dashboard.screen import Screen

PREFIX = "ticklake_dashboard"


class DashboardMetrics(Collector):
    """Ages at which ticks were first on the board, and how long reruns take."""

    def __init__(self, screen: Screen, meter: Meter) -> None:
        self._screen, self._meter = screen, meter

    def collect(self) -> Iterator[Metric]:
        buckets, total_s = self._screen.totals()
        yield HistogramMetricFamily(f"{PREFIX}_to_screen_seconds", "Age of ticks when they were first on the board.", buckets, total_s)
        reruns = self._meter.report()
        seconds = GaugeMetricFamily(f"{PREFIX}_rerun_seconds", "Runs of pages and fragments in the last five minutes.", labels=["quantile"])
        for name in ("p50", "p95", "p99"):
            seconds.add_metric([f"0.{name[1:]}"], reruns[name])
        yield seconds
        yield GaugeMetricFamily(f"{PREFIX}_reruns", "How many these were.", reruns["count"])
