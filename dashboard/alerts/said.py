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
