"""The risk of one instrument: volatility, value at risk, drawdown and beta, each with what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from dashboard.components import headline
from dashboard.exports.desk import Extract
from dashboard.frame.market import exchange_zone
from dashboard.look import Key, Look
from dashboard.risk import charts, extracts, stored, wording
from dashboard.risk.cards import Card, card, cards
from dashboard.risk.extracts import extract
from dashboard.risk.grid import grid
from dashboard.shared import Reading
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.portfolio.trading_day import trading_day
from ticklake.risk.measures import Method, drawdowns
from ticklake.risk.portfolio import Series
from ticklake.risk.sufficiency import LEAST_RISK, absent, figure, fresh_from

CONVENTIONS = {
    "close": "close to close, around the mean",
    "parkinson": "Parkinson, from highs and lows",
    "ewma": "EWMA, weights falling by 0.94, around zero",
}
"""How each method of CURATED.VOLATILITY estimates; logarithmic returns, but for Parkinson's."""

BARS = {"1M": "1 minute", "5M": "5 minutes", "1D": "1 day"}

ONE_SESSION = "Volatility, one session"

TAILS = "Value at risk and expected shortfall by level and method"

NOT_YET = "no figures yet: refresh_analytics makes them from 30 minute bars or 16 daily closes on; ticklake status tells whether bars arrive."


READING = "the figures are being read."


def draw(look: Look, key: Key, tables: Tables, at: datetime) -> Extract | None:
    """The panel of `key` at the time `at`, and what it shows."""
    figures = tables.read("risk_figures", Subject.ANALYTICS, keys=stored.keys_json([key]))
    volatilities = tables.read("risk_volatility", Subject.ANALYTICS, symbol=key[0], source=key[1])
    closes = tables.read("risk_closes", Subject.ANALYTICS, keys=stored.keys_json([key]))
    problem = figures.problem or volatilities.problem or closes.problem
    row, own = stored.row_of(figures.value, key), None if closes.value is None else stored.series(closes.value).get(key)
    rows = [] if volatilities.value is None else volatilities.value.to_dict("records")
    if problem:
        st.html(headline.problem(problem))
    if not rows and row is None and own is None:
        st.html(headline.note(f"{key[0]} from {key[1]}: {READING if figures.value is None else NOT_YET}"))
        return None
    st.html(_heading(key, closes, own, at))
    st.html(cards([*_volatility_cards(rows, at), *_tail_cards(row, at), *_drawdown_cards(row, own, at), *_beta_card(row, at)]))
    left, right = st.columns([55, 45], gap="medium")
    with left:
        _volatility_table(rows, at, look)
        _tail_table(row, at)
    with right:
        _drawdown_chart(look, key, own)
    address = {"symbol": key[0], "show": "Instrument"}
    return extract(extracts.figures(row, rows, at), f"risk_{key[0]}", address, [key], at)


def _heading(key: Key, closes: Reading[pd.DataFrame], own: Series | None, at: datetime) -> str:
    """What the daily figures are made of, and until when."""
    if own is None or closes.value is None:
        return headline.note(f"{key[0]} from {key[1]} has no daily closes yet: its day of ticks counts when the next one has begun.")
    made_of = (
        "days of ticks, not adjusted for splits and dividends: the batch feed has no daily bars" if stored.unadjusted(closes.value) else "adjusted daily bars"
    )
    newest = own.closes.days[-1].astype(object)
    late = f" · stale since {wording.day(newest)}" if newest < fresh_from(own.calendar, at) else ""
    return headline.note(f"{key[0]} from {key[1]}: daily figures are made of {made_of}, {len(own.closes.days)} to {wording.day(newest)}{late}.")


def _volatility_cards(rows: Sequence[stored.Row], at: datetime) -> list[Card]:
    made = []
    for title, method, interval, window in (
        ("Volatility, 20 days", "close", "1D", 20),
        ("Volatility, EWMA", "ewma", "1D", 252),
        (ONE_SESSION, "close", "1M", 1),
    ):
        row = next((each for each in rows if (each["METHOD"], each["BAR_INTERVAL"], each["WINDOW_DAYS"]) == (method, interval, window)), None)
        found = stored.volatility(row, at) if row else absent(LEAST_RISK)
        periods = f", times √{row['ANNUALISATION']:g} a year" if row else ""
        named = f"Volatility on {_session(row)}" if row and title == ONE_SESSION else title
        made.append(card(named, found, wording.share, f"{CONVENTIONS[method]}; {BARS[interval]} bars{periods}"))
    return made


def _session(row: stored.Row) -> str:
    """The day whose minutes a row is made of: the newest that has any, which need not be today."""
    return wording.day(trading_day(stored.calendar(row) or "", pd.Timestamp(row["AS_OF"]).tz_localize(UTC).to_pydatetime()))


def _tail_cards(row: stored.Row | None, at: datetime) -> list[Card]:
    names = {"VAR": ("VaR 95 %, one day", "at most this on 95 of 100 days"), "ES": ("Shortfall 95 %, one day", "mean of the worst 5 %")}
    return [
        card(title, stored.tail(row, kind, 95, Method.HISTORICAL, at) if row else absent(LEAST_RISK), wording.share, f"historical, {meaning}, simple returns")
        for kind, (title, meaning) in names.items()
    ]


def _drawdown_cards(row: stored.Row | None, own: Series | None, at: datetime) -> list[Card]:
    if own is None:
        now = absent(LEAST_RISK)
    else:
        days = own.closes.days
        fresh = fresh_from(own.calendar, at)
        now = figure(lambda: float(drawdowns(own.closes.prices)[-1]), len(days) - 1, LEAST_RISK, days[-1].astype(object), fresh)
    return [
        card("Drawdown now", now, wording.share, "below the highest close of the window"),
        card("Deepest drawdown", stored.deepest(row, at) if row else absent(LEAST_RISK), wording.share, "of the window's closes"),
    ]


def _beta_card(row: stored.Row | None, at: datetime) -> list[Card]:
    against = f"against {row['BENCHMARK']} of the same source" if row else "against the benchmark"
    return [card("Beta", stored.beta(row, at) if row else absent(LEAST_RISK), wording.ratio, f"{against}, simple returns of common days")]


def _volatility_table(rows: Sequence[stored.Row], at: datetime, look: Look) -> None:
    st.caption("Volatility a year, every method, bar and window")
    shown = [
        {
            "Method": CONVENTIONS[str(row["METHOD"])],
            "Bars": BARS[str(row["BAR_INTERVAL"])],
            "Days": row["WINDOW_DAYS"],
            "Volatility": wording.text(found, wording.share),
            "Periods a year": f"{row['ANNUALISATION']:,.0f}",
            "Observations": row["OBSERVATIONS"],
            "As of": _as_of(row, look),
        }
        for row in rows
        for found in [stored.volatility(row, at)]
    ]
    grid(shown, "risk_volatility", "Volatility by method, bar interval and window")


def _tail_table(row: stored.Row | None, at: datetime) -> None:
    st.caption("Loss over one day as a share of the price")
    rows = [_tail_row(row, level, method, at) for level, method in stored.levels()] if row else []
    grid(rows, "risk_tails", TAILS)


def _tail_row(row: stored.Row, level: int, method: Method, at: datetime) -> dict[str, object]:
    at_risk, shortfall = (stored.tail(row, kind, level, method, at) for kind in ("VAR", "ES"))
    return {
        "Level": f"{level} %",
        "Method": str(method),
        "Value at risk": wording.text(at_risk, wording.share),
        "Expected shortfall": wording.text(shortfall, wording.share),
        "Observations": at_risk.observations,
    }


def _drawdown_chart(look: Look, key: Key, own: Series | None) -> None:
    if own is None:
        st.html(headline.note("The drawdown appears here with the first two daily closes."))
        return
    data = charts.drawdown_data(own.closes)
    worst = data.iloc[data["DRAWDOWN"].argmin()]
    now = -data["DRAWDOWN"].iloc[-1]
    alt = (
        f"Drawdown of {key[0]} over {len(data)} closes: now {now:.1%}, deepest {-worst['DRAWDOWN']:.1%} on {worst['DAY']}. The same figures follow as a table."
    )
    st.caption("Drawdown: how far the close is below the highest so far")
    st.vega_lite_chart(data, charts.drawdown_spec(look.palette), width="stretch", key="risk_drawdown", alt=alt)
    with st.expander("The same drawdown as a table"):
        shown = data.iloc[::-1].assign(DRAWDOWN=(data["DRAWDOWN"] * 100).round(2)).rename(columns={"DAY": "Day", "DRAWDOWN": "Drawdown, %"})
        grid(shown, "risk_drawdown_table", f"Drawdown of {key[0]} by day", is_long=True)


def _as_of(row: stored.Row, look: Look) -> str:
    """The start of the newest bar: a day's is a date, a minute's is written in the reader's zone."""
    start = pd.Timestamp(row["AS_OF"])
    if row["BAR_INTERVAL"] == "1D":
        return wording.day(start)
    return f"{start.tz_localize(UTC).tz_convert(look.tz(exchange_zone(stored.calendar(row)))):%Y-%m-%d %H:%M %Z}"
