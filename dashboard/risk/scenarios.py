"""Stress: what a fall of the market, a day of the past, or moves of one's own would do to today's positions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

import msgspec
import pandas as pd
import streamlit as st

from dashboard.components import addressed, headline
from dashboard.exports.desk import Extract
from dashboard.risk import pick, stored, wording
from dashboard.risk.books import Book, Books
from dashboard.risk.cards import Card, cards
from dashboard.risk.extracts import extract
from dashboard.risk.grid import ROW_HEIGHT, grid
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.risk import stress
from ticklake.risk.holdings import Exposures, Key, exposures
from ticklake.risk.stress import Outcome

MARKET, DAY, OWN = "Market move", "Historical day", "Own moves"

WORST, MOVES = "worst_day", "sector_moves"
"""Names in the address: one of the worst days, and the moves of sectors as JSON."""

FALL = -20.0
"""Per cent that the market moves by, unless the reader says otherwise."""


def draw(tables: Tables, books: Books, at: datetime) -> Extract | None:
    """The panel of the portfolio that the address names, and what it shows."""
    picked = pick.portfolio(books, at)
    if picked is None:
        return None
    held = exposures(picked.book.holdings, picked.book.cash)
    kind = st.segmented_control("Scenario", [MARKET, DAY, OWN], default=MARKET, required=True, key="scenario", bind="query-params")
    if kind == DAY:
        found = _day(picked.book, held, tables, at)
    elif kind == OWN:
        found = _own(held)
    else:
        found = _market(picked.book, held, tables, at)
    if found is None:
        return None
    _outcome(picked.book, held, found)
    rows = [(hit.exposure.key[0], hit.exposure.value, hit.move, hit.profit) for hit in found.hits]
    frame = pd.DataFrame(rows, columns=["HOLDING", "VALUE", "MOVE", "PROFIT"])
    address = {"portfolio": picked.id, "show": "Stress", "scenario": kind or MARKET}
    return extract(frame, f"stress_{picked.book.name}", address, [each.key for each in held.known], at)


def _market(book: Book, held: Exposures, tables: Tables, at: datetime) -> Outcome:
    move = st.number_input("Market moves by, %", -100.0, 100.0, FALL, 1.0, key="market_move", bind="query-params", width=200)
    reading = tables.read("risk_figures", Subject.ANALYTICS, keys=stored.keys_json(each.key for each in held.known))
    betas, against = _betas(reading.value, at)
    st.html(headline.note(reading.problem or f"Each holding moves by its beta against {against or 'its benchmark'} times {move:g} %; in its own currency."))
    return stress.by_betas(held, betas, move / 100)


def _betas(figures: pd.DataFrame | None, at: datetime) -> tuple[dict[Key, float], str]:
    """The betas that there are enough fresh observations of, and what they are against."""
    rows = [] if figures is None else figures.to_dict("records")
    found = {(row["SYMBOL"], row["SOURCE"]): stored.beta(row, at).value for row in rows}
    return {key: value for key, value in found.items() if value is not None}, ", ".join(sorted({row["BENCHMARK"] for row in rows}))


def _day(book: Book, held: Exposures, tables: Tables, at: datetime) -> Outcome | None:
    worst = _worst_days(book, tables)
    known = {day: f"{day}: {book.benchmark[0]} {wording.signed_share(move)}" for day, move in worst.items()} if book.benchmark else {}
    left, right = st.columns(2)
    with left:
        listed = _listed_day(known)
    with right:
        typed = st.date_input("Or any other day", None, max_value=at.date(), min_value=date(1990, 1, 1), key="any_day", bind="query-params")
    day = wording.day(typed) if typed else listed
    if day is None:
        st.html(headline.note("Choose a day."))
        return None
    reading = tables.read("risk_day", Subject.ANALYTICS, day=day, keys=stored.keys_json(each.key for each in held.known))
    rows = [] if reading.value is None else reading.value.to_dict("records")
    st.html(headline.note(reading.problem or f"What each holding did on {day}, in its own currency, applied to today's positions."))
    return stress.outcome(held, {(row["SYMBOL"], row["SOURCE"]): float(row["MOVE"]) for row in rows})


def _listed_day(known: Mapping[str, str]) -> str | None:
    """The picker of one of the days that are `known`, each with what it is called; None while there is none."""
    if known:
        addressed.begin(WORST, known, next(iter(known)))
    nothing = "None known: the portfolio has no benchmark with closes"
    chosen = st.selectbox("Worst days", list(known), key=WORST, format_func=known.__getitem__, placeholder=nothing)
    if chosen:
        addressed.tell(WORST, chosen)
    return chosen


def _worst_days(book: Book, tables: Tables) -> Mapping[str, float]:
    """What the benchmark did on its worst days, by day."""
    if book.benchmark is None:
        return {}
    found = tables.read("risk_worst_days", Subject.ANALYTICS, symbol=book.benchmark[0], source=book.benchmark[1]).value
    return {} if found is None else {wording.day(pd.Timestamp(row["BAR_DATE"])): float(row["MOVE"]) for row in found.to_dict("records")}


def _own(held: Exposures) -> Outcome:
    sectors = sorted({each.sector for each in held.known})
    everything = st.number_input("Everything moves by, %", -100.0, 1000.0, -10.0, 1.0, key="own_move", bind="query-params", width=200)
    begun = st.session_state.setdefault(f"{MOVES}-begun", _moves_of(st.query_params.get(MOVES, "")))  # an editor whose rows change loses its edits
    rows = pd.DataFrame({"Sector": sectors, "Moves by, %": pd.Series([begun.get(each) for each in sectors], dtype="Float64")})
    edited = st.data_editor(rows, key="own_moves", hide_index=True, disabled=["Sector"], row_height=ROW_HEIGHT, width=400, alt="Moves by sector")
    moves = {row["Sector"]: float(row["Moves by, %"]) for row in edited.to_dict("records") if pd.notna(row["Moves by, %"])}
    addressed.tell(MOVES, json.dumps(moves), "{}")
    st.html(headline.note("A sector with a move of its own follows that one, all others the move of everything."))
    return stress.by_groups(held, everything / 100, {sector: move / 100 for sector, move in moves.items()})


def _moves_of(text: str) -> dict[str, float]:
    """Moves by sector, as the address says them; none where it says something else."""
    try:
        return msgspec.json.decode(text, type=dict[str, Annotated[float, msgspec.Meta(ge=-100, le=1000)]])
    except msgspec.DecodeError:
        return {}


def _outcome(book: Book, held: Exposures, found: Outcome) -> None:
    without = f"without {', '.join(key[0] for key in found.unknown)}: the scenario says nothing of it" if found.unknown else "every holding counts"
    profit = wording.signed_money(found.profit, book.currency) if found.profit is not None else "n/a"
    part = wording.signed_share(found.profit / held.net) if found.profit is not None and held.net > 0 else "n/a"
    st.html(
        cards(
            [
                Card("Profit or loss", profit, without, found.profit is not None),
                Card("Of net value", part, wording.money(held.net, book.currency), part != "n/a"),
            ]
        )
    )
    rows = [
        {
            "Holding": hit.exposure.key[0],
            "Sector": hit.exposure.sector,
            f"Value, {book.currency}": f"{hit.exposure.value:,.2f}",
            "Move": "n/a" if hit.move is None else wording.signed_share(hit.move),
            "Profit or loss": "n/a" if hit.profit is None else wording.signed_money(hit.profit, book.currency),
        }
        for hit in found.hits
    ]
    grid(rows, "risk_hits", "Profit or loss of each holding under the scenario, worst first")
