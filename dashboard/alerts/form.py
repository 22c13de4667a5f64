"""The form for a rule: it says what is wrong field by field, and before anything is kept, what the rule would wait for."""

from __future__ import annotations

import streamlit as st

from dashboard.alerts.desk import Desk
from dashboard.alerts.listing import preview
from dashboard.alerts.prices import Prices, read_prices
from dashboard.alerts.said import say
from dashboard.components import headline
from dashboard.look import Key, Look
from ticklake.alerts import words
from ticklake.alerts.draft import MOST_NOTE, WINDOWS_S, Draft
from ticklake.alerts.rule import Kind
from ticklake.roles import Action, User

NO_INSTRUMENTS = "A rule needs a symbol, and none has a price yet. Run ticklake status to see what is missing."

BEGIN = "Fill in the form; what the rule would wait for is said here before it is kept."

_FIELDS = {"instrument": "Symbol", "level": "Level", "percent": "Percent", "window": "Window", "note": "Note"}
_NUMBER, _NOTE, _TRIED = "alert_number", "alert_note", "alert_tried"


def render(look: Look, prices: Prices, desk: Desk, user: User) -> None:
    """The form; the symbol that the frame shows is the one it begins with."""
    st.subheader("New rule", anchor=False)
    refusal = user.refusal(Action.ALERT)
    if refusal:
        st.html(headline.note(refusal))
        return
    known = read_prices(prices)
    if not known.prices:
        st.html(headline.note(NO_INSTRUMENTS))
        return
    draft = _draft(look, list(known.prices))
    st.fragment(_say, run_every=look.every_s)(draft, prices, look)
    st.button("Make the rule", key="alert_make", type="primary", on_click=_make, args=(desk, draft, user))


def _say(draft: Draft, prices: Prices, look: Look) -> None:
    """What is wrong, once there is something to be wrong; else what the rule would wait for, at the newest price."""
    problems = draft.problems()
    if not problems and draft.key:
        st.html(headline.note(preview(draft.rule("draft", "", look.at), read_prices(prices).price(draft.key))))
    elif st.session_state.get(_TRIED) or st.session_state.get(_NUMBER):
        st.html(headline.note(" ".join(f"{_FIELDS[field]}: {problem}" for field, problem in problems.items())))
    else:
        st.html(headline.note(BEGIN))


def _draft(look: Look, keys: list[Key]) -> Draft:
    begin = keys.index(look.key) if look.key in keys else 0
    where, what, which = st.columns([3, 3, 4], vertical_alignment="bottom")
    key: Key | None = where.selectbox("Symbol and source", keys, index=begin, key=f"alert_key_{look.key}", format_func=" · ".join)
    kind = what.selectbox("Kind", list(Kind), key="alert_kind", format_func=words.KINDS.__getitem__) or Kind.CROSS_UP
    crossing = kind.is_crossing
    with which, st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.text_input("Price" if crossing else "Percent", key=_NUMBER, placeholder="101.50" if crossing else "2.5")
        window_s = 600 if crossing else st.selectbox("Within", WINDOWS_S, index=2, key="alert_window", format_func=words.window)
    why, how = st.columns([6, 4], vertical_alignment="bottom")
    note = why.text_input("Note", key=_NOTE, max_chars=MOST_NOTE, placeholder="why you want to know; it stands in the alert")
    once = how.checkbox("Tell me once, then never again", key="alert_once")
    return Draft(key, kind, number if crossing else "", "" if crossing else number, window_s, once, note)


def _make(desk: Desk, draft: Draft, user: User) -> None:
    """Keep the rule; a form that was kept is empty again."""
    st.session_state[_TRIED] = bool(draft.problems())
    if not draft.problems() and say([desk.create(draft, user)]):
        st.session_state[_NUMBER] = st.session_state[_NOTE] = ""
        st.toast(f"Kept: {words.KINDS[draft.kind].lower()} {draft.level or draft.percent}", icon=":material/check:")
