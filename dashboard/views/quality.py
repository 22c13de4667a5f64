"""Data quality: what the rules say, what was taken out and why, and which minutes of a session are there.

Each panel is a fragment of its own, so that a choice in one leaves the others alone, and one that has no answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.components import coverage as coverage_map
from dashboard.components import headline
from dashboard.components import rules as rule_charts
from dashboard.components.answers import answered, extract, written
from dashboard.components.export_button import export
from dashboard.exports.desk import Exports
from dashboard.frame.market import exchange_zone
from dashboard.links import Links
from dashboard.look import Look
from dashboard.meter import beside, fragment
from dashboard.quality import coverage, results
from dashboard.tables import Param, Tables
from ticklake.changes import Subject
from ticklake.roles import User

Now = Callable[[], datetime]

EVERY_S = 30.0
"""Least seconds between two refreshes: checks come minutes apart."""

DAYS = 14
"""Days of the trend, today included."""

ALL = "every rule"

BY, ONLY = "quarantined_by", "quarantined_only"
"""Keys of the controls that filter the rows in quarantine."""

PAGE = "Data quality"


def render(look: Look, tables: Tables, now: Now, meanings: Mapping[str, str], links: Links, exports: Exports, user: User) -> None:
    """The whole page. `meanings` says by rule what it asks of the data; what `user` takes away passes `exports`."""
    every_s = max(EVERY_S, look.every_s) if look.every_s else None
    since = look.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    fragment(_rules, run_every=every_s)(look, tables, since, meanings, links)
    export(exports, user, lambda: extract(tables, PAGE, "quality_rules", Subject.QUALITY, since=since), "export-rules")
    fragment(_quarantine, run_every=beside(every_s, 4))(look, tables)
    export(exports, user, lambda: extract(tables, PAGE, "quality_quarantine", Subject.QUALITY, **_wanted(look)), "export-quarantine")
    fragment(_coverage, run_every=beside(every_s, 5))(look, tables, now)


def _rules(look: Look, tables: Tables, since: datetime, meanings: Mapping[str, str], links: Links) -> None:
    st.subheader("Rules", anchor=False)
    newest = answered(tables.read("quality_rules", Subject.QUALITY, since=since), "The rules' results")
    if newest is None:
        return
    if newest.empty:
        st.html(headline.note(f"No rule was checked in {DAYS} days. data_quality checks a few minutes after the first load, then hourly."))
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
            st.dataframe(shown, hide_index=True, key="dq_history", column_config={"RUN_ID": _link("Run in Airflow")})
    address = links.runbook("dq-fails")
    if address:
        st.link_button("What to do about it", address, icon=":material/menu_book:")
    else:
        st.caption("What to do about it: infra/runbooks/dq-fails.md")


def _quarantine(look: Look, tables: Tables) -> None:
    st.subheader("Quarantine", anchor=False)
    counts = answered(tables.read("quality_quarantine_rules", Subject.QUALITY), "What is in quarantine")
    if counts is None:
        return
    if counts.empty:
        st.html(headline.note("● Nothing is in quarantine: no row was rejected, and no rule has taken a tick out."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Put there by", [ALL, *counts["RULE"]], key=BY, bind="query-params", width=320)
        st.toggle("Only the symbol chosen above", key=ONLY, bind="query-params", disabled=look.key is None)
    wanted = _wanted(look)
    rows = answered(tables.read("quality_quarantine", Subject.QUALITY, **wanted), "The rows")
    if rows is not None:
        of = f" of {wanted['symbol']}" if wanted["symbol"] else ""
        st.text(f"The {len(rows)} newest rows{of}; {figures.count(counts['QUARANTINED'].sum())} of all rules and symbols are in quarantine.")
        shown = rows.assign(QUARANTINED_AT=written(rows["QUARANTINED_AT"], look.tz(None)))
        st.dataframe(
            shown, key="quarantined", hide_index=True, placeholder=figures.UNKNOWN, alt="Rows in quarantine, newest first, with the object each lies in"
        )
    with st.expander("Counts by rule"):
        st.dataframe(counts.assign(NEWEST=written(counts["NEWEST"], look.tz(None))), hide_index=True, key="quarantined_counts")


def _wanted(look: Look) -> dict[str, str]:
    """The filter of the rows in quarantine, as its controls say; empty: all."""
    rule = st.session_state.get(BY) or ALL
    return {"rule": "" if rule == ALL else rule, "symbol": look.key[0] if look.key and st.session_state.get(ONLY) else ""}


def _coverage(look: Look, tables: Tables, now: Now) -> None:
    st.subheader("Coverage", anchor=False)
    feeds = answered(tables.read("quality_feeds", Subject.QUALITY), "The sources")
    if feeds is None:
        return
    if feeds.empty:
        st.html(headline.note("No tick has reached the warehouse yet. The first load takes about a minute after make up."))
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


def _rule_columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "OFFENDING": number(format="localized", help="Rows, or minutes, that offend in the newest check"),
        "CHECKED": number(format="localized", help="Of how many"),
        "MEANING": st.column_config.TextColumn(width="large"),
        "RUN": _link("Run in Airflow"),
    }


def _link(title: str) -> Any:  # noqa: ANN401  what Streamlit's own type is called is not public
    return st.column_config.LinkColumn(title, display_text="open")
