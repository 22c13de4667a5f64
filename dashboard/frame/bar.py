"""The bar above every page: controls on one line; market, feeds and freshness on the next.

The router draws it before the page, so its controls belong to all pages. Only the second line moves, in a fragment of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import streamlit as st

from dashboard import meter
from dashboard.components import headline
from dashboard.frame import controls, quotas, sources, status
from dashboard.frame.market import HOME, exchange_zone, market_line
from dashboard.freshness import Targets, hops
from dashboard.look import Key, Look
from dashboard.market_data import MarketData, Snapshot
from dashboard.once import once
from dashboard.shared import Reading
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake_io.producing import Producing

Now = Callable[[], datetime]

STILL = "* { animation: none !important; transition: none !important; }"
"""Style of a page without motion."""

SLOW_S = 5.0
"""Least seconds between two looks at what changes slowly; a second would show nothing more and cost as much as the prices."""


class Listed(NamedTuple):
    """What the frame knows of an instrument on the board: its name and the calendar it trades by."""

    name: str
    calendar: str | None


def slowly(every_s: float | None) -> float | None:
    """The refresh interval of a panel that changes slowly, for a reader who chose `every_s`; None when paused."""
    return None if every_s is None else max(SLOW_S, every_s)


def bar(data: MarketData, tables: Tables, now: Now, targets: Targets, producing: Callable[[], Producing]) -> Look:
    """Draw the bar and say how the reader looks. `now` gives the time, with zone, at each refresh; `producing` says how the sources are."""
    snapshot = data.board().value
    listed = instruments(snapshot.board) if snapshot else {}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        key = controls.pick_instrument({key: each.name for key, each in listed.items()})
        zone, every_s, motion = controls.pick_zone(), controls.pick_refresh(), controls.pick_motion()
    st.html(f"<style>{_style()}{'' if motion else STILL}</style>")
    look = Look(key, zone, every_s, controls.palette(), now(), controls.local_zone(), motion)
    calendar = listed[key].calendar if key else HOME
    meter.fragment(_status, run_every=meter.beside(slowly(every_s), 1))(look, calendar, data, tables, now, targets, producing, listed)
    unknown = controls.unknown_symbol(list(listed)) if key is None and listed else None
    if unknown:
        st.html(headline.note(unknown))
    return look


@once()
def instruments(board: pd.DataFrame) -> dict[Key, Listed]:
    """The instruments of a board, in its order."""
    columns = (board[name] for name in ("SYMBOL", "SOURCE", "NAME", "CALENDAR"))
    return {(symbol, source): Listed(name, calendar if isinstance(calendar, str) else None) for symbol, source, name, calendar in zip(*columns, strict=True)}


@cache
def _style() -> str:
    return (Path(__file__).parents[1] / "style.css").read_text(encoding="utf-8")


def _status(
    look: Look,
    calendar: str | None,
    data: MarketData,
    tables: Tables,
    now: Now,
    targets: Targets,
    producing: Callable[[], Producing],
    drawn: dict[Key, Listed],
) -> None:
    reading = data.board()
    at, snapshot, running = now(), reading.value, producing()
    if snapshot and drawn != instruments(snapshot.board):
        controls.refill(look.key)
    feeds = status.feeds(snapshot.board) if snapshot else []
    seen = hops(snapshot, at, targets, look.every_s)
    zone = look.tz(exchange_zone(calendar))
    market = f'<span class="tl-market">{escape(market_line(calendar, at, zone))}</span>'
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<div class="tl-line">{market}{status.badges(feeds, look.key, at, zone, targets, sources.troubled(running))}</div>')
        newest = max((each.received_at for each in feeds), default=None)
        with st.popover(status.verdict(seen, newest, at), type="tertiary", key="freshness"):
            st.html(status.timeline(seen))
    trouble = "".join(map(headline.problem, (_problem(reading), _spent(tables, at, zone), *sources.sentences(running))))
    place = st.empty()  # apart from what changes with time, or a screen reader would say it again and again
    if trouble:
        place.html(trouble)


def _problem(reading: Reading[Snapshot]) -> str | None:
    if reading.problem is None:
        return None
    return f"{reading.problem} {'The last good data stays below.' if reading.value else 'Nothing has been read yet.'}"


def _spent(tables: Tables, at: datetime, zone: tzinfo) -> str | None:
    left = tables.read("quotas", Subject.METRICS).value
    return None if left is None else quotas.spent(left, at, zone)
