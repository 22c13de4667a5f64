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
from ticklake.alerts.draft import MOST_NOTE, USUAL_WINDOW_S, WINDOWS_S, Draft
from ticklake.alerts.rule import Kind
from ticklake.roles import Action, User

NO_INSTRUMENTS = "A rule needs a symbol, and none has a price yet. Run ticklake status to see what is missing."

BEGIN = "Fill in the form; what the rule would wait for is said here before it is kept."

_FIELDS = {"instrument": "Symbol", "level": "Level", "percent": "Percent", "window": "Window", "note": "Note"}
_KIND, _NUMBER, _WINDOW, _NOTE, _ONCE, _TRIED = "alert_kind", "alert_number", "alert_window", "alert_note", "alert_once", "alert_tried"


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
    instrument = _draw(look, list(known.prices))
    st.fragment(_say, run_every=look.every_s)(_draft(instrument), prices, look)
    st.button("Make the rule", key="alert_make", type="primary", on_click=_make, args=(desk, instrument, user))


def _say(draft: Draft, prices: Prices, look: Look) -> None:
    """What is wrong, once there is something to be wrong; else what the rule would wait for, at the newest price."""
    problems = draft.problems()
    if not problems and draft.key:
        st.html(headline.note(preview(draft.rule("draft", "", look.at), read_prices(prices).price(draft.key))))
    elif st.session_state.get(_TRIED) or st.session_state.get(_NUMBER):
        st.html(headline.note(" ".join(f"{_FIELDS[field]}: {problem}" for field, problem in problems.items())))
    else:
        st.html(headline.note(BEGIN))


def _draw(look: Look, keys: list[Key]) -> str:
    """The fields; gives the name under which the session holds the instrument, which is another one for each that the frame shows."""
    instrument = f"alert_key_{look.key}"
    where, what, which = st.columns([3, 3, 4], vertical_alignment="bottom")
    where.selectbox("Symbol and source", keys, index=keys.index(look.key) if look.key in keys else 0, key=instrument, format_func=" · ".join)
    crossing = (what.selectbox("Kind", list(Kind), key=_KIND, format_func=words.KINDS.__getitem__) or Kind.CROSS_UP).is_crossing
    with which, st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Price" if crossing else "Percent", key=_NUMBER, placeholder="101.50" if crossing else "2.5")
        if not crossing:
            st.selectbox("Within", WINDOWS_S, index=WINDOWS_S.index(USUAL_WINDOW_S), key=_WINDOW, format_func=words.window)
    why, how = st.columns([6, 4], vertical_alignment="bottom")
    why.text_input("Note", key=_NOTE, max_chars=MOST_NOTE, placeholder="why you want to know; it stands in the alert")
    how.checkbox("Tell me once, then never again", key=_ONCE)
    return instrument


def _draft(instrument: str) -> Draft:
    """What the fields hold now."""
    held = st.session_state
    kind: Kind = held[_KIND] or Kind.CROSS_UP
    number = held[_NUMBER]
    level, percent = (number, "") if kind.is_crossing else ("", number)
    return Draft(held[instrument], kind, level, percent, held.get(_WINDOW, USUAL_WINDOW_S), held[_ONCE], held[_NOTE])


def _make(desk: Desk, instrument: str, user: User) -> None:
    """Keep the rule; a form that was kept is empty again.

    The draft is read here and not handed over: the press of the button brings what was typed last along with it, and
    arguments are from the run before.
    """
    draft = _draft(instrument)
    st.session_state[_TRIED] = bool(draft.problems())
    if not draft.problems() and say([desk.create(draft, user)]):
        st.session_state[_NUMBER] = st.session_state[_NOTE] = ""
        st.toast(f"Kept: {words.KINDS[draft.kind].lower()} {draft.level or draft.percent}", icon=":material/check:")
