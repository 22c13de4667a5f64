"""How old what is on screen is, hop by hop, in words.

Ages come from the data's own times. The newest record at the broker is not known here, so nothing is said of it; the lake is
known by the objects in the load ledger. Which hop is the cause of an outage, `ticklake status` can tell and this cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from dashboard.figures import duration, moment, span
from dashboard.market_data import Arrivals, Snapshot
from ticklake.calendars import MarketState, calendar
from ticklake.errors import ConfigError
from ticklake.instruments import ALWAYS_OPEN

SCREEN_TARGET_S = 10.0
"""Oldest that the last answer of the warehouse may be; slower refreshes get three times their interval."""


class Level(StrEnum):
    """What to make of a hop; the icons differ in shape, not only in colour."""

    OK = "ok"
    STALE = "stale"
    QUIET = "quiet"
    UNKNOWN = "unknown"

    @property
    def icon(self) -> str:
        return {"ok": "●", "stale": "▲", "quiet": "❚❚", "unknown": "○"}[self]


class Targets(NamedTuple):
    """Longest that a record may wait for the lake and for the warehouse, in seconds; whether the simulator trades around the clock."""

    lake_s: float
    warehouse_s: float
    simulator_always: bool = True


class Hop(NamedTuple):
    """One hop: its name, what to make of it, its age or state in words, and a sentence that says more."""

    name: str
    level: Level
    text: str
    detail: str


def hops(snapshot: Snapshot | None, now: datetime, targets: Targets, every_s: float | None) -> list[Hop]:
    """The four hops event, lake, warehouse and screen. `every_s` is the refresh interval, None when paused."""
    arrivals = snapshot.arrivals if snapshot else Arrivals()
    quiet = snapshot is not None and not is_trading(snapshot, now, targets)
    return [_event(arrivals, now), _lake(arrivals, now, targets), _warehouse(arrivals, now, targets, quiet), _screen(snapshot, now, every_s)]


def is_trading(snapshot: Snapshot, now: datetime, targets: Targets) -> bool:
    """Whether anything on the board should be ticking: an exchange is open, or a simulator runs around the clock."""
    board = snapshot.board
    if targets.simulator_always and (board["FEED"] == "synthetic").any():
        return True
    return any(_may_trade(name, now) for name in _names(board["CALENDAR"]))


def market_state(name: str, now: datetime) -> MarketState:
    """Whether the calendar `name` is open at `now`. Raises `ConfigError` for an unknown one."""
    return MarketState(True, None, None) if name == ALWAYS_OPEN else calendar(name).state(now)


def market_line(name: str, exchange: str, now: datetime) -> str:
    """NYSE open, closes in 2 h 13 min; or closed, opens in …."""
    state = market_state(name, now)
    if state.closes_at:
        return f"{exchange} open, closes in {duration(span(state.closes_at, now))}"
    return f"{exchange} closed, opens in {duration(span(state.opens_at, now))}" if state.opens_at else f"{exchange} open"


def _may_trade(name: str, now: datetime) -> bool:
    try:
        return market_state(name, now).is_open
    except ConfigError:
        return True  # a calendar that nobody knows must not excuse data that is late


def _names(calendars: Iterable[object]) -> set[str]:
    return {name if isinstance(name, str) else ALWAYS_OPEN for name in calendars}


def _event(arrivals: Arrivals, now: datetime) -> Hop:
    if arrivals.event_time is None:
        return Hop("event", Level.UNKNOWN, "none yet", "No tick has reached the warehouse.")
    return Hop("event", Level.OK, moment(arrivals.event_time, now), "Time of the newest event in the warehouse, at its provider.")


def _lake(arrivals: Arrivals, now: datetime, targets: Targets) -> Hop:
    if arrivals.landed_at is None or arrivals.first_kafka_time is None:
        return Hop("lake", Level.UNKNOWN, "none yet", "No object is in the load ledger.")
    waited = span(arrivals.landed_at, arrivals.first_kafka_time)
    landed = moment(arrivals.landed_at, now)
    detail = f"The newest object in the ledger landed at {landed}; its first record had waited {waited:.1f} s (target {targets.lake_s:g} s)."
    if waited > targets.lake_s:
        return Hop("lake", Level.STALE, f"LATE: records waited {duration(waited)}", detail)
    return Hop("lake", Level.OK, f"in {waited:.1f} s", detail)


def _warehouse(arrivals: Arrivals, now: datetime, targets: Targets, quiet: bool) -> Hop:
    if arrivals.received_at is None:
        return Hop("warehouse", Level.UNKNOWN, "none yet", "No tick has reached the warehouse.")
    age = span(now, arrivals.received_at)
    detail = f"The newest tick in the warehouse was received at {moment(arrivals.received_at, now)} (target {targets.warehouse_s:g} s)."
    if age <= targets.warehouse_s:
        return Hop("warehouse", Level.OK, duration(age), detail)
    if quiet:
        return Hop("warehouse", Level.QUIET, f"CLOSED, last tick {duration(age)} ago", detail)
    cause = f"{arrivals.unmerged} objects copied, not merged" if arrivals.unmerged else "no newer tick loaded"
    return Hop("warehouse", Level.STALE, f"STALE {duration(age)}: {cause}", f"{detail} ticklake status names the hop that is the cause.")


def _screen(snapshot: Snapshot | None, now: datetime, every_s: float | None) -> Hop:
    if snapshot is None:
        return Hop("screen", Level.UNKNOWN, "no data", "The warehouse has not answered yet.")
    at = moment(snapshot.read_at, now)
    if every_s is None:
        return Hop("screen", Level.QUIET, f"paused at {moment(now, now)}", f"The warehouse was read at {at}; ages are those of {moment(now, now)}.")
    age = span(now, snapshot.read_at)
    detail = f"The warehouse last answered at {at}."
    if age > max(SCREEN_TARGET_S, 3 * every_s):
        return Hop("screen", Level.STALE, f"STALE {duration(age)}: no answer", detail)
    return Hop("screen", Level.OK, duration(age), detail)
