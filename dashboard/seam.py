"""Where warehouse and tail become one: bars, day and newest tick of a symbol and source, each trade counted once.

Pure functions of two sides that share no trade: the warehouse's holds what is below the watermarks, the tail's what is beyond.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dashboard.tail.bar import Bar, join, plus
from dashboard.tail.tail import Latest

DAY_US = 86_400_000_000


class Day(NamedTuple):
    """The bars of a UTC day, which begins at `start`; the first of them at `first` (both microseconds since 1970)."""

    start: int
    first: int
    open: float
    high: float
    low: float
    volume: float


class Base(NamedTuple):
    """What the warehouse has of a symbol and source: newest tick, instrument, newest day with bars, newest bars by minute, oldest first."""

    latest: Latest
    name: str
    currency: str | None
    sector: str | None
    calendar: str | None
    primary: bool | None
    day: Day | None
    bars: Mapping[int, Bar]


def bars(base: Mapping[int, Bar], tail: Mapping[int, Bar]) -> dict[int, Bar]:
    """The bars of both sides by minute, oldest first."""
    if not tail:
        return dict(base)
    both = {**base, **{minute: join(base.get(minute), bar) for minute, bar in tail.items()}}
    return dict(sorted(both.items()))


def latest(base: Latest | None, tail: Latest | None) -> Latest | None:
    """The newest tick of both sides; the tail's, which has the greater coordinates, where both happened at the same moment."""
    if base is None or tail is None:
        return base or tail
    return tail if tail.moment >= base.moment else base


def day(base: Day | None, known: Mapping[int, Bar], tail: Mapping[int, Bar]) -> Day | None:
    """The newest day with bars on either side; `known` are the warehouse's bars of the minutes that the tail may touch."""
    newest = max(tail, default=None)
    start = base.start if base else None
    if newest is not None and (start is None or newest // DAY_US * DAY_US > start):
        base, start = None, newest // DAY_US * DAY_US
    found = base
    for minute, bar in sorted(tail.items()):
        if start is not None and start <= minute < start + DAY_US:
            found = _with(found, start, minute, join(known.get(minute), bar), known.get(minute))
    return found


def _with(day: Day | None, start: int, minute: int, bar: Bar, replaced: Bar | None) -> Day:
    volume = plus(bar.volume, -replaced.volume) if replaced else bar.volume
    if day is None:
        return Day(start, minute, bar.open, bar.high, bar.low, volume)
    opening = bar.open if minute <= day.first else day.open
    return Day(start, min(minute, day.first), opening, max(day.high, bar.high), min(day.low, bar.low), plus(day.volume, volume))
