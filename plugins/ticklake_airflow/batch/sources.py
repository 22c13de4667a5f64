"""Who knows daily bars, and minutes of the past: the simulator, a directory of files, Alpha Vantage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ticklake.batch_lake import MINUTES, PRICE
from ticklake.calendars import calendar
from ticklake.clock import Clock
from ticklake.daily import DailyBars
from ticklake.errors import QuotaSpent, SourceUnavailable
from ticklake.instruments import ALWAYS_OPEN, Instruments
from ticklake.patience import Patience
from ticklake.simulated import past
from ticklake_io.alphavantage.client import AlphaVantage
from ticklake_io.bar_files import BarFiles

Answer = TypeVar("Answer")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COMPACT = timedelta(days=140)
"""The 100 sessions that every plan includes are at least so many days, less a margin for holidays."""
_ALL_TIME = date(1900, 1, 1)
_TRIES = 5
_CENT = Decimal("0.01")


class SimulatedPast:
    """The synthetic market before now. A day is a session of the instrument's exchange; minutes, as its ticks, go around the clock when `always`."""

    name = "simulator"

    def __init__(self, seed: int, instruments: Instruments, clock: Clock, *, always: bool) -> None:
        self._seed, self._instruments, self._clock, self._always = seed, instruments, clock, always

    def bars(self, symbol: str, first: date, last: date) -> DailyBars:
        instrument, now = self._instruments.get(symbol), self._clock.now()
        sessions = [each for each in calendar(instrument.calendar).sessions(first, last) if each.closes_at <= now]
        return DailyBars(symbol, tuple(past.days(self._seed, instrument, sessions)))

    def minutes(self, symbols: Sequence[str], first: datetime, end: datetime) -> pa.Table:
        exchanges: dict[str, list[str]] = {}
        for symbol in symbols:
            exchanges.setdefault(ALWAYS_OPEN if self._always else self._instruments.get(symbol).calendar, []).append(symbol)
        return pa.concat_tables([MINUTES.columns.empty_table(), *(self._minutes(exchange, some, first, end) for exchange, some in exchanges.items())])

    def _minutes(self, exchange: str, symbols: Sequence[str], first: datetime, end: datetime) -> pa.Table:
        starts = np.arange((first - _EPOCH) // _MICROSECOND, (end - _EPOCH) // _MICROSECOND, past.MINUTE_US)
        starts = starts[calendar(exchange).open_mask(starts)]
        if not len(starts):
            return MINUTES.columns.empty_table()
        bars = past.minutes(self._seed, [self._instruments.get(symbol) for symbol in symbols], starts)
        prices = [_dollars(cents) for cents in bars[:4]]
        columns = [np.repeat(symbols, len(starts)), np.tile(starts, len(symbols)).astype("datetime64[us]"), *prices, bars.volume.ravel()]
        return pa.table(columns, names=MINUTES.columns.names).cast(MINUTES.columns)


class DirectoryBars:
    """Files with daily bars."""

    name = "directory"

    def __init__(self, files: BarFiles) -> None:
        self._files = files

    def bars(self, symbol: str, first: date, last: date) -> DailyBars:
        return self._files.bars(symbol, first, last)


class VendorBars:
    """Alpha Vantage. Calls that are too early wait for their time; a plan whose day is spent is for the caller.

    With a `premium` plan one call tells bars, splits and dividends. Without, bars are the last hundred sessions, and splits and
    dividends are two more calls, made once a week: when the days asked for include a Monday.
    """

    name = "alphavantage"

    def __init__(self, client: AlphaVantage, clock: Clock, patience: Patience, *, premium: bool) -> None:
        self._client, self._clock, self._patience, self._premium = client, clock, patience, premium

    def bars(self, symbol: str, first: date, last: date) -> DailyBars:
        oldest = (self._clock.now() - _COMPACT).date()
        if self._premium:
            bars, actions, rejects = self._patiently(lambda: self._client.daily(symbol, adjusted=True, full=first < oldest))
            return DailyBars(symbol, tuple(bars), tuple(actions), bars[0].day if bars else None, tuple(rejects))
        if last < oldest:
            raise SourceUnavailable(f"{symbol}: the free plan knows the last 100 sessions; {first} to {last} need a premium one")
        bars, _, rejects = self._patiently(lambda: self._client.daily(symbol))
        if not any((first + timedelta(days=ahead)).weekday() == 0 for ahead in range(min((last - first).days + 1, 7))):
            return DailyBars(symbol, tuple(bars), rejects=tuple(rejects))
        actions = self._patiently(lambda: self._client.splits(symbol)) + self._patiently(lambda: self._client.dividends(symbol))
        return DailyBars(symbol, tuple(bars), tuple(actions), _ALL_TIME, tuple(rejects))

    def minutes(self, symbols: Sequence[str], first: datetime, end: datetime) -> pa.Table:
        told = [bar for symbol in symbols for bar in self._patiently(lambda symbol=symbol: self._client.bars(symbol, full=self._premium))]  # type: ignore[misc]
        rows = [bar for bar in told if first <= bar.start < end]
        columns = [[row.symbol for row in rows], [row.start.replace(tzinfo=None) for row in rows]]
        prices = [pa.array([row[place] for row in rows], pa.string()).cast(PRICE) for place in range(2, 6)]
        return pa.table([*columns, *prices, [row.volume for row in rows]], names=MINUTES.columns.names).cast(MINUTES.columns)

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        for _ in range(_TRIES):
            try:
                answer = call()
            except QuotaSpent:
                raise
            except SourceUnavailable as error:
                failure = error
                self._clock.sleep(self._patience.failed(error))
            else:
                self._patience.succeeded()
                return answer
        raise failure


def _dollars(cents: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> pa.Array:
    return pc.multiply(pa.array(cents.ravel()).cast(pa.decimal128(19, 0)), pa.scalar(_CENT, pa.decimal128(3, 2))).cast(PRICE)
