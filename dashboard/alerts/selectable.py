"""A table whose rows are selected, by what they are: a row may have moved before a button is clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from dashboard import figures

HEIGHT = 250
"""Pixels: rules with the inbox beside and the form below make a screen of 1440 x 900."""


def draw(name: str, rows: pd.DataFrame, ids: Sequence[str], widths: Mapping[str, int], alt: str) -> list[str]:
    """Draw `rows`, a row for each of `ids`, columns as wide as `widths` (pixels); the ids that are selected in the table `name`, seen or not."""
    table = f"{name}_{ids[0] if ids else ''}"  # a selection is of rows: with another row above, it would be of others
    st.dataframe(
        rows,
        key=table,
        height=HEIGHT,
        hide_index=True,
        column_config={column: st.column_config.Column(width=width) for column, width in widths.items()},
        selection_mode="multi-row",
        on_select=lambda: _note(name, table, ids),
        placeholder=figures.UNKNOWN,
        alt=alt,
    )
    selected: list[str] = st.session_state.get(_chosen(name), [])
    return selected


def forget(name: str) -> None:
    """Nothing is selected in the table `name`."""
    st.session_state[_chosen(name)] = []


def _note(name: str, table: str, ids: Sequence[str]) -> None:
    rows = st.session_state[table]["selection"]["rows"]
    st.session_state[_chosen(name)] = [ids[row] for row in rows if row < len(ids)]


def _chosen(name: str) -> str:
    return f"{name}_chosen"
