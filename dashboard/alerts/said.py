"""What became of a click: one line above the page, at its next drawing."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

_SAID = "alerts_said"


def say(problems: Iterable[str | None]) -> bool:
    """Keep what went wrong for the next drawing; whether nothing did."""
    lines = list(dict.fromkeys(filter(None, problems)))
    if lines:
        st.session_state[_SAID] = " ".join(lines)
    return not lines


def take_said() -> str | None:
    """What went wrong since the last drawing, once."""
    said: str | None = st.session_state.pop(_SAID, None)
    return said


def note_rows(table: str, key: str, ids: list[str]) -> None:
    """Keep under `key` which ids the rows selected in a table have; rows may move before a button is clicked."""
    rows = st.session_state[table]["selection"]["rows"]
    st.session_state[key] = [ids[row] for row in rows if row < len(ids)]


def chosen(key: str) -> list[str]:
    """The ids that were kept under `key`."""
    ids: list[str] = st.session_state.get(key, [])
    return ids
