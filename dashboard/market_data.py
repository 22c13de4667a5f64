"""What the pages read, as a Protocol, and its implementation over the warehouse.

However many sessions look, the warehouse sees one reader on one connection: a cheap look at how far ticks have come,
and the board and candles only when that has moved (or a minute has passed, for a rebuild moves nothing). Nobody looking, nothing read.
"""

from __future__ import annotations

import threading
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol

import pandas as pd

from dashboard import board
from dashboard.shared import Reading, Shared
from ticklake.clock import Clock
from ticklake.errors import WarehouseUnavailable
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

QUERIES = Path(__file__).parent / "queries"

BOARD_MAX_AGE = timedelta(minutes=1)
"""How long the board is believed when nothing seems to have moved."""

CANDLES_KEPT = 64
"""Symbols whose candles are kept in memory."""


class Arrivals(NamedTuple):
    """How far ticks have come: the newest in CURATED.LATEST, and the newest object in the ledger with the time of its first record."""

    received_at: datetime | None = None
    event_time: datetime | None = None
    landed_at: datetime | None = None
    first_kafka_time: datetime | None = None
    unmerged: int = 0


@dataclass(frozen=True)
class Snapshot:
    """The board (`dashboard.board.COLUMNS`), when it was read, and when it was last known to be the newest."""

    board: pd.DataFrame
    arrivals: Arrivals
    board_at: datetime
    read_at: datetime


@dataclass(frozen=True)
class Candles:
    """Minute bars of one symbol and source, oldest first: BAR_START (UTC), OPEN, HIGH, LOW, CLOSE, VOLUME, TRADES, ORIGIN."""

    bars: pd.DataFrame
    board_at: datetime


class MarketData(Protocol):
    """What the pages read. Calls return at once or within a moment, and never raise for a warehouse in trouble."""

    def snapshot(self, max_age_s: float) -> Reading[Snapshot]:
        """The board, checked within the last `max_age_s` seconds if the warehouse answers."""
        ...

    def candles(self, symbol: str, source: str, max_age_s: float) -> Reading[Candles]:
        """The newest two hours of minute bars of a symbol and source."""
        ...


class WarehouseMarketData:
    """Market data of a warehouse, shared by all sessions of this process."""

    def __init__(self, warehouse: Warehouse, worker: Executor, clock: Clock) -> None:
        self._warehouse, self._worker, self._clock = warehouse, worker, clock
        self._statements = Statements(QUERIES)
        self._snapshot = Shared(self._read_snapshot, self._worker, clock)
        self._candles: dict[tuple[str, str], Shared[Candles]] = {}
        self._lock = threading.Lock()

    def snapshot(self, max_age_s: float) -> Reading[Snapshot]:
        return self._snapshot.get(max_age_s)

    def candles(self, symbol: str, source: str, max_age_s: float) -> Reading[Candles]:
        with self._lock:
            shared = self._candles.pop((symbol, source), None)
            if shared is None:
                shared = Shared(lambda last: self._read_candles(symbol, source, last), self._worker, self._clock, first_wait_s=3.0)
            self._candles[symbol, source] = shared
            if len(self._candles) > CANDLES_KEPT:
                del self._candles[next(iter(self._candles))]
        return shared.get(max_age_s)

    def _read_snapshot(self, last: Snapshot | None) -> Snapshot:
        arrivals = self._read_arrivals()
        now = self._clock.now()
        if last and arrivals == last.arrivals and now - last.board_at < BOARD_MAX_AGE:
            return replace(last, read_at=now)
        frames = (self._warehouse.frame(self._statements[name]) for name in ("latest", "days", "trends"))
        return Snapshot(board.rows(*frames), arrivals, now, now)

    def _read_arrivals(self) -> Arrivals:
        ticks, landings = (self._warehouse.rows(self._statements[name]) for name in ("arrivals", "landings"))
        arrivals = Arrivals()
        for row in ticks:
            arrivals = arrivals._replace(received_at=_utc(row["RECEIVED_AT"]), event_time=_utc(row["EVENT_TIME"]))
        for row in landings:
            arrivals = arrivals._replace(landed_at=_utc(row["LANDED_AT"]), first_kafka_time=_utc(row["FIRST_KAFKA_TIME"]), unmerged=int(row["UNMERGED"]))
        return arrivals

    def _read_candles(self, symbol: str, source: str, last: Candles | None) -> Candles:
        snapshot = self._snapshot.last.value
        if snapshot is None:
            raise WarehouseUnavailable("the board has not been read yet; try again")
        if last and last.board_at == snapshot.board_at:
            return last
        bars = self._warehouse.frame(self._statements["candles"], {"symbol": symbol, "source": source})
        bars["BAR_START"] = pd.to_datetime(bars["BAR_START"]).dt.tz_localize("UTC")
        return Candles(bars.sort_values("BAR_START", ignore_index=True), snapshot.board_at)


def _utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)
