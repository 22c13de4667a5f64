"""The chart's own controls. What they say is in the page's address; a range chosen on the strip is there as `from` and `to`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard.chart import span
from dashboard.chart.rungs import CHOICES, LADDER, Rung
from dashboard.chart.span import Span
from dashboard.components import linked
from dashboard.components.comparison import MOST
from dashboard.components.overlays import OVERLAYS
from dashboard.look import Key

AUTO = "Auto"
RSI = "RSI"
_STRIPS = "chart-strips"


@dataclass(frozen=True)
class Wishes:
    """What the reader wants to see: a range by its name and, within it, a part; the finest interval; lines; what to compare with."""

    preset: str
    part: Span | None
    finest: Rung
    overlays: tuple[str, ...]
    adjusted: bool
    others: tuple[Key, ...]
    table: bool

    @property
    def rsi(self) -> bool:
        """Whether RSI is wanted, which has a pane of its own."""
        return RSI in self.overlays

    @property
    def lines(self) -> tuple[str, ...]:
        """The overlays that are drawn over candles."""
        return tuple(name for name in self.overlays if name in OVERLAYS)


def pick(keys: Sequence[Key], chosen: Key) -> Wishes:
    """Draw the controls over the instruments `keys`, of which `chosen` is on screen."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        preset = st.segmented_control(
            "Range", span.PRESETS, default=span.DEFAULT, required=True, key="range", bind="query-params", on_change=whole_range, width="content"
        )
        rungs = {rung.name: rung for rung in CHOICES}
        interval = st.segmented_control("Interval", (AUTO, *rungs), default=AUTO, required=True, key="interval", bind="query-params", width="content")
        overlays = st.pills(
            "Overlays", (*OVERLAYS, RSI), selection_mode="multi", key="overlays", bind="query-params", width="content", help="What each is: docs/analytics.md"
        )
        names = {f"{symbol}@{source}": (symbol, source) for symbol, source in keys if (symbol, source) != chosen}
        others = st.multiselect("Compare with", list(names), key="vs", bind="query-params", max_selections=MOST - 1, placeholder="Symbols", width=220)
        adjusted = st.toggle("Adjusted", value=True, key="adjusted", bind="query-params", help="Days as they compare with today's shares; off: as traded")
        table = st.toggle("Table", key="table", bind="query-params", help="The same bars in figures")
    return Wishes(
        preset or span.DEFAULT,
        span.addressed(st.query_params.get("from"), st.query_params.get("to")),
        rungs.get(interval or AUTO, LADDER[0]),
        tuple(overlays),
        adjusted,
        tuple(names[name] for name in others if name in names),
        table,
    )


def strip_key(chosen: Key) -> str:
    """The strip's key, another one when its brush must go."""
    return f"strip-{'-'.join(chosen)}-{st.session_state.get('range')}-{st.session_state.get(_STRIPS, 0)}"


def brush(key: str, times: Sequence[datetime]) -> None:
    """Take the part that the brush says; a brush that is gone means the whole range."""
    part = linked.brushed(st.session_state[key], times)
    for name in ("from", "to"):
        st.query_params.pop(name, None)
    if part:
        st.query_params.update(span.written(part))


def whole_range() -> None:
    """Forget the part, and the brush that said it."""
    for name in ("from", "to"):
        st.query_params.pop(name, None)
    st.session_state[_STRIPS] = st.session_state.get(_STRIPS, 0) + 1
