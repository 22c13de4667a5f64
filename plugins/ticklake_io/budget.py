"""The calls that a provider's plan allows, counted on disk so that nothing that happens to a process makes it spend more.

A call is on disk before it is made: a process that is killed in between has spent it for nothing, never the other way
round. A lock lets the service and the command line share one count. Time is the wall clock, but it never runs backwards
here, nor slower than the process's own clock: after a step back the count goes on from where it was. A step forward looks
like time that has passed; if that was wrong the provider says so, and `exhaust` ends the day.
"""

from __future__ import annotations

import fcntl
import math
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from ticklake.errors import ConfigError, QuotaSpent, SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ticklake.clock import Clock

US_EASTERN = ZoneInfo("America/New_York")
MINUTE_S = 61.0
"""What counts as a minute: networks may bring calls closer together than they were sent."""

_SECOND = 1_000_000
_MINUTE = int(MINUTE_S * _SECOND)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Plan:
    """What may be called: so often a day and a minute (None: no limit), and never two calls closer than `gap_s`.

    A day ends at midnight in `zone`, which is when the provider's own count begins again.
    """

    a_day: int | None = None
    a_minute: int | None = None
    gap_s: float = 0.0
    zone: ZoneInfo = US_EASTERN


class _Spent(msgspec.Struct):
    """What is on disk. Times are microseconds since 1970; `calls` are those of the last minute and the last one of all."""

    day: str = ""
    used: int = 0
    calls: list[int] = []
    latest: int = 0


class QuotaBudget:
    """The calls of one plan, counted in `path`; any number of processes of one machine may share it.

    `take` is for the thread that calls; the rest may be asked from anywhere.
    """

    def __init__(self, path: Path, plan: Plan, clock: Clock) -> None:
        self.plan = plan
        self._path, self._clock = path, clock
        self._offset = -math.inf
        self._own: list[float] = []

    def take(self) -> None:
        """Count one call, which may then be made.

        Raises `SourceUnavailable` with the seconds to wait when it is too early, `QuotaSpent` when the day has no call left,
        and `ConfigError` when the file of the count is damaged; none of these counts anything.
        """
        with self._locked() as spent:
            now = self._now(spent)
            wait_s = self._wait_s(spent, now)
            if wait_s > 0:
                raise SourceUnavailable(f"the plan allows the next call in {wait_s:.1f} s", wait_s)
            spent.used += 1
            spent.calls = [at for at in spent.calls if now - at < _MINUTE] + [now]
            self._write(spent, now)
            monotonic = self._clock.monotonic()
            self._own = [at for at in self._own if monotonic - at < MINUTE_S] + [monotonic]

    def wait_s(self) -> float:
        """Seconds until a call may be made, 0 for now. Counts nothing. Raises `QuotaSpent` and `ConfigError` as `take` does."""
        spent = self._read()
        return self._wait_s(spent, self._now(spent))

    def calls_left(self) -> int | None:
        """Calls left today; of the present minute where the plan knows no day; None where it knows neither."""
        spent = self._read()
        now = self._now(spent)
        if self.plan.a_day is not None:
            return max(self.plan.a_day - self._used(spent, now), 0)
        if self.plan.a_minute is not None:
            return max(self.plan.a_minute - sum(now - at < _MINUTE for at in spent.calls), 0)
        return None

    def since_last_s(self) -> float:
        """Seconds since the last call, by whomever; infinite when there was none."""
        spent = self._read()
        return (self._now(spent) - spent.calls[-1]) / _SECOND if spent.calls else math.inf

    def resets_at(self) -> datetime:
        """When the day's calls begin anew, on the wall clock as it stands."""
        spent = self._read()
        return self._resets_at(self._now(spent))

    def exhaust(self) -> None:
        """Count the whole day as spent: the provider says that it is."""
        with self._locked() as spent:
            now = self._now(spent)
            spent.used = max(self.plan.a_day or 0, self._used(spent, now))
            self._write(spent, now)

    def _wait_s(self, spent: _Spent, now: int) -> float:
        if self.plan.a_day is not None and self._used(spent, now) >= self.plan.a_day:
            raise QuotaSpent(f"the plan's {self.plan.a_day} calls a day are spent", self._resets_at(now))
        monotonic = self._clock.monotonic()
        # Own calls also by the process's clock, which a step of the wall clock does not move.
        waits = [*self._waits([now - at for at in spent.calls]), *self._waits([round((monotonic - at) * _SECOND) for at in self._own])]
        return max(waits, default=0) / _SECOND

    def _waits(self, ages: list[int]) -> Iterator[int]:
        """Microseconds to wait, by each rule, given the ages of the calls, oldest first."""
        if ages:
            yield math.ceil(self.plan.gap_s * _SECOND) - ages[-1]
        if self.plan.a_minute is not None and len(ages) >= self.plan.a_minute:
            yield _MINUTE - ages[-self.plan.a_minute]
        yield 0

    def _now(self, spent: _Spent) -> int:
        """Microseconds since 1970, never earlier than before, and never slower than the process's clock."""
        wall = (self._clock.now() - _EPOCH) // _MICROSECOND
        monotonic = self._clock.monotonic() * _SECOND
        self._offset = max(self._offset, wall - monotonic, spent.latest - monotonic)
        return max(wall, spent.latest, round(monotonic + self._offset))

    def _day(self, now: int) -> str:
        return (_EPOCH + now * _MICROSECOND).astimezone(self.plan.zone).date().isoformat()

    def _used(self, spent: _Spent, now: int) -> int:
        return spent.used if spent.day == self._day(now) else 0

    def _resets_at(self, now: int) -> datetime:
        local = (_EPOCH + now * _MICROSECOND).astimezone(self.plan.zone)
        reset = datetime.combine(local.date() + timedelta(days=1), time(), self.plan.zone).astimezone(UTC)
        return self._clock.now() + (reset - local)

    @contextmanager
    def _locked(self) -> Iterator[_Spent]:
        """What is spent, with the day's count begun anew where a day has begun, while nobody else reads or writes it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            spent = self._read()
            day = self._day(self._now(spent))
            if day != spent.day:
                spent.day, spent.used = day, 0
            yield spent

    def _read(self) -> _Spent:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Spent)
        except FileNotFoundError:
            return _Spent()
        except msgspec.MsgspecError:
            raise ConfigError(f"{self._path} is damaged: delete it when you know that the plan has calls left") from None

    def _write(self, spent: _Spent, now: int) -> None:
        """Atomic, and on disk when it returns."""
        spent.latest = now
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(spent))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
