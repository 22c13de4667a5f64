"""What the pages read of the market: the board and its candles, warehouse and live tail as one, made once for all sessions.

One thread follows the stream and makes a new version of the board, at most four times a second and only when something has
changed; the warehouse is read by another when it has news and somebody looks. A session takes what is there.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pandas as pd
import structlog

from dashboard import board, seam
from dashboard.candle_frames import CandleFrames, Candles
from dashboard.news import News
from dashboard.picture import Key, Picture, picture
from dashboard.renewed import Renewed
from dashboard.screen import Screen
from dashboard.shared import Reading
from dashboard.tail.bar import Bar
from dashboard.tail.follow import Follower, Stream
from ticklake.changes import Subject
from ticklake.clock import Clock
from ticklake_io.serving import Verdict
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

QUERIES = Path(__file__).parent / "queries"

STEP_S = 0.25
"""Least time between two versions of the board."""

EDGES_AT_LEAST, EDGES_AT_MOST = timedelta(minutes=3), timedelta(hours=1)
"""How far back the warehouse is asked when a minute's first and last trades were: as far as the tail goes, within these."""

FAILED_S = 5.0
"""How long to wait after what should not have happened, before all begins again."""

STOOD_S = 30.0
"""A board that nobody has looked over for so long is no service."""

FIRST_WAIT_S = 5.0
"""How long the first to look waits for the first board."""

HEARD_WAIT_S = 2.0
"""How long the first question to the warehouse waits until its changes can be heard: what is asked before is asked again then."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = Picture()

log = structlog.get_logger()


@dataclass(frozen=True)
class Snapshot:
    """The board (`dashboard.board.COLUMNS`) and its minute bars by symbol and source, of both sides of the seam.

    `version` grows when any of it has changed. `stream` is what is known of the stream, `read_at` when the warehouse was read
    last, `received_at` when its newest tick was received; `at` is when all this was last looked over.
    """

    version: int
    board: pd.DataFrame
    bars: Mapping[Key, Mapping[int, Bar]]
    stream: Stream
    at: datetime
    read_at: datetime | None = None
    received_at: datetime | None = None


class MarketData(Protocol):
    """What the pages read. Calls return at once, the first within a moment, and never raise for a broker or a warehouse in trouble."""

    def board(self) -> Reading[Snapshot]:
        """The newest snapshot; `problem` says which of its sides cannot be read now."""
        ...

    def candles(self, symbol: str, source: str) -> Reading[Candles]:
        """The newest minute bars of a symbol and source, two hours of them or so, the running minute last."""
        ...


class LiveMarketData:
    """Market data of a warehouse and a stream, shared by all sessions of this process."""

    def __init__(self, warehouse: Warehouse, worker: Executor, follower: Follower, news: News, screen: Screen, clock: Clock) -> None:
        """The warehouse is read on `worker`; the stream on a thread that `start` begins."""
        self._warehouse, self._follower, self._screen, self._clock = warehouse, follower, screen, clock
        self._sql = Statements(QUERIES)["board"]
        self._picture = Renewed(self._read, Subject.TICKS, worker, news, clock, wait_s=0.0)
        self._boards = _Boards(follower)
        self._candles = CandleFrames()
        self._snapshot: Snapshot | None = None
        self._edges_from = clock.now() - EDGES_AT_LEAST
        self._tried, self._first, self._started = threading.Event(), threading.Event(), threading.Lock()

    def board(self) -> Reading[Snapshot]:
        self._start()
        self._tried.wait(HEARD_WAIT_S)
        picture = self._picture.get()
        if self._snapshot is None:
            self._first.wait(FIRST_WAIT_S)
        snapshot = self._snapshot
        return Reading(snapshot, picture.problem or (snapshot.stream.problem if snapshot else None), picture.at)

    def candles(self, symbol: str, source: str) -> Reading[Candles]:
        reading = self.board()
        bars = reading.value.bars.get((symbol, source), {}) if reading.value else None
        return Reading(None if bars is None else self._candles.candles((symbol, source), bars), reading.problem, reading.at)

    def health(self) -> Verdict:
        """Whether the board is looked over, from the first look on."""
        snapshot = self._snapshot
        if snapshot is None:
            return Verdict(True, "waits for the first look at the warehouse")
        stood_s = (self._clock.now() - snapshot.at).total_seconds()
        return Verdict(stood_s < STOOD_S, f"the board was looked over {stood_s:.1f} s ago")

    def step(self, wait_s: float) -> None:
        """Take in what has come, waiting up to `wait_s` seconds for the first record, and publish what it makes of the board."""
        reading = self._picture.last
        self._boards.take(reading.value or _NOTHING)
        counted = self._follower.step(wait_s)
        self._tried.set()
        if reading.value is None and reading.problem is None:
            return  # nobody has looked, or the first picture is on its way: a board without it would miss most
        changed = self._boards.update()
        now, first = self._clock.now(), self._follower.tail.first_minute()
        self._edges_from = max(now - EDGES_AT_MOST, min(now - EDGES_AT_LEAST, _time(first) if first is not None else now))
        last = self._snapshot
        if last is None or changed:
            self._snapshot = self._boards.snapshot(last.version + 1 if last else 1, now, reading.at)
        else:
            self._snapshot = replace(last, stream=replace(self._follower.stream), at=now, read_at=reading.at)
        if self._follower.stream.caught_up:
            self._screen.begin(now)
        self._screen.shown(counted["received_us"], now)
        self._first.set()

    def _start(self) -> None:
        if self._started.acquire(blocking=False):
            threading.Thread(target=self._run, name="tail", daemon=True).start()

    def _run(self) -> None:
        while True:
            began = self._clock.monotonic()
            try:
                self.step(STEP_S / 5)
            except Exception:
                log.exception("tail_failed")  # a screen that stands still says so; one that is gone says nothing
                self._follower.restart()
                self._clock.sleep(FAILED_S)
            if not self._follower.is_busy:
                self._clock.sleep(max(0.0, began + STEP_S - self._clock.monotonic()))

    def _read(self) -> Picture:
        return picture(self._warehouse.frame(self._sql, {"since": self._edges_from}))


class _Boards:
    """The board as it grows: only rows that have changed on either side are made anew. For one thread."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._tail = follower.tail
        self._picture = _NOTHING
        self._stale: set[Key] = set()
        self._rows: dict[Key, board.Row] = {}
        self._bars: dict[Key, Mapping[int, Bar]] = {}

    def take(self, seen: Picture) -> None:
        """Take in the newest picture; the tail lets go of what is in it."""
        if seen is not self._picture:
            self._follower.advance(seen.marks, freezes=seen.freezes)
            self._stale |= {*self._picture.bases, *seen.bases}
            self._picture = seen

    def update(self) -> bool:
        """Make anew what has changed; whether anything has."""
        tail, keys = self._follower.tail, self._follower.keys.keys
        if tail is not self._tail:
            self._stale |= {*self._rows}
            self._tail = tail
        self._stale |= {keys[number] for number in tail.changed}
        tail.changed.clear()
        stale, self._stale = self._stale, set()
        for key in stale:
            self._make(key)
        return bool(stale)

    def snapshot(self, version: int, at: datetime, read_at: datetime | None) -> Snapshot:
        """All rows, as they are now."""
        received = max((base.latest.received_at for base in self._picture.bases.values()), default=None)
        return Snapshot(version, board.frame(self._rows.values()), dict(self._bars), replace(self._follower.stream), at, read_at, received)

    def _make(self, key: Key) -> None:
        number = self._follower.keys.number(key)
        base, minutes = self._picture.bases.get(key), self._tail.bars.get(number, {})
        newest = seam.latest(base.latest if base else None, self._tail.latest.get(number))
        bars = seam.bars(base.bars if base else {}, minutes)
        row = board.row(key, base, newest, bars, minutes)
        if row is None:
            self._rows.pop(key, None)
            self._bars.pop(key, None)
        else:
            self._rows[key], self._bars[key] = row, bars


def _time(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)
