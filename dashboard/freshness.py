"""How far ticks have come, hop by hop, and which hop is to blame when something is late: what the tail and the warehouse themselves know.

The judgement is `ticklake.freshness`, as `ticklake status` has it. What the tail knows is judged as of when it last looked, so
that a tail that stands still is the screen's fault and no other's.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from dashboard.figures import duration, moment, span
from dashboard.market_data import Snapshot
from ticklake.freshness import Hop as Judged
from ticklake.freshness import Reading, judge

SCREEN = "screen"

SCREEN_TARGET_S = 5.0
"""Longest that the board may stand still."""


class Level(StrEnum):
    """What to make of a hop; the icons differ in shape, not only in colour."""

    OK = "ok"
    STALE = "stale"
    WAITING = "waiting"
    QUIET = "quiet"
    UNKNOWN = "unknown"

    @property
    def icon(self) -> str:
        return {"ok": "●", "stale": "▲", "waiting": "◔", "quiet": "❚❚", "unknown": "○"}[self]


class Targets(NamedTuple):
    """Longest that a record may wait for the lake and for the warehouse, and that the sources may be silent, in seconds.

    `simulator_always`: the simulator trades around the clock. `hint_s`: a landing may be told so much later.
    """

    lake_s: float
    warehouse_s: float
    simulator_always: bool = True
    event_s: float = 10.0
    hint_s: float = 5.0


class Hop(NamedTuple):
    """One hop: its name, what to make of it, its age or state in words, and a sentence that says more."""

    name: str
    level: Level
    text: str
    detail: str


def hops(snapshot: Snapshot | None, now: datetime, targets: Targets, every_s: float | None) -> list[Hop]:
    """The four hops event, lake, warehouse and screen. `every_s` is the refresh interval, None when paused."""
    if snapshot is None:
        return [
            Hop(name, Level.UNKNOWN, "no data", "Neither the broker nor the warehouse has answered yet.") for name in ("event", "lake", "warehouse", SCREEN)
        ]
    limits = {"event": targets.event_s, "lake": targets.lake_s, "warehouse": targets.warehouse_s, SCREEN: SCREEN_TARGET_S}
    readings = _readings(snapshot, now, targets)
    shown = [_hop(each, readings[each.name], snapshot, now) for each in judge(readings, limits)]
    if every_s is None:
        shown[-1] = Hop(SCREEN, Level.QUIET, f"paused at {moment(now, now)}", "Nothing moves until the refresh is chosen again.")
    return shown


def _readings(snapshot: Snapshot, now: datetime, targets: Targets) -> dict[str, Reading]:
    stream, at = snapshot.stream, snapshot.at
    stood_s = span(now, at)
    warehouse_s = span(at, snapshot.received_at) if snapshot.received_at else None
    if stream.problem is not None or not stream.caught_up:
        return {"event": Reading(None, None), "lake": Reading(None, None), "warehouse": Reading(warehouse_s, None), SCREEN: Reading(stood_s, stood_s)}
    newest = _newest(snapshot)
    event_s = span(at, newest) if newest else None
    owed_s = span(at, stream.expected_since) if stream.expected_since else 0.0
    silent_s = owed_s if event_s is None else min(event_s, owed_s)
    lake_s = span(at, stream.lake_since) if stream.lake_since else 0.0
    loaded_s = span(at, stream.warehouse_since) if stream.warehouse_since else 0.0
    return {
        "event": Reading(event_s, silent_s),
        "lake": Reading(lake_s, max(0.0, lake_s - targets.hint_s)),
        "warehouse": Reading(warehouse_s, loaded_s),
        SCREEN: Reading(stood_s, stood_s),
    }


def _newest(snapshot: Snapshot) -> datetime | None:
    """When the newest tick was received; a tail that began in a silence knows of none, and the warehouse has it."""
    return max((at for at in (snapshot.stream.received_at, snapshot.received_at) if at), default=None)


def _hop(judged: Judged, reading: Reading, snapshot: Snapshot, now: datetime) -> Hop:
    stream, received_at, says = snapshot.stream, _newest(snapshot), f"{judged.says[:1].upper()}{judged.says[1:]}."
    age = "none yet" if judged.age_s is None else duration(judged.age_s)
    match judged.state, judged.name:
        case "cause", _:
            return Hop(judged.name, Level.STALE, f"LATE {duration(reading.waiting_s or 0.0)}", says)
        case "waiting", _:
            return Hop(judged.name, Level.WAITING, judged.says, says)
        case "unknown", _:
            why = stream.problem or "The stream is being read from where the warehouse ends."
            return Hop(judged.name, Level.UNKNOWN, age if judged.age_s is not None else "not known", why)
        case _, "event":
            newest = f"The newest tick was received at {moment(received_at, now)}." if received_at else "No tick has been received."
            if not stream.expected_since and received_at:
                return Hop("event", Level.QUIET, f"CLOSED, last tick {age} ago", newest)
            return Hop("event", Level.OK, age, newest)
        case _, "lake":
            return Hop("lake", Level.OK, "up to date" if stream.lake_since is None else f"oldest waits {age}", "Records beyond the newest landing wait for it.")
        case _, "warehouse":
            newest = f"Its newest tick was received at {moment(snapshot.received_at, now)}." if snapshot.received_at else "No tick has been loaded."
            return Hop(
                "warehouse", Level.OK if stream.expected_since or not snapshot.received_at else Level.QUIET, age, f"{newest} The tail has what is newer."
            )
        case _:
            return Hop(SCREEN, Level.OK, age, f"The board was looked over at {moment(snapshot.at, now)}.")
