"""The rules, where each stands, and what can be done with those that are selected."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.alerts import listing
from dashboard.alerts.desk import Desk
from dashboard.alerts.listing import Listed, State
from dashboard.alerts.prices import Known
from dashboard.alerts.said import chosen, note_rows, say
from dashboard.components import headline
from dashboard.look import Look
from ticklake.alerts import words
from ticklake.roles import Action, User

NO_RULES = "No rules yet. Make the first one in the form below."
CHOOSE = "Select rules to pause, resume or delete them."
HEIGHT = 250
"""Pixels: with the inbox beside and the form below, a screen of 1440 x 900."""

_WIDTHS = {"State": 190, "Rule": 200, "Last": 75, "Fired": 50, "Last fired": 165, "Owner": 70, "Note": 120}

_TABLE, _CHOSEN = "alert_rules", "alert_rules_chosen"
_BUTTONS = (("Pause", State.PAUSED, State.ACTIVE), ("Resume", State.ACTIVE, State.PAUSED), ("Delete", State.DELETED, None))
"""A button, what it makes of a rule, and of rules in which state; None: in any."""


def draw(look: Look, listed: Sequence[Listed], known: Known, desk: Desk, user: User) -> None:
    """The table and the buttons beneath it."""
    st.subheader(f"Rules · {len(listed)}", anchor=False)
    ids = [each.rule.rule_id for each in listed]
    st.dataframe(
        _table(look, listed, known),
        key=_TABLE,
        height=HEIGHT,
        hide_index=True,
        column_config={name: st.column_config.Column(width=width) for name, width in _WIDTHS.items()},
        selection_mode="multi-row",
        on_select=lambda: note_rows(_TABLE, _CHOSEN, ids),
        placeholder=figures.UNKNOWN,
        alt="Alert rules: state, condition, newest price, how often and when they fired, owner and note",
    )
    picked = [each for each in listed if each.rule.rule_id in chosen(_CHOSEN)]
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
        st.session_state[_CHOSEN] = []
