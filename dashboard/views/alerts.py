"""Alerts: the rules with where they stand, the inbox, and a form for another rule.

Rules and inbox move in one fragment; the form is drawn outside of it, so that it stays as it is while somebody types.
"""

from __future__ import annotations

import streamlit as st

from dashboard import meter
from dashboard.alerts import extracts, form, inbox_panel, listing, rules_panel
from dashboard.alerts.desk import Desk
from dashboard.alerts.inbox import Alerts
from dashboard.alerts.prices import Prices, read_prices
from dashboard.alerts.said import take_said
from dashboard.components import headline
from dashboard.components.export_button import export
from dashboard.exports.desk import Exports
from dashboard.look import Look
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.roles import User

NOT_READ = "Reading the warehouse."


def render(look: Look, prices: Prices, tables: Tables, alerts: Alerts, desk: Desk, exports: Exports, user: User) -> None:
    """The whole page."""
    meter.fragment(_live, run_every=look.every_s)(look, prices, tables, alerts, desk, user)
    export(exports, user, lambda: extracts.inbox(tables), "export-alerts")
    form.render(look, prices, desk, user)


def _live(look: Look, prices: Prices, tables: Tables, alerts: Alerts, desk: Desk, user: User) -> None:
    line, trouble = st.empty(), take_said() or alerts.problem
    if trouble:
        line.html(headline.problem(trouble))
    rules, inbox = tables.read("alerts_rules", Subject.APP), tables.read("alerts_inbox", Subject.APP)
    kept = [] if inbox.value is None else listing.entries(inbox.value)
    entries = listing.with_heard(kept, alerts.since(0).alerts)
    known = read_prices(prices)
    left, right = st.columns([56, 44], gap="medium")
    with left:
        if rules.value is None:
            st.html(headline.note(rules.problem or NOT_READ))
        else:
            new = listing.heard_only(entries, kept) if inbox.value is not None else []
            rules_panel.draw(look, listing.with_fired(listing.rules(rules.value), new), known, desk, user)
    with right:
        if inbox.value is None and not entries:
            st.html(headline.note(inbox.problem or NOT_READ))
        else:
            inbox_panel.draw(look, entries, known, desk, user)
