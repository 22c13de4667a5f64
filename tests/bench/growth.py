"""What a load of 100,000 ticks costs beside 20 million of the same day, against the same load into empty tables.

Two stores and two warehouses, each in processes of its own; `Load` as load_ticks runs it, without Airflow. Each batch is loaded on both sides, now on
the one first and then on the other; the figure is the median of the pairs' ratios. The history is put into the files, what is loaded are real objects.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.history import History, fill, midnight_before
from tests.bench.results import record
from tests.bench.topics import PARTITIONS, SYMBOLS
from tests.fixtures.load_platform import LoadPlatform, Partition, Value, load_platform
from ticklake import tick
from ticklake.lake import to_ms
from ticklake_io.warehouse import SnowflakeWarehouse, open_warehouse

TICKS = 20_000_000
NEW = 100_000
PAIRS = 9
LATE_SHARE = 0.01
LATE_S = 600.0
"""By how much a late tick is late at most."""
STATEMENT_LIMIT_S = 300

Shape = Callable[[History, int], datetime]
"""The event time of the n-th tick of the topic, n beyond the history."""


def live(history: History, n: int) -> datetime:
    """In turn behind the history."""
    return history.time(n)


def late(history: History, n: int) -> datetime:
    """The same, but one in a hundred is late, so that the bars of ten minutes are made anew from all their trades."""
    chance = random.Random(n)
    behind_s = chance.uniform(0, LATE_S) if chance.random() < LATE_SHARE else 0
    return history.time(n) - timedelta(seconds=behind_s)


def spread(history: History, n: int) -> datetime:
    """Anywhere in the history, so that nearly every bar of it is touched."""
    return history.begin + random.Random(n).random() * (history.end - history.begin)


@dataclass(frozen=True)
class Objects:
    """Records for the partitions of a topic, an object each: partition, records, append time."""

    each: Sequence[tuple[int, list[Value], int]]

    def land(self, partitions: Sequence[Partition]) -> None:
        for number, values, time_ms in self.each:
            partitions[number].land(values, time_ms)


def measure_growth(folder: Path, ticks: int = TICKS, pairs: int = PAIRS) -> None:
    """The live shape is the figure; the others are what lateness costs, up to the worst."""
    history = History("ticks", midnight_before(datetime.now(UTC), timedelta(milliseconds=ticks) + timedelta(hours=1)), ticks)
    full, empty = folder / "full", folder / "empty"
    for home in (full, empty):
        with load_platform(home):
            pass
    fill(full, history)
    with ExitStack() as stack:
        sides = [stack.enter_context(load_platform(home)) for home in (full, empty)]
        growth = Growth(history, *sides)
        record("load_cost_growth", growth.measure(live, pairs), "ratio")
        record("load_cost_growth_late", growth.measure(late, pairs), "ratio")
        record("load_cost_growth_spread", growth.measure(spread, pairs), "ratio")


class Growth:
    """A platform that holds a history, and one whose tables are empty before each load."""

    def __init__(self, history: History, full: LoadPlatform, empty: LoadPlatform) -> None:
        self._history = history
        self._full = full
        self._empty = empty
        self._partitions = partitions(full, history.topic)
        for number, each in enumerate(self._partitions):
            each.end = history.partition_end(number)
        self._next = history.ticks

    def measure(self, shape: Shape, pairs: int) -> float:
        """The median ratio of so many pairs; one more before them warms up."""
        ratios = [self._pair(shape, f"ticks-{shape.__name__}-{nth}", full_first=nth % 2 == 0) for nth in range(pairs + 1)]
        return round(statistics.median(ratios[1:]), 2)

    def _pair(self, shape: Shape, topic: str, *, full_first: bool) -> float:
        """Load the same ticks on both sides; on the empty one they are a topic of their own, so that its chains begin with them."""
        history, begin = self._history, self._next
        self._next += NEW
        starts = range(begin, self._next, history.object_rows)
        objects = Objects(
            [(start // history.object_rows % PARTITIONS, values(history, shape, start, history.object_rows), to_ms(history.time(start))) for start in starts]
        )
        objects.land(self._partitions)
        objects.land(partitions(self._empty, topic))
        sides = [(self._full, history.topic), (self._empty, topic)]
        took = {platform: load(platform, name, NEW) for platform, name in (sides if full_first else reversed(sides))}
        self._empty.empty()
        print(f"  {shape.__name__}: {took[self._full]:.2f} s beside {begin:,} ticks, {took[self._empty]:.2f} s beside none", flush=True)
        return took[self._full] / took[self._empty]


def partitions(platform: LoadPlatform, topic: str) -> list[Partition]:
    """The partitions of a new topic."""
    return [Partition(platform.store, topic, number) for number in range(PARTITIONS)]


def values(history: History, shape: Shape, start: int, count: int) -> list[Value]:
    """Ticks of the topic, from the one numbered `start` on, as the producer sends them."""
    return [_value(history, n, shape(history, n)) for n in range(start, start + count)]


def _value(history: History, n: int, event_time: datetime) -> Value:
    chance, symbol = random.Random(n), f"SYM{n % SYMBOLS:03d}"
    return symbol.encode(), tick.encode(
        tick.Tick(
            tick_id=tick.tick_id("bench", n),
            symbol=symbol,
            kind="trade",
            event_time=event_time,
            received_at=history.time(n),
            price=f"{chance.uniform(50, 150):.4f}",
            size=chance.randint(1, 1_000),
            venue="XNAS",
            bid="100.01",
            ask="100.03",
            source="bench",
            feed="synthetic",
            sequence=n,
        )
    )


def patient(platform: LoadPlatform) -> SnowflakeWarehouse:
    """A session that waits for long statements."""
    return open_warehouse(platform.local.arguments(network_timeout=STATEMENT_LIMIT_S), "bench")


def load(platform: LoadPlatform, topic: str, rows: int) -> float:
    """Seconds that a load took. Raises RuntimeError when it did not load just these rows."""
    with closing(patient(platform)) as warehouse:
        warehouse.rows("SELECT 1")
        began = time.monotonic()
        report = platform.load(topic, warehouse)
        took = time.monotonic() - began
    if (report.rows, report.winners, report.pending) != (rows, rows, 0):
        raise RuntimeError(f"{topic}: {report}")
    return took
