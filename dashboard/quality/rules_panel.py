"""What the rules say: each with its newest result, the days before, and a look into one of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.components import headline
from dashboard.components import rules as rule_charts
from dashboard.components.answers import answered, rows_of, written
from dashboard.components.ways_out import run_column, runbook
from dashboard.links import Links
from dashboard.look import Look
from dashboard.quality import results
from dashboard.tables import Tables
from ticklake.changes import Subject

DAYS = 14
"""Days of the trend, today included."""

NOTHING = f"No rule was checked in {DAYS} days. data_quality checks a few minutes after the first load, then hourly."


def draw(look: Look, tables: Tables, since: datetime, meanings: Mapping[str, str], links: Links) -> None:
    """The panel: results since `since`; `meanings` says by rule what it asks of the data."""
    st.subheader("Rules", anchor=False)
    newest = rows_of(tables.read("quality_rules", Subject.QUALITY, since=since), "The rules' results", NOTHING)
    if newest is None:
        return
    shown = results.table(newest, meanings, links, look)
    st.text(results.summary(newest))
    st.dataframe(
        shown, key="dq_rules", hide_index=True, height="content", column_config=_rule_columns(), alt="The newest result of every rule, the worst first"
    )
    trend = answered(tables.read("quality_days", Subject.QUALITY, since=since), "The trend")
    if trend is not None and len(trend):
        by_day = results.days(trend)
        st.vega_lite_chart(
            rule_charts.strip_data(by_day), rule_charts.strip_spec(look.palette), width="stretch", key="dq_days", alt=rule_charts.describe(by_day)
        )
        with st.expander("The same days as a table"):
            st.dataframe(by_day, hide_index=True, key="dq_days_table")
    _one_rule(look, tables, since, {row["RULE"]: row for row in newest.to_dict("records")}, list(shown["RULE"]), links)


def _one_rule(look: Look, tables: Tables, since: datetime, newest: Mapping[str, Mapping[Any, Any]], rules: list[str], links: Links) -> None:
    rule: str = st.selectbox("Look into a rule", rules, key="rule", bind="query-params", width=320) or rules[0]
    row = newest[rule]
    zone = look.tz(None)
    begin, end = written(pd.Series([row["WINDOW_START"], row["WINDOW_END"]]), zone)
    st.text(f"{results.state(row['STATUS'], row['SEVERITY']).text}. Looked at: {begin} to {end}, {figures.count(row['CHECKED'])} rows of {row['TABLE_NAME']}.")
    offenders = results.sample(row["EXAMPLES"])
    with st.expander(f"Rows that offend: {len(offenders)} of {figures.count(row['OFFENDING'])}", expanded=bool(len(offenders))):
        if offenders.empty:
            st.html(headline.note("None is kept with this result."))
        else:
            st.dataframe(offenders, hide_index=True, key="dq_offenders")
    with st.expander("Its checks, newest first"):
        history = answered(tables.read("quality_history", Subject.QUALITY, rule=rule, since=since), "Its checks")
        if history is not None:
            runs = pd.Series([links.run(results.DAG, run) for run in history["RUN_ID"]], history.index, dtype=object)
            shown = history.assign(CHECKED_AT=written(history["CHECKED_AT"], zone), RUN_ID=runs)
            st.dataframe(shown, hide_index=True, key="dq_history", column_config={"RUN_ID": run_column()})
    runbook(links, "dq-fails", "What to do about it")


def _rule_columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "OFFENDING": number(format="localized", help="Rows, or minutes, that offend in the newest check"),
        "CHECKED": number(format="localized", help="Of how many"),
        "MEANING": st.column_config.TextColumn(width="large"),
        "RUN": run_column(),
    }
