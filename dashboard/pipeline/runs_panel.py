"""What monitor_pipeline has raised, and what the loads did: a table each, which leads to what to do and to the runs."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard.components.answers import rows_of, written
from dashboard.components.ways_out import run_column, runbook
from dashboard.links import Links
from dashboard.look import Look
from dashboard.tables import Tables
from ticklake.changes import Subject

NO_ALARM = "● No alarm is raised, and none was in 24 hours."
NO_LOAD = "Nothing was loaded in 24 hours. Run ticklake status to see whether anything has landed in the lake."

LOADED = ["RUN_ID", "ENDED_AT", "OBJECTS", "LOADED", "REJECTS", "UNMERGED", "SET_ASIDE", "SECONDS"]


def draw_alarms(look: Look, tables: Tables, since: datetime, links: Links) -> None:
    """Alarms that are raised, and those cleared since `since`."""
    st.subheader("Alarms", anchor=False)
    alarms = rows_of(tables.read("pipeline_alarms", Subject.METRICS, since=since), "The alarms", NO_ALARM)
    if alarms is None:
        return
    zone = look.tz(None)
    signs = ["▲ raised" if state == "raised" else "● cleared" for state in alarms["STATE"]]
    shown = alarms.assign(STATE=signs, SINCE=written(alarms["SINCE"], zone), CHANGED_AT=written(alarms["CHANGED_AT"], zone))
    st.dataframe(shown, key="alarms", hide_index=True, height="content", alt="Alarms that are raised, and those cleared in the last day")
    runbook(links, "lag-grows", "What to do when a hop is late")


def draw_loads(look: Look, tables: Tables, since: datetime, links: Links) -> None:
    """The newest runs that loaded something since `since`."""
    st.subheader("Loads", anchor=False)
    loads = rows_of(tables.read("pipeline_loads", Subject.TICKS, since=since), "The loads", NO_LOAD)
    if loads is None:
        return
    addresses = pd.Series([links.runs(run) for run in loads["RUN_ID"]], loads.index, dtype=object)
    shown = loads[LOADED].assign(ENDED_AT=written(loads["ENDED_AT"], look.tz(None)), AIRFLOW=addresses)
    columns = {
        "ENDED_AT": st.column_config.TextColumn("ENDED AT"),
        "LOADED": st.column_config.NumberColumn("ROWS", format="localized"),
        "SECONDS": st.column_config.NumberColumn(format="%.1f", help="From the landing of the run's slowest object to its ticks in CURATED"),
        "AIRFLOW": run_column(),
    }
    st.dataframe(shown, key="loads", hide_index=True, height=300, column_config=columns, alt="The newest runs that loaded something, newest first")
