"""What was taken out, and why: rows in quarantine, by rule and symbol."""

from __future__ import annotations

import streamlit as st

from dashboard import figures
from dashboard.components.answers import answered, rows_of, written
from dashboard.look import Look
from dashboard.tables import Tables
from ticklake.changes import Subject

ALL = "every rule"

BY, ONLY = "quarantined_by", "quarantined_only"
"""Keys of the controls that filter the rows."""

NOTHING = "● Nothing is in quarantine: no row was rejected, and no rule has taken a tick out."


def draw(look: Look, tables: Tables) -> None:
    """The panel: the newest rows that its controls let through, and how many each rule has put there."""
    st.subheader("Quarantine", anchor=False)
    counts = rows_of(tables.read("quality_quarantine_rules", Subject.QUALITY), "What is in quarantine", NOTHING)
    if counts is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Put there by", [ALL, *counts["RULE"]], key=BY, bind="query-params", width=320)
        st.toggle("Only the symbol chosen above", key=ONLY, bind="query-params", disabled=look.key is None)
    chosen = wanted(look)
    rows = answered(tables.read("quality_quarantine", Subject.QUALITY, **chosen), "The rows")
    if rows is not None:
        of = f" of {chosen['symbol']}" if chosen["symbol"] else ""
        st.text(f"The {len(rows)} newest rows{of}; {figures.count(counts['QUARANTINED'].sum())} of all rules and symbols are in quarantine.")
        shown = rows.assign(QUARANTINED_AT=written(rows["QUARANTINED_AT"], look.tz(None)))
        st.dataframe(
            shown, key="quarantined", hide_index=True, placeholder=figures.UNKNOWN, alt="Rows in quarantine, newest first, with the object each lies in"
        )
    with st.expander("Counts by rule"):
        st.dataframe(counts.assign(NEWEST=written(counts["NEWEST"], look.tz(None))), hide_index=True, key="quarantined_counts")


def wanted(look: Look) -> dict[str, str]:
    """The filter of the rows in quarantine, as its controls say; empty: all."""
    rule = st.session_state.get(BY) or ALL
    return {"rule": "" if rule == ALL else rule, "symbol": look.key[0] if look.key and st.session_state.get(ONLY) else ""}
