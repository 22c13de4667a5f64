"""The inbox, newest first, and its acknowledgements."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.alerts import selectable
from dashboard.alerts.desk import Desk
from dashboard.alerts.listing import Entry
from dashboard.alerts.prices import Known
from dashboard.alerts.said import say
from dashboard.components import headline
from dashboard.look import Look
from ticklake.alerts import words
from ticklake.roles import Action, User

NO_ALERTS = "No alerts yet. They appear here, and as a toast on every page, when a rule is met."
MOST = 200
"""Alerts on screen; APP.ALERTS has them all."""

_WIDTHS = {"When": 165, "What": 260, "Seen": 150, "Owner": 70, "Note": 120}

_TABLE = "alerts"


def draw(look: Look, entries: Sequence[Entry], known: Known, desk: Desk, user: User) -> None:
    """The table and the buttons beneath it."""
    shown = entries[:MOST]
    mine = [each.alert.alert_id for each in entries if not each.acknowledged_by and each.alert.owner == user.name]
    st.subheader(f"Inbox · {len(mine)} of mine to see", anchor=False)
    ids = [each.alert.alert_id for each in shown]
    chosen = selectable.draw(_TABLE, _table(look, shown, known), ids, _WIDTHS, "Alerts, newest first: when, what, note, owner, and who acknowledged them")
    unseen = {each.alert.alert_id for each in shown if not each.acknowledged_by}
    picked = [each for each in chosen if each in unseen]
    may = user.may(Action.ALERT)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(f"Acknowledge {len(picked)} selected", key="alerts_ack", disabled=not (picked and may), on_click=_acknowledge, args=(desk, picked, user))
        st.button(f"Acknowledge all {len(mine)} of mine", key="alerts_ack_mine", disabled=not (mine and may), on_click=_acknowledge, args=(desk, mine, user))
    st.html(headline.note(user.refusal(Action.ALERT) or (_newest(shown) if shown else NO_ALERTS)))


def _newest(shown: Sequence[Entry]) -> str:
    return f"The newest: {words.of_alert(shown[0].alert)}."


def _table(look: Look, shown: Sequence[Entry], known: Known) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "When": [known.moment(each.alert.event_time, each.alert.key, look) for each in shown],
            "What": [words.of_alert(each.alert) for each in shown],
            "Seen": [_seen(each, look, known) for each in shown],
            "Owner": [each.alert.owner for each in shown],
            "Note": [each.alert.note for each in shown],
        }
    )


def _seen(entry: Entry, look: Look, known: Known) -> str:
    if not entry.acknowledged_by or entry.acknowledged_at is None:
        return "● new"
    return f"✓ {entry.acknowledged_by}, {known.moment(entry.acknowledged_at, entry.alert.key, look)}"


def _acknowledge(desk: Desk, ids: Sequence[str], user: User) -> None:
    if say([desk.acknowledge(ids, user)]):
        selectable.forget(_TABLE)
