"""The range of a chart: a preset that ends with the newest tick, or two times out of the page's address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pandas as pd

from dashboard.chart.days import trading_days
from ticklake.calendars import Calendar


class Span(NamedTuple):
    """From `since` (None: the first bar there is) up to `until`, excluded (None: the newest bar, and what comes)."""

    since: datetime | None
    until: datetime | None = None


HOURS = {"1 h": 1, "4 h": 4}
DAYS = {"1 d": 1, "5 d": 5}
MONTHS = {"1 mo": 1, "6 mo": 6, "1 y": 12, "5 y": 60}
EVERYTHING = "All"
PRESETS = (*HOURS, *DAYS, *MONTHS, EVERYTHING)
DEFAULT = "1 d"

_STEP = timedelta(minutes=5)
"""A range that ends now begins on such a step, so that it does not slide with each tick."""


def preset(name: str, newest: datetime, calendar: Calendar | None) -> Span:
    """The range of that name of `PRESETS`, ending with the tick of time `newest`; days are trading days where a calendar knows them."""
    if name in HOURS:
        return Span(_stepped(newest - timedelta(hours=HOURS[name])))
    if name in DAYS:
        return Span(_days_before(newest, DAYS[name], calendar))
    if name in MONTHS:
        return Span((pd.Timestamp(newest) - pd.DateOffset(months=MONTHS[name])).floor("1D").to_pydatetime())
    return Span(None)


def addressed(since: str | None, until: str | None) -> Span | None:
    """The range that ISO 8601 times name, up to the newest bar without `until`; None when they name none."""
    try:
        first, last = (_time(text) for text in (since, until))
    except ValueError:
        return None
    return Span(first, last) if first and (last is None or first < last) else None


def written(span: Span) -> dict[str, str]:
    """A range as the page's address has it: `from` and `to`, in UTC."""
    names = {"from": span.since, "to": span.until}
    return {name: f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}" for name, at in names.items() if at is not None}


def _days_before(newest: datetime, count: int, calendar: Calendar | None) -> datetime:
    if calendar is None:
        return _stepped(newest - timedelta(days=count))
    begun = [day for day in trading_days(calendar, newest - timedelta(days=2 * count + 5), newest) if day.since <= newest]
    return begun[-count].since if len(begun) >= count else _stepped(newest - timedelta(days=count))


def _stepped(at: datetime) -> datetime:
    return at - (at - datetime.min.replace(tzinfo=UTC)) % _STEP


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if not 1970 <= at.year < 2200:
        raise ValueError(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
