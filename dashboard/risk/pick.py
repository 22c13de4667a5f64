"""Which portfolio the page looks at, and of which source a symbol's daily figures are; both in the address."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import streamlit as st

from dashboard.components import addressed, headline
from dashboard.look import Key
from dashboard.portfolio import choice_panel
from dashboard.risk.books import Book, Books
from dashboard.tables import Tables
from ticklake.changes import Subject

CLOSES = "closes"
"""Name in the address of the source whose daily closes count."""

NONE_YET = "No portfolio yet: enter or import transactions on the Portfolio page; its risk appears here."


class Picked(NamedTuple):
    """A portfolio by its id."""

    id: str
    book: Book


def portfolio(books: Books, at: datetime) -> Picked | None:
    """The Portfolio page's picker, and the book of the portfolio that it names; None when there is none, which is said."""
    known = books.portfolios()
    if known.problem:
        st.html(headline.problem(known.problem))
    if not known.value:
        st.html(headline.note("The portfolios are being read." if known.value is None else NONE_YET))
        return None
    chosen = choice_panel.pick(known.value)
    if chosen is None:
        return None
    reading = books.book(chosen, at)
    if reading.problem:
        st.html(headline.problem(reading.problem))
    if reading.value is None:
        st.html(headline.note("The positions are being read."))
        return None
    return Picked(chosen.id, reading.value)


def source(key: Key, tables: Tables) -> Key:
    """The symbol of `key` from the source whose daily closes count: that of `key`, unless the reader chooses another that has some."""
    reading = tables.read("risk_sources", Subject.ANALYTICS, symbol=key[0])
    days = {} if reading.value is None else dict(zip(reading.value["SOURCE"], reading.value["DAYS"], strict=True))
    sources = list(dict.fromkeys([key[1], *days]))
    if len(sources) == 1:
        return key
    state = f"{CLOSES}:{key[0]}:{key[1]}"  # of each instrument its own: what one has, another may lack
    addressed.begin(CLOSES, sources, key[1], state)
    chosen = st.segmented_control("Daily closes of", sources, required=True, key=state, format_func=lambda each: f"{each} ({days.get(each, 0)} days)")
    addressed.tell(CLOSES, chosen or key[1], key[1])
    return key[0], chosen or key[1]
