"""Trading sessions of the world's exchanges: exchange_calendars behind types of our own.

Times are UTC. A session is open from its open (included) to its close (excluded), early closes honoured; a lunch break
counts as open.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import exchange_calendars
import numpy as np
from exchange_calendars.errors import CalendarError

from ticklake.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST_DAY = "1990-01-01"
"""No session before this day is known; of exchanges that are known for fewer years, the last twenty."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Session(NamedTuple):
    """A trading day: its date at the exchange, its open and its close."""

    day: date
    opens_at: datetime
    closes_at: datetime


class MarketState(NamedTuple):
    """Open until `closes_at`, or closed until `opens_at`; the other one is None."""

    is_open: bool
    closes_at: datetime | None
    opens_at: datetime | None


class Calendar:
    """Sessions of one exchange, by its MIC, or "24/7"."""

    def __init__(self, name: str) -> None:
        """Raises `ConfigError` for a name that exchange_calendars does not know."""
        try:
            calendar = exchange_calendars.get_calendar(name, start=FIRST_DAY)
        except CalendarError:
            raise ConfigError(f"calendar {name} is unknown; use an exchange's MIC or 24/7") from None
        except ValueError:  # some exchanges are known for fewer years
            calendar = exchange_calendars.get_calendar(name)
        self.name = name
        self._days: NDArray[np.int64] = calendar.sessions_nanos // 1000
        self._opens: NDArray[np.int64] = calendar.opens_nanos // 1000
        self._closes: NDArray[np.int64] = calendar.closes_nanos // 1000
        self.zone = ZoneInfo(calendar.tz.key)
        self._early = frozenset(calendar.early_closes.date)
        self._holidays = calendar.regular_holidays
        self._named: dict[date, str | None] = {}

    def sessions(self, first: date, last: date) -> list[Session]:
        """The sessions of the days `first` to `last`, both included."""
        start, stop = np.searchsorted(self._days, [_to_us(_midnight(first)), _to_us(_midnight(last + timedelta(days=1)))])
        return [self._session(index) for index in range(start, stop)]

    def closes_early(self, day: date) -> bool:
        """Whether the session of `day`, a date at the exchange, ends before the usual hour."""
        return day in self._early

    def holiday(self, day: date) -> str | None:
        """The holiday that `day`, a date at the exchange, is; None when it is none, or one without a name (a day of mourning)."""
        if day not in self._named:
            names = self._holidays.holidays(day, day, return_name=True) if self._holidays else ()
            self._named[day] = next((str(name).partition(" (")[0] for name in names), None)
        return self._named[day]

    def is_open(self, at: datetime) -> bool:
        """Whether a session is on."""
        return bool(self.open_mask(np.array([_to_us(at)]))[0])

    def state(self, at: datetime) -> MarketState:
        """Whether a session is on, and until when that holds.

        Raises `ConfigError` for a time after the last session known (a year from now).
        """
        index = self._next_close(at)
        session = self._session(index)
        if session.opens_at <= at:
            return MarketState(True, session.closes_at, None)
        return MarketState(False, None, session.opens_at)

    def previous_close(self, at: datetime) -> datetime:
        """The last close at or before `at`.

        Raises `ConfigError` for a time before the first close known.
        """
        return _from_us(int(self.previous_closes(np.array([_to_us(at)]))[0]))

    def open_mask(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For each of `times` (n, microseconds since 1970) whether a session is on (n)."""
        last = np.searchsorted(self._opens, times, side="right") - 1
        return (last >= 0) & (times < self._closes[last])

    def previous_closes(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each of `times` (n, microseconds since 1970) the last close at or before it (n, likewise).

        Raises `ConfigError` when one of `times` lies before the first close known.
        """
        last = np.searchsorted(self._closes, times, side="right") - 1
        if (last < 0).any():
            raise ConfigError(f"calendar {self.name} knows no session before {FIRST_DAY}")
        return self._closes[last]

    def _next_close(self, at: datetime) -> int:
        index = int(np.searchsorted(self._closes, _to_us(at), side="right"))
        if index == len(self._closes):
            raise ConfigError(f"calendar {self.name} knows no session after {_from_us(int(self._closes[-1])):%Y-%m-%d}")
        return index

    def _session(self, index: int) -> Session:
        day, opens, closes = (_from_us(int(each[index])) for each in (self._days, self._opens, self._closes))
        return Session(day.date(), opens, closes)


@cache
def calendar(name: str) -> Calendar:
    """The calendar of that name, built once in a process (which takes a second).

    Raises `ConfigError` for an unknown name.
    """
    return Calendar(name)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _to_us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _from_us(us: int) -> datetime:
    return _EPOCH + us * _MICROSECOND
