"""The replay: a file of trades again, at the pace of then, faster, or at a rate of its own.

The file has the columns symbol, event_time, price, size, exchange and conditions; rows are replayed in file order. A row
that is no tick is handed on as a `BadLine`, and the rest is replayed. With `rebase` the file's time is mapped onto the
wall clock: its first row happens now, the others as the pace has it, so none lies in the future.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from streaming.producer.ordinals import Ordinals
from streaming.producer.sources.replay.rows import Row, read
from ticklake.columns import TEXT_LIMITS, YEARS
from ticklake.errors import BadLine, ConfigError
from ticklake.tick import Tick, tick_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streaming.producer.source import Request, Source, Wait
    from ticklake.clock import Clock
    from ticklake.instruments import Instruments
    from ticklake.settings import Settings

NAME = "replay"
SYNTHETIC = True
WINDOW = timedelta(minutes=10)
"""How far a symbol's rows may run back behind its newest."""

_MICROSECOND = timedelta(microseconds=1)
_PRICE = re.compile(r"(?=[0-9.]*[1-9])[0-9]{1,12}(\.[0-9]{1,8})?")
_SIZE = re.compile(r"[0-9]{1,19}")
_MOST_SIZE = 2**63 - 1


class Replay:
    """The trades of a file; `request` says which and how fast."""

    name = NAME

    def __init__(self, path: Path, request: Request, instruments: Instruments, clock: Clock) -> None:
        self._path, self._request, self._instruments, self._clock = path, request, instruments, clock

    def ticks(self, wait: Wait) -> Iterator[Tick | BadLine]:
        """The file's trades, each when its time has come. Ends with the file.

        Raises `ConfigError` when the file cannot be opened or lacks a column.
        """
        pace = Pace(self._request, self._clock)
        rows, rebased = Ordinals(WINDOW), Ordinals(WINDOW / pace.compression)
        for row in read(self._path):
            if isinstance(row, BadLine):
                yield row
                continue
            symbol = self._instruments.canonical(NAME, row.symbol)
            if self._request.symbols and symbol not in self._request.symbols:
                continue
            try:
                check(row)
                time = _utc(row.event_time)
                place = rows.next(symbol, time, row[1:])
                if place is None:
                    raise ValueError(f"time runs back more than {WINDOW // timedelta(minutes=1)} minutes; sort the file")
                due = pace.due(time)
            except (ValueError, OverflowError) as error:
                yield BadLine(str(self._path), row.line, str(error))
                continue
            while (ahead := (due - self._clock.now()) / timedelta(seconds=1)) > 0:
                if wait(ahead):
                    return
            identity = tick_id(NAME, *row[1:], place.equal, *pace.identity)
            if self._request.rebase:
                # Compressed times can coincide where the file's do not.
                time = pace.event_time(due)
                place = rebased.next(symbol, time) or place
            yield self._tick(row, symbol, time, place.at_time, identity)

    def _tick(self, row: Row, symbol: str, event_time: datetime, sequence: int, identity: str) -> Tick:
        return Tick(
            tick_id=identity,
            symbol=symbol,
            kind="trade",
            event_time=event_time,
            received_at=self._clock.now(),
            price=row.price,
            source=NAME,
            feed="replay",
            sequence=sequence,
            size=int(row.size) if row.size else None,
            venue=row.exchange or None,
            conditions=row.conditions or None,
        )


class Pace:
    """When each row is due, and what its event time becomes. The first row's time is the beginning."""

    def __init__(self, request: Request, clock: Clock) -> None:
        self._clock = clock
        self._interval = timedelta(seconds=1 / request.rate) if request.rate else None
        self._speed, self._rebase = request.speed, request.rebase
        self._begin = self._latest = clock.now()
        self._first: datetime | None = None
        self._rows = 0

    @property
    def compression(self) -> float:
        """How many times closer together rebased events are than they were; 1 where that is not fixed."""
        return self._speed if self._rebase and not self._interval and math.isfinite(self._speed) else 1.0

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes the same row another event: shift and speed, when the file is rebased."""
        if not (self._rebase and self._first):
            return ()
        return (self._begin - self._first) // _MICROSECOND, self._interval or self._speed

    def due(self, time: datetime) -> datetime:
        """When a row of that time is to be sent."""
        self._first = self._first or time
        self._rows += 1
        if self._interval:
            return self._begin + (self._rows - 1) * self._interval
        return self._begin if math.isinf(self._speed) else self._begin + (time - self._first) / self._speed

    def event_time(self, due: datetime) -> datetime:
        """The rebased time of what was due at `due` and is sent now; never after now."""
        if self._interval or math.isfinite(self._speed):
            return due
        # The pace is the machine's own. A wall clock that is set back must not reorder the rows.
        self._latest = max(self._latest, self._clock.now())
        return self._latest


def check(row: Row) -> None:
    """Raises `ValueError` with the reason when a field breaks a rule of `ticklake.columns`."""
    _check_texts(row.symbol, row.exchange, row.conditions)
    if not _PRICE.fullmatch(row.price):
        raise ValueError(f"price {_shown(row.price)} is not a decimal above 0 and below 10^12 with at most 8 decimals")
    if row.size and not (_SIZE.fullmatch(row.size) and int(row.size) <= _MOST_SIZE):
        raise ValueError(f"size {_shown(row.size)} is not a whole number of at least 0")


@lru_cache(4096)
def _check_texts(symbol: str, venue: str, conditions: str) -> None:
    if not symbol:
        raise ValueError("symbol is empty")
    for name, text in (("symbol", symbol), ("venue", venue), ("conditions", conditions)):
        if len(text) > TEXT_LIMITS[name]:
            raise ValueError(f"{name} is longer than {TEXT_LIMITS[name]}")
        if not text.isprintable():
            raise ValueError(f"{name} is not UTF-8, or holds characters that do not print")


def _utc(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"event_time {_shown(text)} is not a time such as 2026-01-02T15:04:05.123Z") from None
    if time.tzinfo is None:
        raise ValueError(f"event_time {_shown(text)} has no time zone; add Z if it is UTC")
    utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    if utc.year not in YEARS:
        raise ValueError(f"event_time {_shown(text)} is not from {YEARS[0]} to {YEARS[-1]}")
    return utc


def _shown(text: str) -> str:
    """A field that may hold anything, short and in one line."""
    return ascii(text[:40])


def create(request: Request, settings: Settings, instruments: Instruments, clock: Clock) -> Source:
    """The replay of the file asked for."""
    if request.file is None:
        raise ConfigError("the replay needs a --file of trades")
    return Replay(request.file, request, instruments, clock)
