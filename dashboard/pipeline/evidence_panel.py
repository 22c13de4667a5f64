"""Where a number comes from: a minute's bar, its ticks, the raw objects that hold them, and how to read these again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.components import headline
from dashboard.components.answers import answered, extract, rows_of, written
from dashboard.components.ways_out import run_column
from dashboard.exports.desk import Extract
from dashboard.links import Links
from dashboard.look import Key, Look
from dashboard.pipeline import evidence
from dashboard.tables import Param, Tables
from ticklake.changes import Subject

MINUTE = "minute"
"""Key of the minute that is looked into."""

_ALL_SEEN = 30
"""Most objects that are shown without scrolling: a busy minute with the default age of a flush has thirteen."""

NO_SYMBOL = "Choose a symbol above: a minute of it leads to its ticks, and these to the stored bytes."

READ_AGAIN = (
    "Down to the stored bytes: the dashboard has no right to read raw objects, so that nobody can change or take them from here. "
    "Whoever operates the platform reads them again, and compares each with the SHA-256 above, by"
)


def draw(look: Look, tables: Tables, links: Links) -> None:
    """The panel of the symbol that is chosen, at the minute that the address names."""
    st.subheader("Where does this number come from?", anchor=False)
    if look.key is None:
        st.html(headline.note(NO_SYMBOL))
        return
    symbol, source = look.key
    nothing = f"No minute bar of {symbol} from {source} yet: the first follows the next load."
    newest = rows_of(tables.read("pipeline_newest", Subject.TICKS, symbol=symbol, source=source), "The newest bar", nothing)
    if newest is None:
        return
    minute = st.datetime_input(
        "Minute of the symbol chosen above (UTC)",
        pd.Timestamp(newest["BAR_START"].iloc[0]).to_pydatetime(),
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001  the widget knows no zones; its label says UTC
        step=timedelta(minutes=1),
        key=MINUTE,
        bind="query-params",
        width=320,
    )
    if minute is not None:
        _minute(look, tables, links, _span(look.key, minute))


def objects(tables: Tables, key: Key, page: str) -> Extract | None:
    """The raw objects of the minute on screen as a table to take away from `page`; None when there are none."""
    minute = st.session_state.get(MINUTE)
    return None if minute is None else extract(tables, page, "pipeline_objects", Subject.TICKS, **_span(key, minute))


def _span(key: Key, minute: datetime) -> dict[str, Param]:
    """The minute of a symbol and source that a naive UTC time lies in, from and to before."""
    begin = minute.replace(second=0, microsecond=0, tzinfo=UTC)
    return {"symbol": key[0], "source": key[1], "minute": begin, "minute_end": begin + timedelta(minutes=1)}


def _minute(look: Look, tables: Tables, links: Links, span: Mapping[str, Param]) -> None:
    bar = answered(tables.read("pipeline_bar", Subject.TICKS, **span), "The bar")
    ticks = answered(tables.read("pipeline_ticks", Subject.TICKS, **span), "Its ticks")
    held = answered(tables.read("pipeline_objects", Subject.TICKS, **span), "Their objects")
    if bar is None or ticks is None:
        return
    st.text(evidence.verdict(bar, ticks).text)
    if len(bar):
        st.dataframe(bar, hide_index=True, key="evidence_bar", placeholder=figures.UNKNOWN)
    if held is not None and len(held):
        _objects(look, links, held)
    if len(ticks):
        st.caption("Its ticks, in the order that makes the bar, each with generation, partition and offset")
        times = {name: ticks[name].astype(str) for name in ("EVENT_TIME", "RECEIVED_AT")}
        st.dataframe(ticks.head(evidence.MOST_TICKS).assign(**times), hide_index=True, key="evidence_ticks", placeholder=figures.UNKNOWN)


def _objects(look: Look, links: Links, held: pd.DataFrame) -> None:
    zone = look.tz(None)
    runs = [links.runs(run) or run for run in held["RUN_ID"]]
    shown = held.assign(LANDED_AT=written(held["LANDED_AT"], zone), LOADED_AT=written(held["LOADED_AT"], zone), RUN_ID=runs)
    st.caption("The raw objects that hold these ticks: key, offsets, and the SHA-256 that the consumer took of each")
    columns = {"RUN_ID": run_column()} if links.airflow else {}
    height: Literal["content", "auto"] = "content" if len(held) <= _ALL_SEEN else "auto"
    alt = "Raw objects of these ticks, with their offsets and digests"
    st.dataframe(shown, hide_index=True, key="evidence_objects", height=height, column_config=columns, alt=alt)
    st.caption(READ_AGAIN)
    st.code(evidence.read_again(held["OBJECT_KEY"]), language=None)
