"""Tables of figures, all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
import streamlit as st

from dashboard.figures import UNKNOWN

ROW_HEIGHT = 26
"""Pixels."""

LONG = 300
"""Pixels: height of a table that is scrolled."""


def grid(rows: pd.DataFrame | Sequence[Mapping[str, object]], key: str, alt: str, *, is_long: bool = False, index: bool = False) -> None:
    """Rows as they are; `alt` says what they are to who cannot see them. The index is shown when it names the rows."""
    shown = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    height: int | Literal["auto"] = LONG if is_long else "auto"
    st.dataframe(shown, key=key, hide_index=not index, row_height=ROW_HEIGHT, height=height, width="stretch", placeholder=UNKNOWN, alt=alt)
