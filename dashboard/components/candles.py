"""Candles with volume and lines over them, and a pane for RSI: one Vega-Lite specification a shape, made once; only the data changes.

Every bar takes the same room, by its place in the series, so that nights, weekends and holidays take none.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from dashboard.chart import axis, marks
from dashboard.chart.rungs import Rung
from dashboard.components.overlays import RSI, Line
from dashboard.components.palette import Palette
from dashboard.components.specification import specification
from ticklake.calendars import Calendar

HEIGHT, SMALL_HEIGHT, RSI_HEIGHT = 430, 270, 96
"""Pixels."""

AXIS = 64
"""Pixels for the figures beside a chart: the same for all, so that charts on top of each other line up."""

PRICES = ["OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"]

_BARS = alt.NamedData("bars")
_RISES = "datum.CLOSE >= datum.OPEN"
_VOLUME_PART = 0.2
"""Share of the height that the highest volume takes; prices keep above it."""

_FEWEST = 20
"""Bars for which there is always room."""


class Shape(NamedTuple):
    """What a specification depends on: colours, decimals of prices, the lines drawn, and pixels."""

    palette: Palette
    places: int
    lines: tuple[Line, ...] = ()
    height: int = HEIGHT


def pane_data(
    bars: pd.DataFrame, rung: Rung, lines: tuple[Line, ...] = (), zone: tzinfo = UTC, calendar: Calendar | None = None, actions: pd.DataFrame | None = None
) -> pd.DataFrame:
    """`bars` (n, oldest first) as the charts read them: X is a bar's place, LABEL stands at a few, SHADE_TO ends a run of closed hours."""
    times = pd.DatetimeIndex(bars["BAR_START"])
    letters, words = marks.actions(times, actions, rung)
    places = np.arange(len(bars))
    return pd.DataFrame(
        {
            "X": places.astype(float),
            "AT": axis.moments(times, rung, zone),
            "LABEL": axis.labels(times, rung, zone),
            **{name: bars[name].to_numpy(float) for name in (*PRICES, *(line.column for line in lines))},
            "SHADE_TO": marks.shades(times, calendar, rung),
            "ACTION": pd.Series(letters, dtype=object),
            "ACTION_IS": pd.Series(words, dtype=object),
            "NEWEST": places == len(bars) - 1,
        }
    )


def describe(symbol: str, data: pd.DataFrame, rung: Rung) -> str:
    """The chart of `pane_data` in a sentence, for who cannot see it."""
    if data.empty:
        return f"No bars of {symbol}."
    acted = int(data["ACTION"].notna().sum())
    return (
        f"Candles of {rung.name} with volume of {symbol}, {len(data)} bars from {data['AT'].iloc[0]} to {data['AT'].iloc[-1]}: "
        f"low {data['LOW'].min():g}, high {data['HIGH'].max():g}, last close {data['CLOSE'].iloc[-1]:g}"
        f"{f', {acted} with a split or dividend' if acted else ''}. A table has the same bars in figures."
    )


@cache
def price_spec(shape: Shape) -> dict[str, Any]:
    """Candles, volume and lines, without data. Rising bars are hollow and blue, falling ones filled and orange."""
    base = alt.Chart(_BARS)
    behind = alt.layer(_shades(base, shape.palette), *_labels(base, shape.palette))
    prices = alt.layer(*_candles(base, shape), _floor(base, shape), *(_line(base, line, shape) for line in shape.lines), *_newest(base, shape))
    layers = alt.layer(behind, _volume(base, shape.palette), prices, *_actions(base, shape.palette))
    return specification(layers.resolve_scale(y="independent").properties(height=shape.height))


@cache
def rsi_spec(palette: Palette) -> dict[str, Any]:
    """The pane of RSI between 0 and 100, with rules at 30 and 70."""
    side = alt.Axis(title=None, orient="right", values=[30, 70], gridColor=palette.grid, domain=False, ticks=False, minExtent=AXIS, maxExtent=AXIS)
    base = alt.Chart(_BARS).encode(
        x=_x(),
        y=alt.Y("RSI_14:Q", scale=alt.Scale(domain=[0, 100]), axis=side),
        tooltip=[alt.Tooltip("AT:N", title="bar"), alt.Tooltip("RSI_14:Q", format=".1f")],
    )
    return specification(base.mark_line(strokeWidth=1.5, color=RSI.colour(palette)).properties(height=RSI_HEIGHT))


def _x(field: str = "X") -> alt.X:
    return alt.X(f"{field}:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=4))


def _y(field: str, shape: Shape) -> alt.Y:
    side = alt.Axis(
        title=None,
        orient="right",
        gridColor=shape.palette.grid,
        domain=False,
        ticks=False,
        format=f",.{shape.places}f",
        tickCount=8,
        minExtent=AXIS,
        maxExtent=AXIS,
    )
    return alt.Y(f"{field}:Q", scale=alt.Scale(zero=False, nice=False), axis=side)


def _tooltip(shape: Shape) -> list[alt.Tooltip]:
    prices = [name for name in PRICES if name != "VOLUME"] + [line.column for line in shape.lines]
    return [
        alt.Tooltip("AT:N", title="bar"),
        *(alt.Tooltip(f"{name}:Q", title=name.lower().replace("_", " "), format=f",.{shape.places}f") for name in prices),
        alt.Tooltip("VOLUME:Q", title="volume", format=",.0f"),
    ]


def _candles(base: alt.Chart, shape: Shape) -> tuple[alt.Chart, alt.Chart]:
    colour = alt.condition(_RISES, alt.value(shape.palette.up), alt.value(shape.palette.down))
    fill = alt.condition(_RISES, alt.value(shape.palette.background), alt.value(shape.palette.down))
    wicks = base.mark_rule().encode(x=_x(), y=_y("LOW", shape), y2="HIGH:Q", color=colour, tooltip=_tooltip(shape))
    bodies = (
        base.transform_calculate(LEFT="datum.X - 0.36", RIGHT="datum.X + 0.36")
        .mark_rect(strokeWidth=1)
        .encode(x=_x("LEFT"), x2="RIGHT:Q", y=_y("OPEN", shape), y2="CLOSE:Q", fill=fill, stroke=colour, tooltip=_tooltip(shape))
    )
    return wicks, bodies


def _line(base: alt.Chart, line: Line, shape: Shape) -> alt.Chart:
    made: alt.Chart = base.mark_line(strokeWidth=1.5, strokeDash=list(line.dash) or [1, 0], color=line.colour(shape.palette)).encode(
        x=_x(), y=_y(line.column, shape)
    )
    return made


def _volume(base: alt.Chart, palette: Palette) -> alt.Chart:
    """Volume as a share of the highest bar, in the lowest part of the chart; the figure is in the tooltip."""
    made: alt.Chart = (
        base.transform_joinaggregate(TOP="max(VOLUME)")
        .transform_calculate(SHARE="datum.TOP > 0 ? datum.VOLUME / datum.TOP : 0", LEFT="datum.X - 0.36", RIGHT="datum.X + 0.36")
        .mark_rect(color=palette.volume)
        .encode(
            x=_x("LEFT"),
            x2="RIGHT:Q",
            y=alt.Y("SHARE:Q", axis=None, scale=alt.Scale(domain=[0, 1 / _VOLUME_PART])),
            y2=alt.datum(0),
            tooltip=[alt.Tooltip("AT:N", title="bar"), alt.Tooltip("VOLUME:Q", title="volume", format=",.0f")],
        )
    )
    return made


def _floor(base: alt.Chart, shape: Shape) -> alt.Chart:
    """One mark that nobody sees: so far below the lowest price that candles keep clear of the volume, and so far left that the first few are not wide."""
    made: alt.Chart = (
        base.transform_aggregate(FLOOR="min(LOW)", CEILING="max(HIGH)", LAST="max(X)")
        .transform_calculate(FOOT=f"datum.FLOOR - (datum.CEILING - datum.FLOOR) * {_VOLUME_PART / (1 - _VOLUME_PART)}", ROOM=f"min(0, datum.LAST - {_FEWEST})")
        .mark_point(opacity=0)
        .encode(x=_x("ROOM"), y=_y("FOOT", shape))
    )
    return made


def _newest(base: alt.Chart, shape: Shape) -> tuple[alt.Chart, alt.Chart]:
    """The last close, across the chart."""
    last = base.transform_filter("datum.NEWEST")
    colour = alt.condition(_RISES, alt.value(shape.palette.up), alt.value(shape.palette.down))
    rule = last.mark_rule(strokeDash=[2, 3]).encode(y=_y("CLOSE", shape), color=colour)
    text = last.mark_text(align="right", dx=-2, dy=-7, fontWeight="bold").encode(
        x=alt.value("width"), y=_y("CLOSE", shape), text=alt.Text("CLOSE:Q", format=f",.{shape.places}f"), color=colour
    )
    return rule, text


def _shades(base: alt.Chart, palette: Palette) -> alt.Chart:
    made: alt.Chart = (
        base.transform_filter("isValid(datum.SHADE_TO)")
        .transform_calculate(LEFT="datum.X - 0.5", RIGHT="datum.SHADE_TO + 0.5")
        .mark_rect(color=palette.grid, opacity=0.65)
        .encode(x=_x("LEFT"), x2="RIGHT:Q", y=alt.value(0), y2=alt.value("height"))
    )
    return made


def _labels(base: alt.Chart, palette: Palette) -> tuple[alt.Chart, alt.Chart]:
    """The time axis: a rule where a labelled bar begins, and its label below the chart."""
    labelled = base.transform_filter("datum.LABEL != ''").transform_calculate(LEFT="datum.X - 0.5")
    rules = labelled.mark_rule(color=palette.grid).encode(x=_x("LEFT"), y=alt.value(0), y2=alt.value("height"))
    texts = labelled.mark_text(color=palette.muted, align="left", baseline="top", dy=5).encode(x=_x("LEFT"), y=alt.value("height"), text="LABEL:N")
    return rules, texts


def _actions(base: alt.Chart, palette: Palette) -> tuple[alt.Chart, alt.Chart]:
    """S for a split, D for a dividend, * for several, at the top of their bar."""
    acted = base.transform_filter("isValid(datum.ACTION)").encode(x=_x(), tooltip=alt.Tooltip("ACTION_IS:N", title="corporate action"))
    rules = acted.mark_rule(color=palette.muted, strokeDash=[1, 3]).encode(y=alt.value(14), y2=alt.value("height"))
    texts = acted.mark_text(color=palette.text, fontWeight="bold", baseline="top").encode(y=alt.value(1), text="ACTION:N")
    return rules, texts
