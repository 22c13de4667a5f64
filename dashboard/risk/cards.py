"""Figures side by side, each with what it is, what it rests on, or why there is none. HTML, every value escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import NamedTuple

from dashboard.risk import wording
from ticklake.risk.sufficiency import Figure


class Card(NamedTuple):
    """A figure as written, and how it is made."""

    title: str
    text: str
    detail: str
    is_known: bool = True


def card(title: str, figure: Figure, write: Callable[[float], str], convention: str) -> Card:
    """The card of a figure; one that there is not enough for says so instead."""
    if figure.value is None:
        return Card(title, wording.text(figure, write), convention, False)
    return Card(title, write(figure.value), f"{convention}; {wording.rests_on(figure)}")


def cards(every: Iterable[Card]) -> str:
    """A row of cards."""
    return f'<dl class="tl-cards">{"".join(map(_html, every))}</dl>'


def _html(each: Card) -> str:
    shown = "tl-figure" if each.is_known else "tl-absent"
    return f'<div><dt>{escape(each.title)}</dt><dd class="{shown}">{escape(each.text)}</dd><dd class="tl-muted tl-small">{escape(each.detail)}</dd></div>'
