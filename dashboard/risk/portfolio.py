"""The risk of a portfolio: what it may lose, where that comes from, how concentrated it is, and whether it keeps its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard.components import headline
from dashboard.exports.desk import Extract
from dashboard.look import Look
from dashboard.risk import charts, limit_panel, pick, wording
from dashboard.risk.books import Books
from dashboard.risk.cards import Card, card, cards
from dashboard.risk.extracts import extract
from dashboard.risk.grid import grid
from dashboard.risk.holding import BookRisk, book_risk
from dashboard.risk.limit_book import LimitBook
from dashboard.risk.pick import Picked
from dashboard.tables import Tables
from ticklake.risk.holdings import Key
from ticklake.risk.measures import Method
from ticklake.risk.portfolio import LEVELS
from ticklake.roles import User

NOTHING_HELD = "Nothing is held: the risk of this portfolio appears here with its first position."


def draw(look: Look, tables: Tables, books: Books, limits: LimitBook, user: User, at: datetime) -> Extract | None:
    """The panel of the portfolio that the address names, at the time `at`, and what it shows."""
    picked = pick.portfolio(books, at)
    if picked is None:
        return None
    found = book_risk(picked.book, tables, at)
    st.html(headline.note(" ".join(caveats(picked.book.currency, found)) or "Every position is priced and has daily closes."))
    if not found.exposures.known:
        st.html(headline.note(NOTHING_HELD))
        return None
    st.html(cards(_cards(picked, found)))
    left, right = st.columns([55, 45], gap="medium")
    with left:
        limit_panel.draw(picked, found, limits, user, look)
    with right:
        _tails(picked, found)
        _concentration(found)
    parts = _parts(look, picked, found)
    address = {"portfolio": picked.id, "show": "Portfolio"}
    return None if parts is None else extract(parts, f"risk_{picked.book.name}", address, [each.key for each in found.basis.covered], at)


def caveats(currency: str, found: BookRisk) -> list[str]:
    """What a reader must know of the figures: what is left out of them, and why."""
    told = [found.problem] if found.problem else []
    of = found.basis
    if found.exposures.unpriced:
        told.append(f"Without {_names(found.exposures.unpriced)}: no price, or no exchange rate to {currency}.")
    if of.missing and found.problem is None:
        told.append(f"Value at risk without {_names(of.missing)}: no daily closes.")
    if found.one_sided:
        told.append(f"{_names(found.one_sided)}: moves of the currency do not count, its exchange rate has no daily closes.")
    if found.unadjusted:
        told.append(f"{_names(found.unadjusted)}: days of ticks, not adjusted for splits and dividends, stand in for daily bars.")
    if of.shortest and of.history.observations < 60:
        told.append(f"{of.shortest[0]} has the fewest closes and keeps the days in common down to {len(of.history.days)}.")
    if of.oldest and len(of.history.days) and of.history.days[-1].astype(object) < of.fresh_from:
        told.append(f"{of.oldest[0]} is the oldest: its last close is of {wording.day(of.history.days[-1].astype(object))}.")
    return told


def _names(keys: Sequence[Key]) -> str:
    shown = ", ".join(key[0] for key in keys[:5])
    return f"{shown} and {len(keys) - 5} more" if len(keys) > 5 else shown


def _cards(picked: Picked, found: BookRisk) -> list[Card]:
    book, risk = picked.book, found.risk
    worst = risk.tails[95, Method.HISTORICAL]
    beside = f"against {book.benchmark[0]}" if book.benchmark else "the portfolio names no benchmark"
    return [
        Card("Net value", wording.money(found.exposures.net, book.currency), f"gross exposure {wording.money(found.exposures.gross, book.currency)}"),
        card("VaR 95 %, one day", worst.value_at_risk, lambda value: wording.money(value, book.currency), "historical, today's positions"),
        card("Shortfall 95 %, one day", worst.shortfall, lambda value: wording.money(value, book.currency), "historical, mean of the worst 5 %"),
        card("Volatility", risk.volatility, wording.share, f"simple returns, times √{found.basis.annualisation:g} a year"),
        card("Volatility, EWMA", risk.ewma, wording.share, f"weights falling by 0.94, times √{found.basis.annualisation:g} a year"),
        card("Drawdown now", risk.drawdown, wording.share, "today's quantities, below their highest value"),
        card("Deepest drawdown", risk.deepest, wording.share, "today's quantities"),
        card("Beta", risk.beta, wording.ratio, f"{beside}, simple returns of common days"),
    ]


def _tails(picked: Picked, found: BookRisk) -> None:
    st.caption("Loss over one day")
    rows = []
    for level in LEVELS:
        for method in Method:
            tails = found.risk.tails[level, method]
            at_risk, shortfall = (wording.text(each, lambda value: wording.money(value, picked.book.currency)) for each in tails[:2])
            rows.append(
                {
                    "Level": f"{level} %",
                    "Method": str(method),
                    "Value at risk": at_risk,
                    "Expected shortfall": shortfall,
                    "Observations": tails.value_at_risk.observations,
                }
            )
    grid(rows, "risk_book_tails", "Value at risk and expected shortfall by level and method")


def _concentration(found: BookRisk) -> None:
    concentration = found.concentration
    if concentration is None:
        return
    st.caption(
        f"Concentration: HHI {concentration.herfindahl:.3f}, as {1 / concentration.herfindahl:.1f} equal positions; "
        f"the five largest are {wording.share(concentration.top_five)} of gross"
    )
    rows = [
        {"Group": group, "Name": name, "Of gross": wording.share(value)}
        for group, shares in (
            ("sector", concentration.sectors),
            ("currency", concentration.currencies),
            ("position", dict(list(concentration.positions.items())[:5])),
        )
        for name, value in shares.items()
    ]
    grid(rows, "risk_concentration", "Shares of gross exposure by sector, currency and largest positions")


def _parts(look: Look, picked: Picked, found: BookRisk) -> pd.DataFrame | None:
    """Component and marginal value at risk by holding; the components sum to the total. None without one."""
    tails = found.risk.tails[95, Method.PARAMETRIC]
    st.caption("Where the parametric VaR 95 % comes from: the parts sum to the total; marginal is what one more unit of money in a holding adds")
    parts = tails.parts
    total = tails.value_at_risk.value
    if parts is None or not total:
        st.html(headline.note(f"Parts of value at risk: {tails.value_at_risk.why or 'nothing is at risk'}."))
        return None
    rows = pd.DataFrame(
        {
            "HOLDING": [each.key[0] for each in found.basis.covered],
            "VALUE": found.basis.values,
            "COMPONENT": parts.value_at_risk,
            "SHARE": parts.value_at_risk / total,
            "SHORTFALL": parts.shortfall,
            "MARGINAL": parts.marginal,
        }
    ).sort_values("COMPONENT", ascending=False, ignore_index=True)
    left, right = st.columns([45, 55], gap="medium")
    with left:
        data = rows[["HOLDING", "SHARE"]].head(40)
        first = data.iloc[0]
        alt = (
            f"Parts of value at risk of {len(data)} holdings: the largest is {first['HOLDING']} with {first['SHARE']:.0%}. The same figures stand in the table."
        )
        st.vega_lite_chart(data, charts.parts_spec(look.palette), width="stretch", key="risk_parts", alt=alt)
    with right:
        currency = picked.book.currency
        columns = {
            "HOLDING": "Holding",
            "VALUE": f"Value, {currency}",
            "COMPONENT": f"VaR, {currency}",
            "SHARE": "Of VaR, %",
            "SHORTFALL": f"Shortfall, {currency}",
            "MARGINAL": "Marginal",
        }
        shown = rows.assign(SHARE=rows["SHARE"] * 100).round({"VALUE": 2, "COMPONENT": 2, "SHARE": 2, "SHORTFALL": 2, "MARGINAL": 5}).rename(columns=columns)
        grid(shown, "risk_parts_table", "Component and marginal value at risk by holding", is_long=len(shown) > 10)
    return rows
