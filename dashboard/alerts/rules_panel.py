"""The rules, where each stands, and what can be done with those that are selected."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.alerts import listing, selectable
from dashboard.alerts.desk import Desk
from dashboard.alerts.listing import Listed, State
from dashboard.alerts.prices import Known
from dashboard.alerts.said import say
from dashboard.components import headline
from dashboard.look import Look
from ticklake.alerts import words
from ticklake.roles import Action, User

NO_RULES = "No rules yet. Make the first one in the form below."
CHOOSE = "Select rules to pause, resume or delete them."

_WIDTHS = {"State": 190, "Rule": 200, "Last": 75, "Fired": 50, "Last fired": 165, "Owner": 70, "Note": 120}

_TABLE = "alert_rules"
_BUTTONS = (("Pause", State.PAUSED, State.ACTIVE), ("Resume", State.ACTIVE, State.PAUSED), ("Delete", State.DELETED, None))
"""A button, what it makes of a rule, and of rules in which state; None: in any."""


def draw(look: Look, listed: Sequence[Listed], known: Known, desk: Desk, user: User) -> None:
    """The table and the buttons beneath it."""
    st.subheader(f"Rules · {len(listed)}", anchor=False)
    ids = [each.rule.rule_id for each in listed]
    alt = "Alert rules: state, condition, newest price, how often and when they fired, owner and note"
    chosen = selectable.draw(_TABLE, _table(look, listed, known), ids, _WIDTHS, alt)
    picked = [each for each in listed if each.rule.rule_id in chosen]
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, state, before in _BUTTONS:
            these = [each for each in picked if before in (None, each.state)]
            st.button(label, key=f"alert_{state}", disabled=not (these and user.may(Action.ALERT)), on_click=_change, args=(desk, these, state, user))
    hint = "; ".join(words.of_rule(each.rule) for each in picked) or (CHOOSE if listed else NO_RULES)
    st.html(headline.note(user.refusal(Action.ALERT) or hint))


def _table(look: Look, listed: Sequence[Listed], known: Known) -> pd.DataFrame:
    prices = [known.price(each.rule.key) for each in listed]
    return pd.DataFrame(
        {
            "State": [listing.standing(each, price) for each, price in zip(listed, prices, strict=True)],
            "Rule": [words.of_rule(each.rule) for each in listed],
            "Last": [figures.price(price) for price in prices],
            "Fired": [each.times for each in listed],
            "Last fired": [known.moment(each.last_at, each.rule.key, look) if each.last_at else "never" for each in listed],
            "Owner": [each.rule.owner for each in listed],
            "Note": [each.rule.note for each in listed],
        }
    )


def _change(desk: Desk, these: Sequence[Listed], state: State, user: User) -> None:
    if say(desk.change(each, state, user) for each in these):
        selectable.forget(_TABLE)
