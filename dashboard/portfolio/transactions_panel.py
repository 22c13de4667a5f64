"""The transactions: a filter, the list, and the button that takes one back. Splits and dividends of the market are among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import streamlit as st

from dashboard.components import headline
from dashboard.look import Look
from dashboard.portfolio.ledger import Ledger
from dashboard.portfolio.listing import columns, listing
from dashboard.portfolio.saving import save
from dashboard.portfolio.store import PortfolioStore
from ticklake.portfolio.entry import reversal_conflicts
from ticklake.portfolio.model import Kind, Transaction, transaction_id
from ticklake.roles import Action, User

MOST = 2_000
"""Rows shown; the filter finds the others."""


def draw(look: Look, ledger: Ledger, store: PortfolioStore, user: User, at: datetime, private: bool) -> None:
    """Newest first; a selected one can be reversed by who may."""
    every = sorted([*ledger.entered, *(each for each in ledger.effective if each.by_market)], key=lambda each: each.order, reverse=True)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input("Filter", key="transactions-filter", placeholder="Symbol, kind, day or note", label_visibility="collapsed", width=280)
        shown = matching(every, text)
        st.html(f'<span class="tl-small tl-muted">{min(len(shown), MOST):,} of {len(every):,}</span>', width="content")
    if not shown:
        st.html(headline.note("No transactions yet." if not every else "None matches the filter; clear it to see all."))
        return
    frame = listing(shown[:MOST], private, ledger.entered, look.tz(None))
    event = st.dataframe(
        frame,
        hide_index=True,
        height=320,
        key="transactions",
        column_config=columns(),
        on_select="rerun",
        selection_mode="single-row",
        alt="The transactions, newest first",
    )
    chosen = [shown[row] for row in event.selection.rows if row < len(shown)]
    if chosen and user.may(Action.TRANSACT):
        _reverse(ledger, chosen[0], store, user, at)


def matching(transactions: Sequence[Transaction], text: str) -> list[Transaction]:
    """Those of which every word of `text` is in the symbol, kind, day, note or import id."""
    words = text.casefold().split()
    return [
        each
        for each in transactions
        if all(word in f"{each.symbol or ''} {each.kind} {each.traded_on} {each.note} {each.import_id}".casefold() for word in words)
    ]


def reversal(named: Transaction, portfolio_id: str, note: str, user: User, at: datetime) -> Transaction:
    """The transaction that takes back `named`, on its day."""
    given = f"reversal-{uuid4().hex[:16]}"
    return Transaction(
        id=transaction_id(portfolio_id, given),
        import_id=given,
        traded_on=named.traded_on,
        kind=Kind.REVERSAL,
        currency=named.currency,
        reverses=named.id,
        note=note,
        entered_by=user.name,
        entered_at=at,
    )


def _reverse(ledger: Ledger, named: Transaction, store: PortfolioStore, user: User, at: datetime) -> None:
    if named.by_market:
        st.html(headline.note("The market's own: enter the split or dividend by hand to replace it."))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        why = st.text_input("Why", key=f"reverse-why-{named.id}", max_chars=200, placeholder="Why it is taken back", label_visibility="collapsed", width=320)
        asked = st.button(f"Reverse {named.traded_on} {named.kind} {named.symbol or ''}".rstrip(), key=f"reverse-{named.id}")
    if not asked:
        return
    back = reversal(named, ledger.portfolio.id, why, user, at)
    if conflicts := reversal_conflicts(ledger.setting, ledger.entered, back):
        st.html(headline.problem(f"Not reversed: {'; '.join(conflicts[:3])}."))
    elif save(lambda: store.add(ledger.portfolio, [back], user), "Reversed."):
        st.rerun()
