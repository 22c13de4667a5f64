"""Pipeline: how fresh each hop is and why, what a day's measurements say, what loads did, and where a number comes from.

Each panel is a fragment of its own, so that a choice in one leaves the others alone, and one that has no answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.components import headline, timeline
from dashboard.components.answers import answered, extract, written
from dashboard.components.export_button import export
from dashboard.exports.desk import Exports, Extract
from dashboard.freshness import Hop
from dashboard.links import Links
from dashboard.look import Look
from dashboard.meter import beside, fragment
from dashboard.pipeline import evidence, measured
from dashboard.tables import Param, Tables
from ticklake.changes import Subject
from ticklake.roles import User
from ticklake.thresholds import Threshold

Now = Callable[[], datetime]
Hops = Callable[[], Sequence[Hop]]

EVERY_S = 5.0
"""Least seconds between two refreshes of the hops; what is measured comes every five minutes."""

SLOW_S = 30.0

BACK = timedelta(hours=24)

COLUMNS = 2
"""Charts beside each other."""

MINUTE = "minute"
"""Key of the minute that is looked into."""

PAGE = "Pipeline"


def render(look: Look, tables: Tables, now: Now, hops: Hops, limits: Sequence[Threshold], links: Links, exports: Exports, user: User) -> None:
    """The whole page. `hops` says how fresh each hop is now; `limits` are what alarms are raised at; what `user` takes away passes `exports`."""
    slow = max(SLOW_S, look.every_s) if look.every_s else None
    since = look.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - BACK
    fragment(_hops, run_every=max(EVERY_S, look.every_s) if look.every_s else None)(hops)
    fragment(_measured, run_every=slow)(look, tables, now, since, limits)
    fragment(_alarms, run_every=beside(slow, 4))(look, tables, since, links)
    fragment(_loads, run_every=beside(slow, 5))(look, tables, since, links)
    export(exports, user, lambda: extract(tables, PAGE, "pipeline_loads", Subject.TICKS, since=since), "export-loads")
    fragment(_evidence)(look, tables, links)
    if look.key is not None:
        one = {"symbol": look.key[0], "source": look.key[1]}
        export(exports, user, lambda: _objects(tables, one), "export-objects")


def _hops(hops: Hops) -> None:
    st.subheader("Freshness by hop", anchor=False)
    found = [(hop.name, f"{hop.level.icon} {hop.text}", hop.detail) for hop in hops()]
    st.dataframe(
        pd.DataFrame(found, columns=["HOP", "STATE", "WHY"]),
        key="hops",
        hide_index=True,
        height="content",
        column_config={"WHY": st.column_config.TextColumn(width="large")},
        alt="Each hop from the source to the screen, how fresh it is, and why",
    )


def _measured(look: Look, tables: Tables, now: Now, since: datetime, limits: Sequence[Threshold]) -> None:
    st.subheader("The last 24 hours", anchor=False)
    newest = answered(tables.read("pipeline_metrics", Subject.METRICS, since=since), "The measurements")
    if newest is None:
        return
    if newest.empty:
        st.html(headline.note("Nothing has been measured in 24 hours. monitor_pipeline measures every five minutes: look at its runs in Airflow."))
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


def _alarms(look: Look, tables: Tables, since: datetime, links: Links) -> None:
    st.subheader("Alarms", anchor=False)
    alarms = answered(tables.read("pipeline_alarms", Subject.METRICS, since=since), "The alarms")
    if alarms is None:
        return
    if alarms.empty:
        st.html(headline.note("● No alarm is raised, and none was in 24 hours."))
        return
    zone = look.tz(None)
    signs = ["▲ raised" if state == "raised" else "● cleared" for state in alarms["STATE"]]
    shown = alarms.assign(STATE=signs, SINCE=written(alarms["SINCE"], zone), CHANGED_AT=written(alarms["CHANGED_AT"], zone))
    st.dataframe(shown, key="alarms", hide_index=True, height="content", alt="Alarms that are raised, and those cleared in the last day")
    address = links.runbook("lag-grows")
    if address:
        st.link_button("What to do when a hop is late", address, icon=":material/menu_book:")
    else:
        st.caption("What to do about each: infra/runbooks/README.md")


def _loads(look: Look, tables: Tables, since: datetime, links: Links) -> None:
    st.subheader("Loads", anchor=False)
    loads = answered(tables.read("pipeline_loads", Subject.TICKS, since=since), "The loads")
    if loads is None:
        return
    if loads.empty:
        st.html(headline.note("Nothing was loaded in 24 hours. Run ticklake status to see whether anything has landed in the lake."))
        return
    addresses = pd.Series([links.runs(run) for run in loads["RUN_ID"]], loads.index, dtype=object)
    shown = loads[["RUN_ID", "ENDED_AT", "OBJECTS", "LOADED", "REJECTS", "UNMERGED", "SET_ASIDE", "SECONDS"]].assign(
        ENDED_AT=written(loads["ENDED_AT"], look.tz(None)), AIRFLOW=addresses
    )
    columns = {
        "ENDED_AT": st.column_config.TextColumn("ENDED AT"),
        "LOADED": st.column_config.NumberColumn("ROWS", format="localized"),
        "SECONDS": st.column_config.NumberColumn(format="%.1f", help="From the landing of the run's slowest object to its ticks in CURATED"),
        "AIRFLOW": st.column_config.LinkColumn("Run in Airflow", display_text="open"),
    }
    st.dataframe(shown, key="loads", hide_index=True, height=300, column_config=columns, alt="The newest runs that loaded something, newest first")


def _evidence(look: Look, tables: Tables, links: Links) -> None:
    st.subheader("Where does this number come from?", anchor=False)
    if look.key is None:
        st.html(headline.note("Choose a symbol above: a minute of it leads to its ticks, and these to the stored bytes."))
        return
    newest = answered(tables.read("pipeline_newest", Subject.TICKS, symbol=look.key[0], source=look.key[1]), "The newest bar")
    if newest is None:
        return
    if newest.empty:
        st.html(headline.note(f"No minute bar of {look.key[0]} from {look.key[1]} yet: the first follows the next load."))
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
        _minute(look, tables, links, {"symbol": look.key[0], "source": look.key[1], **_span(minute)})


def _span(minute: datetime) -> dict[str, datetime]:
    """The minute that a naive UTC time lies in, from and to before."""
    begin = minute.replace(second=0, microsecond=0, tzinfo=UTC)
    return {"minute": begin, "minute_end": begin + timedelta(minutes=1)}


def _objects(tables: Tables, one: dict[str, str]) -> Extract | None:
    minute = st.session_state.get(MINUTE)
    return None if minute is None else extract(tables, PAGE, "pipeline_objects", Subject.TICKS, **one, **_span(minute))


def _minute(look: Look, tables: Tables, links: Links, span: Mapping[str, Param]) -> None:
    bar = answered(tables.read("pipeline_bar", Subject.TICKS, **span), "The bar")
    ticks = answered(tables.read("pipeline_ticks", Subject.TICKS, **span), "Its ticks")
    objects = answered(tables.read("pipeline_objects", Subject.TICKS, **span), "Their objects")
    if bar is None or ticks is None:
        return
    zone = look.tz(None)
    st.text(evidence.verdict(bar, ticks).text)
    if len(bar):
        st.dataframe(bar, hide_index=True, key="evidence_bar", placeholder=figures.UNKNOWN)
    if objects is not None and len(objects):
        shown = objects.assign(
            LANDED_AT=written(objects["LANDED_AT"], zone),
            LOADED_AT=written(objects["LOADED_AT"], zone),
            RUN_ID=[links.runs(run) or run for run in objects["RUN_ID"]],
        )
        st.caption("The raw objects that hold these ticks: key, offsets, and the SHA-256 that ticklake verify --deep reads them against")
        columns = {"RUN_ID": st.column_config.LinkColumn("Run in Airflow", display_text="open")} if links.airflow else {}
        st.dataframe(shown, hide_index=True, key="evidence_objects", column_config=columns, alt="Raw objects of these ticks, with their offsets and digests")
    if len(ticks):
        st.caption("Its ticks, in the order that makes the bar, each with generation, partition and offset")
        times = {name: ticks[name].astype(str) for name in ("EVENT_TIME", "RECEIVED_AT")}
        st.dataframe(ticks.head(evidence.MOST_TICKS).assign(**times), hide_index=True, key="evidence_ticks", placeholder=figures.UNKNOWN)
