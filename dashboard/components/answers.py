"""Answers of the warehouse on a page: drawn, or one line that says why there is none; written out; taken away as a file."""

from __future__ import annotations

from datetime import UTC, tzinfo

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.components import headline
from dashboard.exports.desk import Extract
from dashboard.shared import Reading
from dashboard.tables import Param, Tables
from ticklake.changes import Subject


def answered(reading: Reading[pd.DataFrame], what: str) -> pd.DataFrame | None:
    """The newest answer, None before the first. One element is drawn in any case: why a newer one of `what` is missing, or nothing."""
    line = st.empty()
    if reading.problem:
        kept = " What was read before stays." if reading.value is not None else ""
        line.html(headline.note(f"{what}: {reading.problem}{kept}"))
    elif reading.value is None:
        line.html(headline.note(f"{what}: the warehouse is being asked."))
    return reading.value


def rows_of(reading: Reading[pd.DataFrame], what: str, nothing: str) -> pd.DataFrame | None:
    """The newest answer when it has rows; None else, and one line says why: what is in the way of `what`, or `nothing`."""
    found = answered(reading, what)
    if found is not None and found.empty:
        st.html(headline.note(nothing))
        return None
    return found


def written(times: pd.Series, zone: tzinfo) -> pd.Series:
    """Naive UTC times (n) as text in `zone` with its abbreviation (n); n/a where there is none."""
    local = pd.to_datetime(times).dt.tz_localize(UTC).dt.tz_convert(zone)
    return local.dt.strftime("%Y-%m-%d %H:%M:%S %Z").fillna(figures.UNKNOWN)


def extract(tables: Tables, page: str, name: str, subject: Subject, **params: Param) -> Extract | None:
    """The answer of `name` as a table to take away from `page`, with the statement and its values in its sidecar; None when there is none, or no row.

    Sources are those that its column SOURCE names, where it has one.
    """
    reading = tables.read(name, subject, **params)
    if reading.value is None or reading.value.empty or reading.at is None:
        return None
    values = ", ".join(f"{key} = {value}" for key, value in params.items())
    sources = tuple(sorted(reading.value["SOURCE"].dropna().unique())) if "SOURCE" in reading.value else ()
    return Extract(reading.value, name, page, f"dashboard/queries/{name}.sql{f' with {values}' if values else ''}", reading.at, sources)
