"""The bar above every page: controls on one line, market, feeds and freshness on the next.

The router draws it before the page, so its controls belong to all pages. Only the second line moves: a fragment of two elements.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import streamlit as st

from dashboard.components import headline
from dashboard.frame import controls
from dashboard.freshness import Targets, hops, market_line
from dashboard.look import Key, Look
from dashboard.market_data import MarketData, Snapshot
from dashboard.shared import Reading

Now = Callable[[], datetime]

STYLE = Path(__file__).parents[1] / "style.css"


def bar(data: MarketData, now: Now, targets: Targets) -> Look:
    """Draw the bar and say how the reader looks. `now` gives the time, with zone, at each refresh."""
    st.html(STYLE)
    snapshot = data.snapshot(1.0).value
    names = _names(snapshot)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html('<span class="tl-title">Ticklake</span>', width="content")
        key = controls.pick_instrument(names)
        zone, every_s, motion = controls.pick_zone(), controls.pick_refresh(), controls.pick_motion()
    look = Look(key, zone, every_s, controls.palette(), now(), controls.local_zone(), motion)
    st.fragment(_status, run_every=every_s)(data, now, targets, every_s, frozenset(names))
    unknown = controls.unknown_symbol(list(names)) if key is None and names else None
    if unknown:
        st.html(headline.note(unknown))
    return look


def _names(snapshot: Snapshot | None) -> dict[Key, str]:
    if snapshot is None:
        return {}
    board = snapshot.board
    return {(symbol, source): name for symbol, source, name in zip(board["SYMBOL"], board["SOURCE"], board["NAME"], strict=True)}


def _status(data: MarketData, now: Now, targets: Targets, every_s: float | None, drawn: frozenset[Key]) -> None:
    reading = data.snapshot(every_s or 1.0)
    at, snapshot = now(), reading.value
    if drawn != frozenset(_names(snapshot)):
        st.rerun()  # the picker above lacks an instrument
    feeds = sorted(snapshot.board["FEED"].unique()) if snapshot else []
    st.html(headline.headline(feeds, market_line("XNYS", "NYSE", at), hops(snapshot, at, targets, every_s), _problem(reading)))


def _problem(reading: Reading[Snapshot]) -> str | None:
    if reading.problem is None:
        return None
    kept = "The last good data stays below." if reading.value else "Nothing has been read yet."
    cause = reading.problem[:160].rstrip(".")
    return f"{cause[:1].upper()}{cause[1:]}. {kept} Run ticklake status to see what is down; this page recovers by itself."
