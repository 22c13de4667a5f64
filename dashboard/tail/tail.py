"""What of the stream lies beyond the warehouse's watermarks: bars by minute and the newest tick, by symbol and source.

A tick counts on one side only. It counts here from when it is read until its partition's watermark passes it, unless a record
with its tick_id is below a watermark, or was here before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dashboard.tail.bar import MINUTE_US, Bar, Moment, join
from dashboard.tail.ids import RecentIds
from dashboard.tail.ticks import TICK, Batch, Keys, Ticks, decode
from ticklake_io.records import Records

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TICKS = 1_000_000
"""Ticks that are kept one by one (about 80 MB). Beyond, only their bars are: the next watermark then asks for another reading."""


class Latest(NamedTuple):
    """The newest tick of a symbol and source; prices that it does not have are NaN."""

    moment: Moment
    feed: str
    kind: str
    event_time: datetime
    received_at: datetime
    price: float
    bid: float
    ask: float
    prev_close: float
    partition: int = -1
    offset: int = -1


@dataclass
class Tail:
    """Records beyond `marks`, the offset after the last one that the warehouse has, by partition; none: everything is beyond.

    It is read from the offsets `begun`. `freezes` as in `decode`.
    """

    keys: Keys
    begun: Mapping[int, int]
    marks: Mapping[int, int] = field(default_factory=dict)
    freezes: bool = False
    bars: dict[int, dict[int, Bar]] = field(default_factory=dict)
    latest: dict[int, Latest] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    """Numbers of keys whose bars or newest tick have changed; whoever looks empties it."""

    newest_us: int | None = None
    """When the newest tick that was read was received, in microseconds since 1970."""

    def __post_init__(self) -> None:
        self._ids = RecentIds()
        self._chunks: list[Ticks] = []
        self._sealed_ms: int | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, records: Mapping[int, Records]) -> Ticks:
        """Take in the records that follow, by partition; the ticks among them that count."""
        batch = decode(records, self.keys, freezes=self.freezes)
        ticks = batch.ticks
        if not len(ticks):
            return ticks
        self.newest_us = max(self.newest_us or 0, int(ticks["received_us"].max()))
        beyond = self._beyond(ticks, self.marks)
        new = self._ids.add(ticks["id"], int(ticks["kafka_ms"].max()))
        ticks["counts"] = beyond & new
        if not beyond.all():
            ticks["counts"] &= ~np.isin(ticks["id"], ticks["id"][~beyond])
            self._discount(ticks["id"][~beyond & ~new])
        counted: Ticks = ticks[ticks["counts"]]
        self._keep(ticks[beyond])
        self._add_bars(counted)
        self._add_latest(batch)
        return counted

    def advance(self, marks: Mapping[int, int]) -> bool:
        """Let go of what is below `marks` now. False when that cannot be told from what is here: the tail must be read again, from `marks`."""
        if any(mark < self.begun.get(partition, mark) for partition, mark in marks.items()):
            return False
        if all(mark <= self.marks.get(partition, 0) for partition, mark in marks.items()):
            return True
        if self._sealed_ms is not None:
            return False
        self.marks = dict(marks)
        ticks = np.concatenate([*self._chunks, np.zeros(0, TICK)])
        beyond = self._beyond(ticks, marks)
        self._chunks, self._count = [ticks[beyond]], int(beyond.sum())
        self._discount(ticks["id"][~beyond], always=True)
        for number, latest in list(self.latest.items()):
            if latest.offset < marks.get(latest.partition, 0):
                del self.latest[number]
        return True

    def oldest_ms(self, ends: Mapping[int, int]) -> int | None:
        """When the broker took the oldest record here that is at `ends` (by partition) or beyond, in milliseconds; None when there is none."""
        if self._sealed_ms is not None:
            return self._sealed_ms
        waiting = (chunk["kafka_ms"][self._beyond(chunk, ends)] for chunk in self._chunks)
        return min((int(times.min()) for times in waiting if len(times)), default=None)

    def first_minute(self) -> int | None:
        """The oldest minute with trades here, in microseconds since 1970."""
        return min((min(minutes) for minutes in self.bars.values() if minutes), default=None)

    def _keep(self, ticks: Ticks) -> None:
        """Keep ticks one by one, as long as there are not too many; in few chunks."""
        self._count += len(ticks)
        if self._sealed_ms is not None or not len(ticks):
            return
        self._chunks.append(ticks)
        while len(self._chunks) > 1 and len(self._chunks[-2]) <= 2 * len(self._chunks[-1]):
            self._chunks[-2:] = [np.concatenate(self._chunks[-2:])]
        if self._count > MOST_TICKS:
            self._sealed_ms, self._chunks = self.oldest_ms({}), []

    def _discount(self, ids: NDArray[np.uint64], *, always: bool = False) -> None:
        """Count no tick whose id the warehouse has; its bars are made anew, in any case when `always`."""
        changed = always
        for chunk in self._chunks:
            repeated = chunk["counts"] & np.isin(chunk["id"], ids)
            if repeated.any():
                chunk["counts"] &= ~repeated
                changed = True
        if changed:
            self.changed.update(self.bars)
            self.bars = {}
            for chunk in self._chunks:
                self._add_bars(chunk[chunk["counts"]])

    def _add_bars(self, counted: Ticks) -> None:
        for number, minutes in bars_of(counted).items():
            running = self.bars.setdefault(number, {})
            for minute, bar in minutes.items():
                running[minute] = join(running.get(minute), bar)
            self.changed.add(number)

    def _add_latest(self, batch: Batch) -> None:
        ticks = batch.ticks
        rows = np.flatnonzero(ticks["counts"])
        if not len(rows):
            return
        rows = rows[np.lexsort((ticks["sequence"][rows], ticks["time_us"][rows], ticks["key"][rows]))]
        newest = rows[np.append(np.diff(ticks["key"][rows]) != 0, True)]
        for row, shown in zip(newest.tolist(), batch.shown.take(newest).to_pylist(), strict=True):
            tick = ticks[row]
            number, moment = int(tick["key"]), (int(tick["time_us"]), int(tick["sequence"]))
            self.changed.add(number)
            known = self.latest.get(number)
            if known is None or moment >= known.moment:
                self.latest[number] = _latest(moment, shown, int(tick["partition"]), int(tick["offset"]))

    def _beyond(self, ticks: Ticks, marks: Mapping[int, int]) -> NDArray[np.bool_]:
        if not marks or not len(ticks):
            return np.ones(len(ticks), dtype=bool)
        ends = np.zeros(max(max(marks), int(ticks["partition"].max())) + 1, np.int64)
        ends[list(marks)] = list(marks.values())
        beyond: NDArray[np.bool_] = ticks["offset"] >= ends[ticks["partition"]]
        return beyond


def bars_of(ticks: Ticks) -> dict[int, dict[int, Bar]]:
    """Bars of the trades among `ticks` by number of key and minute (microseconds since 1970), whatever their order."""
    trades = ticks[ticks["is_trade"]]
    if not len(trades):
        return {}
    trades = trades[np.lexsort((trades["offset"], trades["sequence"], trades["time_us"], trades["key"]))]
    key, minute = trades["key"], trades["time_us"] // MINUTE_US * MINUTE_US
    starts = np.flatnonzero(np.append(True, (np.diff(key) != 0) | (np.diff(minute) != 0)))
    ends = np.append(starts[1:], len(trades)) - 1
    price, size = trades["price"], trades["size"]
    sized = ~np.isnan(size)
    known = np.add.reduceat(sized, starts, dtype=np.int64) > 0
    volume, turnover = (np.where(known, np.add.reduceat(np.where(sized, each, 0.0), starts), math.nan) for each in (size, price * size))
    high, low = np.maximum.reduceat(price, starts), np.minimum.reduceat(price, starts)
    found: dict[int, dict[int, Bar]] = {}
    for number, at, *figures in zip(
        *(each.tolist() for each in (key[starts], minute[starts], price[starts], high, low, price[ends], volume, (ends - starts + 1).astype(float), turnover)),
        *(list(zip(trades["time_us"][edge].tolist(), trades["sequence"][edge].tolist(), strict=True)) for edge in (starts, ends)),
        strict=True,
    ):
        found.setdefault(number, {})[at] = Bar(*figures)
    return found


def _latest(moment: Moment, shown: dict[str, Any], partition: int, offset: int) -> Latest:
    event_time, received_at = (shown[name].replace(tzinfo=UTC) for name in ("EVENT_TIME", "RECEIVED_AT"))
    price, bid, ask, prev_close = (math.nan if shown[name] is None else float(shown[name]) for name in ("PRICE", "BID", "ASK", "PREV_CLOSE"))
    return Latest(moment, shown["FEED"], shown["KIND"], event_time, received_at, price, bid, ask, prev_close, partition, offset)
