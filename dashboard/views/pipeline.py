"""Pipeline: how fresh each hop is and why, what a day's measurements say, what loads did, and where a number comes from.

Each panel is a fragment of its own, so that a choice in one leaves the others alone, and one that has no answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from dashboard.components.answers import extract
from dashboard.components.export_button import export
from dashboard.exports.desk import Exports
from dashboard.freshness import Hop
from dashboard.links import Links
from dashboard.look import Look
from dashboard.meter import beside, fragment
from dashboard.pipeline import evidence_panel, measured_panel, runs_panel
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.roles import User
from ticklake.thresholds import Threshold

Now = Callable[[], datetime]
Hops = Callable[[], Sequence[Hop]]

EVERY_S = 5.0
"""Least seconds between two refreshes of the hops; what is measured comes every five minutes."""

SLOW_S = 30.0

BACK = timedelta(hours=24)

PAGE = "Pipeline"


def render(look: Look, tables: Tables, now: Now, hops: Hops, limits: Sequence[Threshold], links: Links, exports: Exports, user: User) -> None:
    """The whole page. `hops` says how fresh each hop is now; `limits` are what alarms are raised at; what `user` takes away passes `exports`."""
    slow = max(SLOW_S, look.every_s) if look.every_s else None
    since = look.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - BACK
    fragment(_hops, run_every=max(EVERY_S, look.every_s) if look.every_s else None)(hops)
    fragment(measured_panel.draw, run_every=slow)(look, tables, now, since, limits)
    fragment(runs_panel.draw_alarms, run_every=beside(slow, 4))(look, tables, since, links)
    fragment(runs_panel.draw_loads, run_every=beside(slow, 5))(look, tables, since, links)
    export(exports, user, lambda: extract(tables, PAGE, "pipeline_loads", Subject.TICKS, since=since), "export-loads")
    fragment(evidence_panel.draw, run_every=beside(slow, 6))(look, tables, links)
    if look.key is not None:
        key = look.key
        export(exports, user, lambda: evidence_panel.objects(tables, key, PAGE), "export-objects")


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
