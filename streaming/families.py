"""Metrics of a service as its objects have them when somebody asks; none is kept twice."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Values = float | Mapping[str, float] | Mapping[tuple[str, str], float]
"""A value, or values by the label or the two labels that they carry."""


class Families:
    """Makes metrics whose names begin alike."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def counter(self, name: str, text: str, values: Values, *labels: str) -> Metric:
        """What only grows."""
        return _filled(CounterMetricFamily(f"{self._prefix}_{name}", text, labels=labels), values)

    def gauge(self, name: str, text: str, values: Values, *labels: str) -> Metric:
        """What may also fall."""
        return _filled(GaugeMetricFamily(f"{self._prefix}_{name}", text, labels=labels), values)


def _filled(family: CounterMetricFamily | GaugeMetricFamily, values: Values) -> Metric:
    if not isinstance(values, Mapping):
        family.add_metric([], values)
        return family
    for key, value in dict(values).items():  # a copy: others may add to it meanwhile
        family.add_metric([key] if isinstance(key, str) else list(key), value)
    return family
