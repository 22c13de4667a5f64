"""What monitor_pipeline has measured in a day: a strip of figures, charts over time, and every metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard.components import timeline
from dashboard.components.answers import answered, rows_of, written
from dashboard.look import Look
from dashboard.pipeline import measured
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.thresholds import Threshold

NOTHING = "Nothing has been measured in 24 hours. monitor_pipeline measures every five minutes: look at its runs in Airflow."

COLUMNS = 2
"""Charts beside each other."""


def draw(look: Look, tables: Tables, now: Callable[[], datetime], since: datetime, limits: Sequence[Threshold]) -> None:
    """The panel: measurements since `since`, and how each stands to its limit; `now` gives the time, with zone."""
    st.subheader("The last 24 hours", anchor=False)
    newest = rows_of(tables.read("pipeline_metrics", Subject.METRICS, since=since), "The measurements", NOTHING)
    if newest is None:
        return
    strip = measured.strip(newest, limits, now())
    for figure, column in zip(strip, st.columns(len(strip)), strict=True):
        column.metric(figure.label, figure.text, figure.standing or None, delta_color="off", delta_arrow="off", help=figure.meaning)
    series = answered(tables.read("pipeline_series", Subject.METRICS, since=since), "The series")
    if series is not None:
        _lines(look, series, limits)
    hours = answered(tables.read("pipeline_hours", Subject.METRICS, since=since), "Availability by hour")
    if hours is not None:
        _hours(look, hours)
    with st.expander("Every metric, as last measured"):
        st.dataframe(newest.assign(MEASURED_AT=written(newest["MEASURED_AT"], look.tz(None))), hide_index=True, key="metrics")


def _lines(look: Look, series: pd.DataFrame, limits: Sequence[Threshold]) -> None:
    drawn = [(line, measured.lines(series, line)) for line in measured.LINES]
    places = st.columns(COLUMNS, gap="medium")
    for nth, (line, data) in enumerate((line, data) for line, data in drawn if len(data)):
        _chart(look, places[nth % COLUMNS], line.title, line.unit, data, measured.limit_of(line, limits))


def _hours(look: Look, hours: pd.DataFrame) -> None:
    judged = hours[hours["JUDGED"] > 0]
    places = st.columns(COLUMNS, gap="medium")
    share = pd.DataFrame({"SERIES": "available", "MEASURED_AT": judged["HOUR_START"], "VALUE": 100 * judged["AVAILABLE"] / judged["JUDGED"]})
    used = pd.DataFrame({"SERIES": "statements", "MEASURED_AT": hours["HOUR_START"], "VALUE": hours["WAREHOUSE_S"]})
    if len(share):
        _chart(look, places[0], "Available minutes, by hour", "%", share, None)
    _chart(look, places[1], "Warehouse, seconds of statements by hour", "s", used, None)


def _chart(look: Look, place: st.delta_generator.DeltaGenerator, title: str, unit: str, data: pd.DataFrame, limit: float | None) -> None:
    key = title.lower().replace(" ", "_")
    with place:
        st.caption(title)
        drawn = timeline.line_data(data, look.tz(None))
        alt = timeline.describe(title, unit, data, limit)
        st.vega_lite_chart(drawn, timeline.line_spec(look.palette, unit, limit), width="stretch", key=key, alt=alt)
        with st.expander("As a table"):
            st.dataframe(drawn[["CLOCK", "SERIES", "VALUE"]].iloc[::-1], hide_index=True, height=240, key=f"{key}_table")
