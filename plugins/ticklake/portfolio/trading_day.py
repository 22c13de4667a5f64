"""Which day it is for an instrument, and which was the one before: a day's profit is made since the close before it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ticklake.calendars import Session, calendar
from ticklake.errors import ConfigError
from ticklake.instruments import ALWAYS_OPEN

BEFORE_OPEN = timedelta(hours=12)
"""How long before its open a session's day begins, as for the bars of a trading day."""

_LONGEST_CLOSURE = timedelta(days=21)


def trading_day(name: str, at: datetime) -> date:
    """The day of the session that is on at `at`, begins within twelve hours, or was the last; the UTC date around the clock and for an
    unknown calendar."""
    today = at.astimezone(UTC).date()
    begun = [each for each in _sessions(name, today - _LONGEST_CLOSURE, today + timedelta(days=1)) if each.opens_at - BEFORE_OPEN <= at]
    return begun[-1].day if begun else today


def day_before(name: str, day: date) -> date:
    """The last session's day before `day`."""
    earlier = _sessions(name, day - _LONGEST_CLOSURE, day - timedelta(days=1))
    return earlier[-1].day if earlier else day - timedelta(days=1)


def _sessions(name: str, first: date, last: date) -> list[Session]:
    if name in ("", ALWAYS_OPEN):
        return []
    try:
        return calendar(name).sessions(first, last)
    except ConfigError:
        return []
