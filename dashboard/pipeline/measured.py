"""What monitor_pipeline has measured, as a strip of figures and as lines: each with the limit that its alarm has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd

from dashboard import figures
from ticklake.thresholds import Threshold

OLD_S = 900.0
"""Age in seconds past which a measurement says more about the monitor than about what it measures; it runs every five minutes."""


class Figure(NamedTuple):
    """A figure of the strip: its label, the figure written out, how it stands to its limit in words, and what it is."""

    label: str
    text: str
    standing: str
    meaning: str


class _Kind(NamedTuple):
    metric: str
    label: str
    write: Callable[[float], str]
    worst: Callable[[pd.Series], float]
    meaning: str


class Line(NamedTuple):
    """A chart of the page: its title, its unit, and the metrics whose series it draws, by name."""

    title: str
    unit: str
    metrics: Mapping[str, str]
    label: str | None = None
    """The label that tells series of one metric apart."""


_KINDS = [
    _Kind("availability_percent", "Available, 24 h", lambda v: f"{v:.3f} %", pd.Series.min, "Minutes in which no record waited longer than a hop's target"),
    _Kind(
        "copy_success_percent", "Objects loaded, 24 h", lambda v: f"{v:.2f} %", pd.Series.min, "Raw objects that were loaded, of those that should have been"
    ),
    _Kind("lag_records", "Consumer lag", figures.count, pd.Series.max, "Records at the broker that the lake does not have yet"),
    _Kind("load_p95_s", "Load, p95 of 1 h", lambda v: f"{v:.1f} s", pd.Series.max, "From an object's landing to its ticks in CURATED"),
    _Kind(
        "dashboard_response_s",
        "Dashboard answers in",
        lambda v: f"{v:.1f} s" if v >= 1 else f"{1000 * v:.0f} ms",
        pd.Series.max,
        "This dashboard's health page, as monitor_pipeline finds it",
    ),
    _Kind("warehouse_credits_day", "Warehouse, 24 h", lambda v: f"{v:.2f} credits", pd.Series.max, "Of an X-Small that sleeps between statements (estimate)"),
    _Kind("calls_left", "Provider calls left", figures.count, pd.Series.min, "Of the plan of the source that has the fewest"),
]

LINES = [
    Line("How long records wait, by hop", "s", {"hop_waiting_s": "waits"}, "hop"),
    Line("Age of the newest tick, by hop", "s", {"hop_age_s": "age"}, "hop"),
    Line("Consumer lag, by topic", "records", {"lag_records": "lag"}, "topic"),
    Line("Load, from landing to CURATED", "s", {"load_p50_s": "p50", "load_p95_s": "p95"}),
    Line("Ticks, from received to on screen", "s", {"to_screen_p50_s": "p50", "to_screen_p95_s": "p95", "to_screen_p99_s": "p99"}),
    Line("Objects loaded", "%", {"copy_success_percent": "loaded"}),
    Line("Dashboard's own response", "s", {"dashboard_response_s": "health page", "dashboard_rerun_p95_s": "rerun, p95"}),
    Line("Provider calls left", "calls", {"calls_left": "left"}, "source"),
]
"""The charts of the page; one without a series is not drawn."""


def strip(metrics: pd.DataFrame, limits: Sequence[Threshold], now: datetime) -> list[Figure]:
    """The strip from rows of pipeline_metrics.sql: of several values of a metric the worst; n/a for one that is not measured."""
    by_metric = {limit.metric: limit for limit in limits}
    return [_figure(kind, metrics[metrics["NAME"] == kind.metric], by_metric.get(kind.metric), now) for kind in _KINDS]


def _figure(kind: _Kind, found: pd.DataFrame, limit: Threshold | None, now: datetime) -> Figure:
    if found.empty:
        return Figure(kind.label, figures.UNKNOWN, "○ not measured", kind.meaning)
    value = kind.worst(found["VALUE"].astype(float))
    age_s = figures.span(now, pd.Timestamp(found["MEASURED_AT"].max()).tz_localize(UTC).to_pydatetime())
    if age_s > OLD_S:
        return Figure(kind.label, kind.write(value), f"○ measured {figures.duration(age_s)} ago", kind.meaning)
    return Figure(kind.label, kind.write(value), _standing(value, limit), kind.meaning)


def _standing(value: float, limit: Threshold | None) -> str:
    if limit is None:
        return ""
    if value > limit.limit if limit.bad == "above" else value < limit.limit:
        return f"▲ {limit.bad} {limit.limit:,}"
    return f"● {'at most' if limit.bad == 'above' else 'at least'} {limit.limit:,}"


def lines(series: pd.DataFrame, line: Line) -> pd.DataFrame:
    """What `line` draws of rows of pipeline_series.sql: SERIES, MEASURED_AT, VALUE, oldest first."""
    found = series[series["NAME"].isin(list(line.metrics))]
    names = found["NAME"].map(dict(line.metrics))
    if line.label is not None:
        names = pd.Series([_label(labels, line.label) or name for labels, name in zip(found["LABELS"], names, strict=True)], found.index, dtype=object)
    return pd.DataFrame({"SERIES": names, "MEASURED_AT": found["MEASURED_AT"], "VALUE": found["VALUE"]}).reset_index(drop=True)


def limit_of(line: Line, limits: Sequence[Threshold]) -> float | None:
    """The limit that a chart's metrics have in common; None where there is none."""
    return next((limit.limit for limit in limits if limit.metric in line.metrics and len(line.metrics) == 1), None)


def _label(labels: str, name: str) -> str | None:
    try:
        value = json.loads(labels).get(name)
    except (ValueError, AttributeError):
        return None
    return value if isinstance(value, str) else None
