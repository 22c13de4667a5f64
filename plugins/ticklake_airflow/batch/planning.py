"""Which days are asked of whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ticklake.calendars import Calendar
from ticklake.errors import ConfigError
from ticklake.instruments import Instruments
from ticklake_airflow.batch.model import Part

SERVED = ("simulator", "alphavantage")
"""Sources of ticks that also know daily bars."""
_LOOK_BACK = timedelta(days=15)
"""No exchange is closed for longer."""

Exchanges = Callable[[str], Calendar]
"""The calendar of a canonical symbol."""


def served(instruments: Instruments, running: Iterable[str], benchmark: str) -> dict[str, tuple[str, ...]]:
    """The symbols of each source that is running and knows daily bars: those it is primary for, and those asked of it that are not listed.

    And the benchmark, where the source is asked for it: betas are taken against the source's own.
    """
    wanted = {source: instruments.symbols(source) for source in SERVED if source in set(running)}
    return {source: tuple(each for each in symbols if each == benchmark or instruments.get(each).primary in ("", source)) for source, symbols in wanted.items()}


def newest_session(exchange: Calendar, at: datetime) -> date | None:
    """The day of the last session that was over by `at`; None where there was none lately."""
    days = [day for day, _, closes_at in exchange.sessions((at - _LOOK_BACK).date(), at.date() + timedelta(days=1)) if closes_at <= at]
    return days[-1] if days else None


def due(source: str, symbols: Iterable[str], exchanges: Exchanges, newest: Mapping[str, date], at: datetime, history: timedelta) -> list[Part]:
    """What is missing at the end: from the day after the newest one stored, or `history` ago, to the last session over by `at`."""
    windows: dict[tuple[date, date], list[str]] = {}
    for symbol in symbols:
        last = newest_session(exchanges(symbol), at)
        first = newest[symbol] + timedelta(days=1) if symbol in newest else (at - history).date()
        if last is not None and first <= last:
            windows.setdefault((first, last), []).append(symbol)
    return [Part(source, tuple(each), first, last) for (first, last), each in sorted(windows.items())]


def due_files(spans: Mapping[str, tuple[date, date]], newest: Mapping[str, date]) -> list[Part]:
    """What files have beyond the newest day stored; all of it of a symbol without any."""
    windows: dict[tuple[date, date], list[str]] = {}
    for symbol, (begin, last) in spans.items():
        first = newest[symbol] + timedelta(days=1) if symbol in newest else begin
        if first <= last:
            windows.setdefault((first, last), []).append(symbol)
    return [Part("directory", tuple(each), first, last) for (first, last), each in sorted(windows.items())]


def by_year(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """The parts cut at the turns of years, as JSON: each year, oldest first, with its parts, equal days of a source together."""
    years: dict[int, dict[tuple[str, date, date], list[str]]] = {}
    for part in parts:
        for year in range(part.first.year, part.last.year + 1):
            days = part.source, max(part.first, date(year, 1, 1)), min(part.last, date(year, 12, 31))
            years.setdefault(year, {}).setdefault(days, []).extend(part.symbols)
    return [
        {"year": year, "parts": [Part(source, tuple(symbols), first, last).as_json() for (source, first, last), symbols in sorted(years[year].items())]}
        for year in sorted(years)
    ]


def asked(form: Mapping[str, Any], wanted: Mapping[str, Iterable[str]], last: date) -> list[Part]:
    """The parts that a form asks for: days `from` to `to` (default: `last`), of some symbols or all in `wanted`, of one source or all.

    Raises `ConfigError` when the form names a source or days that cannot be.
    """
    first, end = _day(form, "from"), _day(form, "to") or last
    if first is None or first > end:
        raise ConfigError(f"the form's from is missing or after {end}")
    source, symbols = form.get("source"), tuple(form.get("symbols") or ())
    if source and source not in wanted and not symbols:
        raise ConfigError(f"the form names source {source}, which has no symbols here: name some")
    chosen = {source: wanted.get(source, ())} if source else wanted
    parts = [
        Part(name, tuple(symbols or some), first, end) if source else Part(name, tuple(each for each in some if not symbols or each in symbols), first, end)
        for name, some in chosen.items()
    ]
    return [part for part in parts if part.symbols]


def _day(form: Mapping[str, Any], name: str) -> date | None:
    text = form.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"the form's {name} is no day: {text}") from None
