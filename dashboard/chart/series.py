"""The bars of one instrument over a range: the finest interval that fits, the newest bars made of the newest minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pandas as pd

from dashboard.chart import indicators
from dashboard.chart.buckets import COLUMNS, fitted, grouped, spliced
from dashboard.chart.days import dated, day_start, open_time, trading_days
from dashboard.chart.memo import Memo
from dashboard.chart.reader import FIRST, LAST, BarReader
from dashboard.chart.rungs import BASE, DAY, LADDER, Rung, coarser_table, wanted
from dashboard.chart.span import Span
from dashboard.look import Key
from dashboard.shared import Reading
from ticklake.calendars import Calendar

MINUTES_REACH = timedelta(days=3)
"""How far back bars are made of minutes while the table of their interval is empty."""

REACH = {"1M": timedelta(minutes=1), "5M": timedelta(minutes=15), "1H": timedelta(hours=4)}
"""The longest interval that is made of a table; before a range, `indicators.REACH` bars of it are read."""

CLOSED = 5.2
"""How much longer that takes where an exchange closes: of a week's 168 hours it is open for 32.5."""

NIGHTS = timedelta(days=4)
"""Least time to read back where an exchange closes, for weekends and holidays."""


@dataclass(frozen=True)
class Asked:
    """What a chart is asked for.

    An instrument with its calendar (None: around the clock) and its newest tick's time, a range, the most bars that may be
    drawn, the finest interval wanted, and whether days are adjusted for splits and dividends.
    """

    key: Key
    calendar: Calendar | None
    newest: datetime
    span: Span
    most: int
    finest: Rung = LADDER[0]
    adjusted: bool = True


@dataclass(frozen=True)
class Series:
    """Bars of `rung`, oldest first, with `buckets.COLUMNS` and `indicators.COLUMNS`.

    `problem` says what is in the way of newer ones, if anything is; `days` what daily bars are (`reader.Days.origin`); `young`
    that there are no finer bars as far back.
    """

    bars: pd.DataFrame
    rung: Rung
    problem: str | None = None
    days: str | None = None
    young: bool = False


class Charts:
    """Series for all sessions, each made once for each version of what it is made of; `memo` keeps what is drawn of them, too."""

    def __init__(self, reader: BarReader) -> None:
        self.reader = reader
        self.memo = Memo()

    def series(self, asked: Asked) -> Series:
        """The bars of the finest interval that fits. What cannot be read is missing, and `problem` says why."""
        since = self._since(asked)
        series = self._fitting(asked, since)
        if series.bars.empty or series.rung is asked.finest:
            return series
        first = series.bars["BAR_START"].iloc[0].to_pydatetime()
        return self._fitting(asked, first) if first > since else series

    def together(self, asked: Sequence[Asked]) -> list[Series]:
        """Series of several instruments, all of one interval: the coarsest that any of them needs."""
        while True:
            made = [self.series(each) for each in asked]
            coarsest = max((series.rung for series in made), key=LADDER.index)
            if all(series.rung is coarsest for series in made):
                return made
            asked = [replace(each, finest=coarsest) for each in asked]

    def _since(self, asked: Asked) -> datetime:
        """Where the range begins, not before there is anything to draw."""
        days = self.reader.days(asked.key, asked.adjusted).value
        if days is None or days.bars.empty:
            return asked.span.since or asked.newest - MINUTES_REACH
        first: datetime = days.bars["BAR_START"].iloc[0].to_pydatetime() - timedelta(hours=12 if asked.calendar else 0)
        return max(asked.span.since or FIRST, first)

    def _fitting(self, asked: Asked, since: datetime) -> Series:
        rung = wanted(*open_time(asked.calendar, since, min(asked.span.until or LAST, asked.newest)), asked.most, asked.finest)
        young = False
        while True:
            series = self._drawn(asked, rung, since)
            if series is not None and not self._begins_late(asked, series, since):
                return replace(series, young=young)
            rung, young = coarser_table(rung), series is not None

    def _begins_late(self, asked: Asked, series: Series, since: datetime) -> bool:
        """Whether days are known before the first of these finer bars: the batch feed reaches back further than ticks do."""
        days = self.reader.days(asked.key, asked.adjusted).value
        if days is None or not series.rung.intraday:
            return False
        first = series.bars["BAR_START"].iloc[0].floor("1D") if len(series.bars) else pd.Timestamp(asked.span.until or LAST)
        return bool(((days.bars["BAR_START"] >= since) & (days.bars["BAR_START"] < first)).any())

    def _drawn(self, asked: Asked, rung: Rung, since: datetime) -> Series | None:
        """The series of `rung`, or of the finest coarser one of its table that fits; None when none of them does."""
        until = asked.span.until or LAST
        read_from, read_to = _read_span(rung, asked.calendar, since, until, until > asked.newest)
        if rung.intraday:
            days, table = None, self.reader.bars(asked.key, rung.table, read_from, read_to)
        else:
            known = self.reader.days(asked.key, asked.adjusted)
            days, table = known.value, Reading(known.value.bars if known.value else None, known.problem)
        origin, fed_until = (days.origin, days.fed_until) if days else (None, None)
        stored = self.reader.indicators(asked.key, rung.table, read_from, read_to) if origin is None else Reading[pd.DataFrame]()
        minutes = self._edge(asked, rung, table.value) if until > asked.newest else Reading[pd.DataFrame]()
        whole_from = _whole_from(read_from, asked.newest, table, minutes)

        def make() -> Series | None:
            bars = _made_live(table.value, minutes.value, rung, asked.calendar, fed_until)
            fit = fitted(bars[bars["BAR_START"] < until], rung, since, asked.most)
            settled = _settled(stored.value, table.value, until > asked.newest)
            return None if fit is None else Series(*_finished(*fit, since, settled, asked.calendar, whole_from), days=origin)

        key = (asked.key, rung, since, until, asked.most, asked.adjusted, whole_from)
        made = self.memo.get(key, (table.value, stored.value, minutes.value), make)
        return made and replace(made, problem=table.problem or minutes.problem)

    def _edge(self, asked: Asked, rung: Rung, table: pd.DataFrame | None) -> Reading[pd.DataFrame]:
        """The minutes of the newest bar of the table and after it, which may have been made before all of them were there."""
        if table is None or table.empty:
            return self.reader.minutes(asked.key, asked.newest - MINUTES_REACH)
        last: datetime = table["BAR_START"].iloc[-1].to_pydatetime()
        if rung.table == DAY and asked.calendar:
            last = next((day.since for day in trading_days(asked.calendar, last, last) if day.date == last), last)
        return self.reader.minutes(asked.key, max(last, asked.newest - MINUTES_REACH))


def _read_span(rung: Rung, calendar: Calendar | None, since: datetime, until: datetime, live: bool) -> tuple[datetime, datetime]:
    """From when to when a table is read: rounded, so that sessions ask the same, and with the bars that indicators reach back to.

    The session's VWAP takes the whole day that the range begins in.
    """
    if not rung.intraday:
        return FIRST, LAST
    back = indicators.REACH * REACH[rung.table]
    read_from = min(since - (max(back * CLOSED, NIGHTS) if calendar else back), day_start(since, calendar))
    start = read_from.replace(minute=0, second=0, microsecond=0)
    return start, LAST if live else until.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _whole_from(read_from: datetime, newest: datetime, table: Reading[pd.DataFrame], minutes: Reading[pd.DataFrame]) -> datetime:
    """From when on no bar is missing that there is: none that was read, unless a reading failed."""
    if table.value is None or minutes.problem:
        return LAST
    return read_from if len(table.value) else max(read_from, newest - MINUTES_REACH)


def _made_live(table: pd.DataFrame | None, minutes: pd.DataFrame | None, rung: Rung, calendar: Calendar | None, fed_until: pd.Timestamp | None) -> pd.DataFrame:
    """The table's bars, the newest of them and those after it made of `minutes`.

    A newest day of the batch feed, `fed_until`, stays: it is whole, and nobody knows whether the minutes are.
    """
    bars = pd.DataFrame(columns=COLUMNS) if table is None else table
    if minutes is None or minutes.empty:
        return bars
    times = pd.DatetimeIndex(minutes["BAR_START"])
    starts = dated(times, calendar) if rung.table == DAY else BASE[rung.table].starts(times)
    from_ = bars["BAR_START"].iloc[-1] if len(bars) else starts[0]
    if from_ == fed_until:
        from_ += pd.Timedelta(days=1)
    covered = starts >= from_
    return spliced(bars, grouped(minutes[covered], starts[covered]), from_)


def _settled(stored: pd.DataFrame | None, table: pd.DataFrame | None, live: bool) -> pd.DataFrame | None:
    """Stored indicators without those of the table's newest bar, which is made again."""
    if stored is None or table is None or table.empty or not live:
        return stored
    settled: pd.DataFrame = stored[stored["BAR_START"] < table["BAR_START"].iloc[-1]]
    return settled


def _finished(
    bars: pd.DataFrame, rung: Rung, since: datetime, stored: pd.DataFrame | None, calendar: Calendar | None, whole_from: datetime
) -> tuple[pd.DataFrame, Rung]:
    """`bars` from `since` on, with their indicators; none is missing from `whole_from` on."""
    times = pd.DatetimeIndex(bars["BAR_START"])
    dates = dated(times, calendar) if rung.intraday else times
    own = stored if rung is BASE[rung.table] else None
    is_whole = len(times) > 0 and whole_from <= day_start(times[0].to_pydatetime(), calendar)
    drawn = indicators.computed(bars, dates, is_whole=is_whole) if own is None else indicators.completed(own, bars, dates, is_whole=is_whole)
    shown = times >= rung.starts(pd.DatetimeIndex([since]))[0]
    return pd.concat([bars, drawn], axis=1)[shown].reset_index(drop=True), rung
