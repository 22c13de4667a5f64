"""Which minutes of a session have a bar: a map of symbols by time, the least covered on top."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.components import coverage as coverage_map
from dashboard.components import headline
from dashboard.components.answers import answered, rows_of
from dashboard.frame.market import exchange_zone
from dashboard.look import Look
from dashboard.quality import coverage
from dashboard.tables import Param, Tables
from ticklake.changes import Subject

NOTHING = "No tick has reached the warehouse yet. The first load takes about a minute after make up."


def draw(look: Look, tables: Tables, now: Callable[[], datetime]) -> None:
    """The panel of the source and session that its controls name; `now` gives the time, with zone."""
    st.subheader("Coverage", anchor=False)
    feeds = rows_of(tables.read("quality_feeds", Subject.QUALITY), "The sources", NOTHING)
    if feeds is None:
        return
    names = {f"{row['SOURCE']} · {row['CALENDAR']}": row for row in feeds.to_dict("records")}
    left, right = st.columns(2)
    with left:
        feed = st.selectbox("Source and calendar", list(names), key="covered", bind="query-params") or next(iter(names))
    row = names[feed]
    source, calendar, until = row["SOURCE"], row["CALENDAR"], pd.Timestamp(row["NEWEST"]).tz_localize(UTC).to_pydatetime()
    sessions = answered(tables.read("quality_sessions", Subject.QUALITY, calendar=calendar, until=until), "The sessions")
    spans = {each.day: each for each in coverage.spans(calendar, sessions, until)} if sessions is not None else {}
    if not spans:
        st.html(headline.note(f"No session of the calendar {calendar} is known up to {until:%Y-%m-%d}. ticklake.yaml names the calendars."))
        return
    with right:
        day = st.selectbox("Session", list(spans), key="session", bind="query-params") or next(iter(spans))
    _map(look, tables, now(), source, calendar, spans[day])


def _map(look: Look, tables: Tables, at: datetime, source: str, calendar: str, span: coverage.Span) -> None:
    session: dict[str, Param] = {"source": source, "opens_at": span.opens_at, "closes_at": span.closes_at}
    reading = tables.read("quality_coverage_symbols", Subject.QUALITY, calendar=calendar, **session)
    symbols = answered(reading, "The symbols")
    if symbols is None or symbols.empty:
        return
    over = coverage.passed(span, min(at, reading.at or at))
    wide = coverage.width(len(symbols), span.minutes)
    totals = coverage.totals(symbols, over)
    counted = answered(tables.read("quality_coverage", Subject.QUALITY, width=wide, **session), "The minutes")
    if counted is None:
        return
    shown = list(totals["SYMBOL"][: coverage.MOST_SYMBOLS])
    least = f"the {len(shown)} least covered of {len(totals)} symbols" if len(shown) < len(totals) else f"{len(shown)} symbols"
    st.caption(
        f"{least}, buckets of {wide} min so that the map stays readable; {over} of {span.minutes} minutes of the session are over. Orange: no minute has a bar."
    )
    zone = look.tz(exchange_zone(calendar))
    alt = coverage_map.describe(source, span.day, totals, wide, over)
    st.vega_lite_chart(
        coverage.cells(shown, counted, span, wide, over, zone), coverage_map.coverage_spec(look.palette), width="stretch", key="coverage", alt=alt
    )
    with st.expander("The same as a table"):
        columns = {"PERCENT": st.column_config.NumberColumn(format="%.2f"), "MINUTES": st.column_config.NumberColumn("WITH A BAR")}
        st.dataframe(totals, hide_index=True, key="coverage_table", column_config=columns, placeholder=figures.UNKNOWN)
