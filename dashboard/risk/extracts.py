"""What a panel shows, as a table to take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from dashboard.exports.desk import Extract
from dashboard.look import Key
from dashboard.risk import stored
from ticklake.risk.sufficiency import Figure

SHOWN = "risk-shown"
"""State that holds the extract of the panel on screen."""


def extract(frame: pd.DataFrame, title: str, address: Mapping[str, str], keys: Iterable[Key], at: datetime) -> Extract:
    """`frame` as the file `title`, of the panel at the page's address and `address`, made of prices of `keys`."""
    return Extract(frame, title, "Risk", f"/risk?{urlencode(st.query_params.to_dict() | dict(address))}", at, tuple(sorted({source for _, source in keys})))


def figures(row: stored.Row | None, volatilities: Sequence[stored.Row], at: datetime) -> pd.DataFrame:
    """The figures of an instrument by name: value, observations, how many it takes, as-of, and why there is none."""
    named = {f"{each['METHOD']} volatility, {each['BAR_INTERVAL']} bars, {each['WINDOW_DAYS']} days": stored.volatility(each, at) for each in volatilities}
    if row:
        tails = {f"{method} {kind} {level}": stored.tail(row, kind, level, method, at) for level, method in stored.levels() for kind in ("VAR", "ES")}
        named |= tails | {"deepest drawdown": stored.deepest(row, at), f"beta against {row['BENCHMARK']}": stored.beta(row, at)}
    return pd.DataFrame([(name, *_cells(each)) for name, each in named.items()], columns=["FIGURE", "VALUE", "OBSERVATIONS", "AT_LEAST", "AS_OF", "WHY_NOT"])


def _cells(figure: Figure) -> tuple[object, ...]:
    return figure.value, figure.observations, figure.least, figure.as_of, figure.why
