"""Risk: what an instrument or a portfolio may lose, what moves together, and what a bad day would cost.

Every figure has its convention and its observations beside it; one that rests on too few or on old ones is not shown as a number.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import streamlit as st

from dashboard import meter
from dashboard.components import headline
from dashboard.components.export_button import export
from dashboard.exports.desk import Exports, Extract
from dashboard.look import Look
from dashboard.risk import instrument, pairs, pick, portfolio, scenarios
from dashboard.risk.books import Books
from dashboard.risk.extracts import SHOWN
from dashboard.risk.limit_book import LimitBook
from dashboard.tables import Tables
from ticklake.roles import User

Now = Callable[[], datetime]

STYLE = Path(__file__).parents[1] / "risk" / "style.css"

LEAST_EVERY_S = 30.0
"""Figures of risk follow daily closes and a refresh a minute: looking more often shows nothing new."""

NO_SYMBOL = "Choose a symbol above: its risk appears here."


class Show(StrEnum):
    """What of the page is on screen; its name is in the address."""

    INSTRUMENT = "Instrument"
    PORTFOLIO = "Portfolio"
    CORRELATION = "Correlation"
    STRESS = "Stress"


def render(look: Look, tables: Tables, books: Books, limits: LimitBook, exports: Exports, user: User, now: Now) -> None:
    """The whole page, for `user`. `now` gives the time, with zone, at each refresh."""
    st.html(STYLE)
    every_s = None if look.every_s is None else max(look.every_s, LEAST_EVERY_S)
    meter.fragment(_panels, run_every=every_s)(look, tables, books, limits, user, now)
    export(exports, user, lambda: st.session_state.get(SHOWN), "risk-export")


def _panels(look: Look, tables: Tables, books: Books, limits: LimitBook, user: User, now: Now) -> None:
    show = st.segmented_control("Show", list(Show), default=Show.INSTRUMENT, required=True, key="show", bind="query-params", label_visibility="collapsed")
    st.session_state[SHOWN] = _panel(Show(show or Show.INSTRUMENT), look, tables, books, limits, user, now())


def _panel(show: Show, look: Look, tables: Tables, books: Books, limits: LimitBook, user: User, at: datetime) -> Extract | None:
    """Draw a panel; what it shows."""
    if show is Show.PORTFOLIO:
        return portfolio.draw(look, tables, books, limits, user, at)
    if show is Show.STRESS:
        return scenarios.draw(tables, books, at)
    if look.key is None:
        st.html(headline.note(NO_SYMBOL))
        return None
    key = pick.source(look.key, tables)
    return pairs.draw(look, key, tables, at) if show is Show.CORRELATION else instrument.draw(look, key, tables, at)
