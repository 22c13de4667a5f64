"""Whether there is enough, and fresh enough, to show a number at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ticklake.calendars import calendar
from ticklake.errors import ConfigError
from ticklake.instruments import ALWAYS_OPEN
from ticklake.risk.measures import Method

STALE_SESSIONS = 5
"""A figure whose newest day is older than so many sessions that have ended (days, around the clock) is none any more."""

LEAST_VOLATILITY: Mapping[tuple[str, int], int] = {("1M", 1): 30, ("5M", 5): 60, ("1D", 20): 15, ("1D", 60): 45, ("1D", 252): 189}
"""Fewest observations of a volatility, by bar interval and window in days."""

LEAST_CORRELATION: Mapping[tuple[str, int], int] = {("5M", 5): 60, ("1D", 60): 45, ("1D", 252): 189}
"""Fewest returns in common, by bar interval and window in days."""

LEAST_RISK = 60
"""Fewest returns of a figure of risk."""

LEAST_HISTORICAL_99 = 100
"""Fewest returns of which a hundredth is a tail."""


class Figure(NamedTuple):
    """A number with what it rests on: or None, and `why` in words.

    `observations` of at least `least`; `as_of` is the newest day that was used.
    """

    value: float | None
    observations: int
    least: int
    as_of: date | None = None
    why: str | None = None


def least_tail(level: int, method: Method) -> int:
    """Fewest returns of a value at risk or an expected shortfall."""
    return LEAST_HISTORICAL_99 if method is Method.HISTORICAL and level > 95 else LEAST_RISK


def figure(
    value: Callable[[], float | None], observations: int, least: int, as_of: date | None, fresh_from: date, nothing: str = "flat: nothing moved"
) -> Figure:
    """What `value` gives, unless there are too few observations or the newest is of before `fresh_from`; then it is not asked.

    `nothing` says why, when it gives None.
    """
    why = None
    if observations < least:
        why = few(observations, least)
    elif as_of is not None and as_of < fresh_from:
        why = stale(as_of)
    if why:
        return Figure(None, observations, least, as_of, why)
    number = value()
    return Figure(number, observations, least, as_of, nothing if number is None else None)


def absent(least: int) -> Figure:
    """What there is no observation of at all."""
    return Figure(None, 0, least, None, few(0, least))


def few(observations: int, least: int) -> str:
    """Too few observations, in words."""
    return f"insufficient: {observations} of {least} observations"


def stale(as_of: date) -> str:
    """Too old, in words."""
    return f"stale since {as_of:%Y-%m-%d}"


def fresh_from(name: str | None, now: datetime) -> date:
    """The first day of which a newest observation is not stale at `now`, by the exchange calendar `name`: nights, weekends and holidays do not count."""
    try:
        sessions = calendar(name).sessions(now.date() - timedelta(days=60), now.date()) if name and name != ALWAYS_OPEN else []
    except ConfigError:
        sessions = []  # nobody knows that calendar, as refresh_analytics sees it: days count
    ended = [session.day for session in sessions if session.closes_at <= now]
    return ended[-STALE_SESSIONS] if len(ended) >= STALE_SESSIONS else now.date() - timedelta(days=STALE_SESSIONS)
