"""A write that a button asked for: done, or a line on the screen that says why not."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.components import headline
from dashboard.writing import unwritten
from ticklake.errors import NotAllowed, TicklakeError


def save(write: Callable[[], None], done: str) -> bool:
    """Run `write`; say `done` when it worked, else the cause and what to do."""
    try:
        write()
    except NotAllowed as error:
        st.html(headline.problem(str(error)))
        return False
    except TicklakeError as error:
        st.html(headline.problem(f"Nothing is sure to be saved; doing it again does no harm. {unwritten(error)}"))
        return False
    st.toast(done)
    return True
