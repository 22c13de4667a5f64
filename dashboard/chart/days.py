"""Trading days: which date a bar belongs to, and when a range of so many sessions begins."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from ticklake.calendars import Calendar

BEFORE, AFTER = timedelta(hours=12), timedelta(hours=8)
"""How long before its open and after its close a session's day may reach; as CURATED.TRADING_DAYS has it."""


class Day(NamedTuple):
    """A trading day: its date at midnight UTC, and the times that belong to it."""

    date: pd.Timestamp
    since: datetime
    until: datetime


def trading_days(calendar: Calendar, first: datetime, last: datetime) -> list[Day]:
    """The days whose sessions lie between these times, and the neighbours of those."""
    sessions = calendar.sessions((first - timedelta(days=10)).date(), (last + timedelta(days=10)).date())
    ends = [min(session.closes_at + AFTER, following.opens_at) for session, following in pairwise(sessions)]
    dates = [pd.Timestamp(session.day, tz="UTC") for session in sessions]
    return [
        Day(date, max(session.opens_at - BEFORE, end_before), end)
        for date, session, end_before, end in zip(dates[1:-1], sessions[1:-1], ends[:-1], ends[1:], strict=True)
    ]


def dated(times: pd.DatetimeIndex, calendar: Calendar | None) -> pd.DatetimeIndex:
    """For each of `times` (n, UTC, ascending) its trading day's date at midnight UTC (n); the UTC date where no session claims it."""
    dates = times.floor("1D")
    if calendar is None or times.empty:
        return dates
    days = trading_days(calendar, times[0], times[-1])
    if not days:
        return dates
    since, until = (pd.DatetimeIndex([getattr(day, name) for day in days]) for name in ("since", "until"))
    place = np.searchsorted(since.asi8, times.as_unit(since.unit).asi8, side="right") - 1
    claimed = (place >= 0) & (times < until[place])
    return dates.where(~claimed, pd.DatetimeIndex([day.date for day in days])[place])


def day_start(time: datetime, calendar: Calendar | None) -> datetime:
    """When the trading day of a time (UTC) begins: midnight UTC where no session claims it."""
    days = trading_days(calendar, time, time) if calendar else []
    return next((day.since for day in days if day.since <= time < day.until), time.replace(hour=0, minute=0, second=0, microsecond=0))


def open_time(calendar: Calendar | None, first: datetime, last: datetime) -> tuple[float, int]:
    """Minutes that the exchange is open between two times, and its sessions that begin there; around the clock without a calendar."""
    if calendar is None:
        return max((last - first) / timedelta(minutes=1), 1.0), max((last - first).days, 1)
    sessions = calendar.sessions(first.date(), last.date())
    spans = (min(each.closes_at, last) - max(each.opens_at, first) for each in sessions)
    return max(sum(max(span / timedelta(minutes=1), 0.0) for span in spans), 1.0), max(len(sessions), 1)
