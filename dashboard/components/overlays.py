"""The lines that may be drawn over candles: their names, colours and dashes, so that no two differ by colour alone, and their legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from dashboard import figures
from dashboard.components.palette import LIGHT, Palette


class Line(NamedTuple):
    """A line: the column that it shows, its colour on light and on dark, and its dash in pixels (empty: solid)."""

    column: str
    light: str
    dark: str
    dash: tuple[int, ...] = ()

    def colour(self, palette: Palette) -> str:
        """The colour that keeps 3:1 on the page."""
        return self.light if palette == LIGHT else self.dark


class Overlay(NamedTuple):
    """What a reader chooses: a name, its lines, and what it is."""

    name: str
    lines: tuple[Line, ...]
    about: str


OVERLAYS = {
    each.name: each
    for each in (
        Overlay("SMA", (Line("SMA_20", "#6a3fb5", "#b79bf0"),), "mean of 20 closes"),
        Overlay("EMA", (Line("EMA_12", "#00725c", "#4fd1b3", (6, 3)), Line("EMA_26", "#00725c", "#4fd1b3", (2, 2))), "weighted means, 12 and 26"),
        Overlay("VWAP", (Line("SESSION_VWAP", "#a3195b", "#ff8fc0", (8, 3, 2, 3)),), "volume-weighted price since the day began"),
        Overlay(
            "Bollinger",
            (Line("BOLLINGER_UPPER", "#5f6b7a", "#9aa7b6", (4, 4)), Line("BOLLINGER_LOWER", "#5f6b7a", "#9aa7b6", (4, 4))),
            "SMA 20 ± 2 standard deviations",
        ),
    )
}

RSI = Line("RSI_14", "#6a3fb5", "#b79bf0")


def lines(chosen: Sequence[str]) -> tuple[Line, ...]:
    """The lines of these overlays."""
    return tuple(line for name in chosen for line in OVERLAYS[name].lines)


def legend(shown: Sequence[Line], newest: Mapping[str, float], palette: Palette) -> str:
    """One entry a line: how it looks, its name, its newest value. HTML, empty without lines."""
    entries = "".join(
        f'<span><span aria-hidden="true" style="{_sample(line, palette)}"></span> {escape(line.column.replace("_", " "))} <b>{_value(newest, line)}</b></span>'
        for line in shown
    )
    return f'<div class="tl-line tl-small">{entries}</div>' if entries else ""


def _sample(line: Line, palette: Palette) -> str:
    """A piece of the line, as a style: Streamlit takes SVG out of HTML."""
    colour, steps, at = line.colour(palette), [], 0
    for place, length in enumerate(line.dash or (26,)):
        steps.append(f"{'transparent' if place % 2 else colour} {at}px {at + length}px")
        at += length
    return f"display:inline-block;width:26px;height:2px;vertical-align:middle;background:repeating-linear-gradient(90deg,{','.join(steps)})"


def _value(newest: Mapping[str, float], line: Line) -> str:
    value = newest.get(line.column, float("nan"))
    return figures.price(value) if line is not RSI or value != value else f"{value:.1f}"
