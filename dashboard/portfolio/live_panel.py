"""What moves with the prices: key figures, positions, allocation, the lots of one position, and the growth since the beginning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard import figures, meter
from dashboard.components import allocation, headline
from dashboard.look import Look
from dashboard.portfolio import key_figures, performance_chart, positions_table, wording
from dashboard.portfolio.desk import Desk
from dashboard.portfolio.live import Live
from dashboard.portfolio.rows import Row, lot_figures, rows
from dashboard.shared import Reading
from ticklake.portfolio.model import Portfolio

Now = Callable[[], datetime]

NOTHING = "No transactions yet. Import a file or enter one below; the valuation appears here."

GROWTH_S = 30.0
"""Least seconds between two drawings of the growth: its newest day hardly moves."""


def draw(look: Look, desk: Desk, portfolio: Portfolio, now: Now, private: bool) -> None:
    """Draw the panels at the interval that the reader chose."""
    meter.fragment(_valued, run_every=look.every_s)(look, desk, portfolio, now, private)


def draw_growth(look: Look, desk: Desk, portfolio: Portfolio, now: Now) -> None:
    """The growth, at its own pace."""
    meter.fragment(_growth, run_every=None if look.every_s is None else max(look.every_s, GROWTH_S))(look, desk, portfolio, now)


def say(html: str) -> None:
    """One element, whether there is something to say or not: what follows keeps its place."""
    place = st.empty()
    if html:
        place.html(html)


def read(desk: Desk, portfolio: Portfolio, at: datetime) -> Reading[Live]:
    """The portfolio at the time `at`."""
    ledger = desk.ledger(portfolio, at)
    if ledger.value is None:
        return Reading(None, ledger.problem)
    live = desk.live(ledger.value, at)
    return Reading(live.value, ledger.problem or live.problem)


def _valued(look: Look, desk: Desk, portfolio: Portfolio, now: Now, private: bool) -> None:
    at = now()
    reading = read(desk, portfolio, at)
    say(headline.problem(reading.problem))
    live = reading.value
    if live is None or not live.ledger.entered:
        st.html(headline.note(NOTHING if live else "The portfolio is being read."))
        return
    parts, total = rows(live)
    st.html(key_figures.strip(live, total, private))
    say(headline.note(left_out) if (left_out := _left_out(live)) else "")
    left, right = st.columns([72, 28], gap="medium")
    names = [live.ledger.listed[part.name].name if part.name in live.ledger.listed else "" for part in parts]
    left.html(positions_table.table(parts, total, names, at, portfolio.currency, private))
    with right:
        _allocation(look, parts)
    _lots(parts, portfolio.currency, private)


def _left_out(live: Live) -> str:
    """What has no value, by name and cause, and what could not be booked."""
    missing = [f"{line.position.symbol}: {line.missing}" for line in live.valuation.lines if line.missing]
    return ". ".join([*([f"Without {wording.names(missing)}"] if missing else []), *live.ledger.problems[:3]])


def _allocation(look: Look, parts: Sequence[Row]) -> None:
    by = st.segmented_control(
        "Allocation by", ["sector", "position"], default="sector", required=True, key="allocation", bind="query-params", label_visibility="collapsed"
    )
    weights = [(part.sector if part.position else part.name, part.name, float(part.weight)) for part in parts if part.weight is not None]
    data = allocation.sectors([(sector, weight) for sector, _, weight in weights])
    if by == "position":
        data = allocation.shares((name, weight) for _, name, weight in weights)
    st.vega_lite_chart(
        data,
        allocation.spec(look.palette, max(1, len(data))),
        width="stretch",
        key=f"allocation-chart-{by}",
        alt=allocation.describe(by or "sector", data),
    )


def _lots(parts: Sequence[Row], currency: str, private: bool) -> None:
    held = {part.name: part for part in parts if part.position}
    chosen = st.selectbox("Lots of", list(held), index=None, key="lots", placeholder="Lots of a position", label_visibility="collapsed", width=260)
    part = held.get(chosen or "")
    if part is None or part.position is None:
        st.empty()
        return
    lots = part.position.lots
    frame = pd.DataFrame(
        {
            "Opened": [lot.opened_on.isoformat() for lot in lots],
            "Quantity": [wording.quantity(lot.quantity, private) for lot in lots],
            "Cost of a share": [figures.price(float(lot.cost / lot.quantity)) for lot in lots],
            f"Cost, {currency}": [wording.amount(lot.base, private) for lot in lots],
            f"Value, {currency}": [wording.amount(each[0] if each else None, private) for each in lot_figures(part)],
            f"Unrealised, {currency}": [wording.gain(each[1] if each else None, private) for each in lot_figures(part)],
        }
    )
    st.table(frame, hide_index=True)


def _growth(look: Look, desk: Desk, portfolio: Portfolio, now: Now) -> None:
    live = read(desk, portfolio, now()).value
    if live is None or not live.growth:
        st.html(headline.note(f"No growth to draw: {live.no_growth if live else 'the portfolio is being read'}."))
        return
    benchmark = portfolio.benchmark or "Benchmark"
    say(headline.note(f"No line of a benchmark: {live.no_benchmark}.") if live.no_benchmark else "")
    data = performance_chart.data(live.growth, live.benchmark, benchmark)
    alt = performance_chart.describe(live.growth, live.benchmark, benchmark)
    st.vega_lite_chart(data, performance_chart.spec(look.palette), width="stretch", key="growth", alt=alt)
    with st.expander("The same days as a table"):
        table = data.pivot_table(index="DAY", columns="WHO", values="PERCENT", sort=False).sort_index(ascending=False).reset_index()
        st.dataframe(table, hide_index=True, height=260, key="growth-table", alt=alt)
