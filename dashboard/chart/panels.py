"""The two charts of the page: candles of one instrument, or several instruments from 100."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from html import escape

import pandas as pd
import streamlit as st

from dashboard import figures
from dashboard.chart.rebase import rebased
from dashboard.chart.rungs import LADDER, most_bars
from dashboard.chart.series import Asked, Series
from dashboard.chart.stage import Drawn, Row, Stage, drawn, forget
from dashboard.components import candles, comparison, headline, overlays
from dashboard.components.overlays import Line

NO_BARS = "There are no bars in this range. Choose a longer one, or another symbol above."

EXPORTED = ["BAR_START", "ORIGIN", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", "TRADES", "VWAP"]

DAYS = {
    "actions": "days adjusted for splits and dividends",
    "vendor": "days adjusted by the vendor",
    "raw": "days as traded",
    None: "days made of ticks, as traded",
}


def instrument(stage: Stage, row: Row) -> None:
    """Candles, lines over them, and RSI below; always as many elements for the same wishes."""
    wishes, palette = stage.wishes, stage.look.palette
    over = overlays.lines(wishes.lines)
    lines = (*over, overlays.RSI) if wishes.rsi else over
    asked = stage.asked(row, most_bars(len(over)))
    series, zone = stage.charts.series(asked), stage.zone(asked)
    data, table = _panes(stage, asked, series, lines, zone)
    st.html(_heading(row, _about(asked, series, data, zone, lines)))
    st.html(overlays.legend(lines, {line.column: float(data[line.column].iloc[-1]) for line in lines if len(data)}, palette) or "<div></div>")
    if data.empty:
        forget()
        st.html(headline.note(series.problem or NO_BARS))
        return
    shape = candles.Shape(palette, figures.decimals(row["PRICE"]), over)
    alt = candles.describe(row["SYMBOL"], data, series.rung)
    st.vega_lite_chart(table, candles.price_spec(shape), width="stretch", key="chart-candles", alt=alt)
    if wishes.rsi:
        alt = f"RSI of 14 bars of {row['SYMBOL']}, newest {figures.price(data['RSI_14'].iloc[-1])}, with rules at 30 and 70."
        st.vega_lite_chart(table, candles.rsi_spec(palette), width="stretch", key="chart-rsi", alt=alt)
    if wishes.table:
        _table(data.drop(columns=["X", "LABEL", "SHADE_TO", "ACTION", "NEWEST"]))
    stage.keep(f"{row['SYMBOL']} {series.rung.name}", [row], lambda: _exported(series, row, lines))


def compared(stage: Stage, rows: Sequence[Row]) -> None:
    """Closes of several instruments, each 100 at the left edge."""
    asked = [stage.asked(row, most_bars(2, candles=False) // len(rows)) for row in rows]
    all_series = stage.charts.together(asked)
    symbols = [str(row["SYMBOL"]) for row in rows]
    names = [symbol if symbols.count(symbol) == 1 else f"{symbol} ({row['SOURCE']})" for symbol, row in zip(symbols, rows, strict=True)]
    bars, rung, zone = tuple(series.bars for series in all_series), all_series[0].rung, stage.zone(asked[0])

    def make() -> Drawn:
        return drawn(comparison.comparison_data(rebased(dict(zip(names, bars, strict=True))), rung, zone))

    data, table = stage.charts.memo.get(("compared", *names, rung, str(zone)), bars, make)
    problem = next((series.problem for series in all_series if series.problem), None)
    missing = [name for name, each in zip(names, bars, strict=True) if each.empty]
    about = (f"closes of {rung.name}", f"no bars of {', '.join(missing)}" if missing else None, problem)
    st.html(_heading(rows[0], " · ".join(filter(None, about))))
    st.html("<div></div>")
    if data.empty:
        forget()
        st.html(headline.note(problem or NO_BARS))
        return
    alt = comparison.describe(data, rung)
    st.vega_lite_chart(table, comparison.comparison_spec(stage.look.palette), width="stretch", key="chart-comparison", alt=alt)
    if stage.wishes.table:
        _table(data[["NAME", "AT", "CLOSE", "REBASED"]])
    stage.keep(f"{' '.join(symbols)} {rung.name}", list(rows), lambda: data[["NAME", "AT", "CLOSE", "REBASED"]])


def _panes(stage: Stage, asked: Asked, series: Series, lines: tuple[Line, ...], zone: tzinfo) -> Drawn:
    actions = stage.charts.reader.actions(asked.key).value
    return stage.charts.memo.get(
        ("panes", asked.key, series.rung, lines, str(zone), asked.span),
        (series.bars, actions),
        lambda: drawn(candles.pane_data(series.bars, series.rung, lines, zone, asked.calendar, actions)),
    )


def _table(data: pd.DataFrame) -> None:
    st.dataframe(
        data.iloc[::-1], hide_index=True, height=300, key="chart-table", placeholder=figures.UNKNOWN, alt="The bars of the chart in figures, newest first"
    )


def _exported(series: Series, row: Row, lines: tuple[Line, ...]) -> pd.DataFrame:
    bars = series.bars[[*EXPORTED, *(line.column for line in lines)]]
    return pd.concat([pd.DataFrame({"SYMBOL": row["SYMBOL"], "SOURCE": row["SOURCE"], "BAR_INTERVAL": series.rung.name}, index=bars.index), bars], axis=1)


def _heading(row: Row, about: str) -> str:
    currency = row["CURRENCY"] if isinstance(row["CURRENCY"], str) else ""
    return (
        f'<div class="tl-line"><span><b>{escape(row["SYMBOL"])}</b> <span class="tl-muted">{escape(row["NAME"])}, {escape(row["SOURCE"])}</span></span>'
        f"<span><b>{figures.price(row['PRICE'])}</b> {escape(currency)} {figures.change(row['CHANGE'])} ({figures.percent(row['PERCENT'])})</span>"
        f'<span class="tl-muted tl-small">{escape(about)}</span></div>'
    )


def _about(asked: Asked, series: Series, data: pd.DataFrame, zone: tzinfo, lines: Sequence[Line]) -> str:
    """What is on screen, in a line: the interval and why it is that one, shades, zone, kind of days, and what is missing."""
    rung, empty = series.rung, [line.column.replace("_", " ") for line in lines if len(data) and data[line.column].isna().all()]
    return " · ".join(
        filter(
            None,
            (
                f"{rung.name} candles{_why(asked, series)}",
                "shaded: outside of sessions" if data["SHADE_TO"].notna().any() else "",
                f"times in {asked.newest.astimezone(zone):%Z}" if rung.intraday else DAYS[series.days],
                f"too few bars for {', '.join(empty)}" if empty else "",
                series.problem,
            ),
        )
    )


def _why(asked: Asked, series: Series) -> str:
    """Why the interval is longer than it might be; nothing when it is the one asked for."""
    if series.rung is asked.finest:
        return ""
    finer = LADDER[LADDER.index(series.rung) - 1] if asked.finest is LADDER[0] else asked.finest
    return f": there are no {finer.name} bars as far back" if series.young else f": {finer.name} would be more than the {asked.most} that fit"
