"""Portfolio: what is held, what it is worth now, what it has made, and how that came about.

Positions are computed once for each version of the transactions; what refreshes only values them. Portfolio, privacy and allocation
are in the address of the page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard import portfolio as parts
from dashboard.components import headline
from dashboard.components.export_button import export
from dashboard.exports.desk import Exports, Extract
from dashboard.look import Look
from dashboard.portfolio import choice_panel, live_panel, prices, transactions_panel
from dashboard.portfolio.desk import Desk
from dashboard.portfolio.entry_panel import Entry, draw_form, draw_import
from dashboard.portfolio.rows import rows
from dashboard.portfolio.store import PortfolioStore
from ticklake.portfolio.model import Portfolio
from ticklake.roles import Action, User

Now = Callable[[], datetime]

FORM_WIDTH = 480
"""Pixels."""

WELCOME = "There is no portfolio yet. Create one below, or a demo over simulated shares."


def render(look: Look, desk: Desk, store: PortfolioStore, exports: Exports, user: User, now: Now) -> None:
    """The whole page, for `user`."""
    st.html(f"<style>{_style()}</style>")
    known = desk.portfolios()
    live_panel.say(headline.problem(known.problem))
    if known.value is None:
        st.html(headline.note("The portfolios are being read."))
        return
    if not known.value:
        st.html(headline.note(WELCOME))
        with st.container(width=FORM_WIDTH):
            choice_panel.draw_new(desk, store, known.value, user, now())
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = choice_panel.pick(known.value)
        private = st.toggle("Hide amounts", key="private", bind="query-params", help="Shares and returns stay, amounts and quantities do not")
        with st.popover("New portfolio", key="portfolio-create"):
            choice_panel.draw_new(desk, store, known.value, user, now())
        if chosen and not private:
            export(exports, user, lambda: _extract(desk, chosen, now()), "portfolio-export")
    if chosen is None:
        return
    live_panel.draw(look, desk, chosen, now, private)
    _below(look, desk, store, user, chosen, now, private)


def _below(look: Look, desk: Desk, store: PortfolioStore, user: User, chosen: Portfolio, now: Now, private: bool) -> None:
    """What does not move with every price."""
    ledger = desk.ledger(chosen, now()).value
    if ledger is None:
        st.html(headline.note("The transactions are being read."))
        return
    names = ["Performance", "Transactions", *(["Import", "Enter by hand"] if user.may(Action.TRANSACT) else [])]
    tabs = dict(zip(names, st.tabs(names, key="portfolio-tabs"), strict=True))
    with tabs["Performance"]:
        live_panel.draw_growth(look, desk, chosen, now)
    with tabs["Transactions"]:
        transactions_panel.draw(look, ledger, store, user, now(), private)
    if "Import" in tabs:
        entry = Entry(ledger, desk.reader(chosen, user, now()), store, user)
        with tabs["Import"]:
            draw_import(entry)
        with tabs["Enter by hand"]:
            draw_form(entry)


def _extract(desk: Desk, chosen: Portfolio, at: datetime) -> Extract | None:
    """The positions as a table to take away; amounts in the portfolio's currency, to the cent."""
    live = live_panel.read(desk, chosen, at).value
    if live is None:
        return None
    found, total = rows(live)
    told = [row.told for row in found]
    frame = pd.DataFrame(
        {
            "POSITION": [row.name for row in (*found, total)],
            "QUANTITY": [row.position.quantity if row.position else None for row in (*found, total)],
            "PRICE": [row.price for row in (*found, total)],
            "MISSING": [row.missing for row in (*found, total)],
            **{name.upper(): [getattr(row, name) for row in (*found, total)] for name in ("value", "day", "unrealised", "realised")},
            **{
                name.upper(): [None if (share := getattr(row, name)) is None else float(share) for row in (*found, total)]
                for name in ("weight", "contribution")
            },
        }
    )
    sources = tuple(sorted({each.source for each in told if each}))
    return Extract(frame, f"portfolio_{chosen.name}", "Portfolio", f"/portfolio?portfolio={chosen.id}", at, sources, tuple(prices.feeds(told)))


@cache
def _style() -> str:
    return (Path(parts.__file__).parent / "style.css").read_text(encoding="utf-8")
