"""Choices that stand in the page's address although what there is to choose from changes, which Streamlit's own binding does not bear."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st


def begin(name: str, options: Collection[str], first: str, key: str | None = None) -> None:
    """Have the choice with this `key` (or `name`) begin with what the address says under `name`, or else with `first`.

    What is chosen already stays, as long as it is among the `options`.
    """
    state = key or name
    if st.session_state.get(state) not in options:
        wanted = st.query_params.get(name, "")
        st.session_state[state] = wanted if wanted in options else first


def tell(name: str, chosen: str, usual: str | None = None) -> None:
    """Write what is `chosen` into the address; nothing when it is what everybody sees, `usual`."""
    if chosen == usual:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != chosen:
        st.query_params[name] = chosen
