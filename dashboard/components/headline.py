"""The lines above the board: feeds, market, freshness by hop, and trouble if there is any. HTML, every value escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboard.freshness import Hop

ARROW = '<span class="tl-arrow" aria-hidden="true">→</span>'


def headline(feeds: Sequence[str], market: str, hops: Sequence[Hop], problem: str | None) -> str:
    """One row of badges and hops; below it a line for `problem`, which is there, if empty, when all is well."""
    badges = "".join(f'<span class="tl-badge">{escape(feed.upper())}</span>' for feed in feeds)
    chips = ARROW.join(map(_chip, hops))
    alert = f'<div class="tl-problem" role="alert">{escape(problem)}</div>' if problem else ""
    return f'<div class="tl-line">{badges}<span class="tl-market">{escape(market)}</span><span class="tl-hops">{chips}</span></div>{alert}'


def quote(symbol: str, name: str, source: str, price: str, change: str, detail: str) -> str:
    """The heading of the chart: who, from where, at what price, changed by how much."""
    side = "up" if "+" in change else "down" if "-" in change else "level"
    return (
        f'<div class="tl-quote"><b>{escape(symbol)}</b> <span class="tl-muted">{escape(name)} · {escape(source)}</span>'
        f'<span class="tl-price">{escape(price)}</span><span class="tl-{side}">{escape(change)}</span></div>'
        f'<div class="tl-muted tl-small">{escape(detail)}</div>'
    )


def note(text: str) -> str:
    """A sentence where a chart or a table would be."""
    return f'<div class="tl-note">{escape(text)}</div>'


def _chip(hop: Hop) -> str:
    return (
        f'<span class="tl-hop tl-{hop.level}" title="{escape(hop.detail)}"><span aria-hidden="true">{hop.level.icon}</span> '
        f"{escape(hop.name)} <b>{escape(hop.text)}</b></span>"
    )
