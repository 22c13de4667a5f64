"""What an exchange is doing, in words, from its calendar."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from dashboard.figures import duration, span
from ticklake.calendars import Calendar, calendar
from ticklake.errors import ConfigError
from ticklake.instruments import ALWAYS_OPEN

HOME = "XNYS"
"""The calendar to speak of before an instrument is chosen."""

NAMES = {
    "XNYS": "NYSE",
    "XNAS": "Nasdaq",
    "XLON": "LSE",
    "XTKS": "Tokyo",
    "XKRX": "Korea Exchange",
    "XHKG": "Hong Kong",
    "XETR": "Xetra",
    "XPAR": "Euronext Paris",
}
"""What people call an exchange; others go by their MIC."""


def exchange_zone(name: str | None) -> str | None:
    """The zone (IANA name) of what trades by the calendar `name`; None for around the clock and for calendars that nobody knows."""
    if name is None or name == ALWAYS_OPEN:
        return None
    try:
        return calendar(name).zone.key
    except ConfigError:
        return None


def is_open(name: str | None, now: datetime) -> bool:
    """Whether what goes by the calendar `name` may trade; with hours that nobody knows it may, for they must not excuse silence."""
    if name is None or name == ALWAYS_OPEN:
        return True
    try:
        return calendar(name).is_open(now)
    except ConfigError:
        return True


def market_line(name: str | None, now: datetime, zone: tzinfo) -> str:
    """NYSE open, closes in 2 h 13 min; or closed, for which holiday, and when it opens, written in `zone`."""
    if name is None or name == ALWAYS_OPEN:
        return "Trades around the clock"
    try:
        exchange = calendar(name)
        state = exchange.state(now)
    except ConfigError:
        return f"Hours of {name} are not known"
    if state.closes_at:
        left = duration(span(state.closes_at, now))
        early = exchange.closes_early(state.closes_at.astimezone(exchange.zone).date())
        return f"{_called(name)} open, closes {f'early at {_hour(state.closes_at, zone)}, ' if early else ''}in {left}"
    return f"{_called(name)} {_closed(exchange, now, state.opens_at, zone)}" if state.opens_at else f"{_called(name)} open"


def _closed(exchange: Calendar, now: datetime, opens_at: datetime, zone: tzinfo) -> str:
    today, opening = now.astimezone(exchange.zone).date(), opens_at.astimezone(exchange.zone).date()
    between = (today + timedelta(days=days) for days in range((opening - today).days))
    holidays = {day: name for day in between if (name := exchange.holiday(day))}
    why = f" for {holidays[today]}" if today in holidays else ""
    after = f" after {' and '.join(holidays.values())}" if holidays and not why else ""
    early = ", closes early" if exchange.closes_early(opening) else ""
    return f"closed{why}, opens {_when(opens_at, now, zone)}{after}{early}"


def _when(at: datetime, now: datetime, zone: tzinfo) -> str:
    days = (at.astimezone(zone).date() - now.astimezone(zone).date()).days
    if days == 0:
        return f"{_hour(at, zone)}, in {duration(span(at, now))}"
    return f"{at.astimezone(zone):%a} {_hour(at, zone)}" if days < 7 else f"{at.astimezone(zone):%a %-d %b} {_hour(at, zone)}"


def _hour(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M %Z}"


def _called(name: str) -> str:
    return NAMES.get(name, name)
