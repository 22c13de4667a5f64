"""Which portfolio is on screen, and new ones: an own, or a demo with one click."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

import streamlit as st

from dashboard.components import addressed, headline
from dashboard.portfolio import demo
from dashboard.portfolio.desk import Desk
from dashboard.portfolio.saving import save
from dashboard.portfolio.store import PortfolioStore
from ticklake.portfolio.model import Portfolio
from ticklake.roles import Action, User

CHOSEN = "portfolio"
"""Name in the address, and key of the picker."""

NO_CLOSES = "The demo is made of simulated daily bars, and there are none yet: run ingest_daily_bars in Airflow, then click again."


def pick(known: Mapping[str, Portfolio]) -> Portfolio | None:
    """The picker; what it shows is in the address, and what the address says is shown."""
    if not known:
        return None
    addressed.begin(CHOSEN, known, next(iter(known)))
    chosen: str = st.selectbox("Portfolio", list(known), key=CHOSEN, format_func=lambda each: label(known[each]), label_visibility="collapsed", width=260)
    addressed.tell(CHOSEN, chosen)
    return known[chosen]


def label(portfolio: Portfolio) -> str:
    """Growth · EUR · demo."""
    return " · ".join([portfolio.name, portfolio.currency, *(["demo"] if portfolio.demo else [])])


def draw_new(desk: Desk, store: PortfolioStore, known: Mapping[str, Portfolio], user: User, at: datetime) -> None:
    """What makes portfolios; for who may not, why."""
    if refusal := user.refusal(Action.TRANSACT):
        st.html(headline.note(refusal))
        return
    if "demo" not in known and st.button("Create a demo portfolio", key="create-demo", help="Simulated shares at simulated prices"):
        _create_demo(desk, store, user, at)
    token = st.session_state.setdefault("portfolio-new", uuid4().hex)
    with st.form(f"portfolio-{token}", border=False):
        name = st.text_input("Name", key=f"portfolio-name-{token}", max_chars=80).strip()
        currency = st.text_input("Currency", value="USD", key=f"portfolio-currency-{token}", max_chars=3).strip().upper()
        benchmark = st.text_input("Benchmark", key=f"portfolio-benchmark-{token}", max_chars=40, help="A symbol; empty for none").strip() or None
        cash = st.toggle("Keeps cash", value=True, key=f"portfolio-cash-{token}", help="Off: purchases bring their money along, sales take it out")
        shorts = st.toggle("Allows shorts", key=f"portfolio-shorts-{token}")
        is_demo = st.toggle("Demo", key=f"portfolio-demo-{token}", help="Only a demo is valued on synthetic prices")
        if not st.form_submit_button("Create"):
            return
    if not name or not name.isprintable() or not re.fullmatch(r"[A-Z]{3}", currency):
        st.html(headline.problem("A portfolio needs a name, and a currency of three letters."))
        return
    made = Portfolio(token, name, currency, benchmark, is_demo, shorts, cash)
    if save(lambda: store.create(made, user), f"{name} is there."):
        del st.session_state["portfolio-new"]
        _show(made)


def _create_demo(desk: Desk, store: PortfolioStore, user: User, at: datetime) -> None:
    held = demo.symbols(desk.listed())
    lines = demo.transactions(demo.portfolio(held), held, desk.closes(held), at) if held else []
    if not lines:
        st.html(headline.problem(NO_CLOSES))
        return
    made = demo.portfolio(held)

    def write() -> None:
        store.create(made, user)
        store.add(made, lines, user)

    if save(write, "The demo is there."):
        _show(made)


def _show(made: Portfolio) -> None:
    st.query_params[CHOSEN] = made.id
    st.session_state.pop(CHOSEN, None)
    st.rerun()
