"""However the objects are cut, the runs cut off and the ticks repeated: the tables are what a plain computation says."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.load_platform import TABLES, LoadPlatform, Partition, Value, load_platform
from ticklake.tick import Tick, encode
from ticklake_io.sql import Params
from ticklake_io.warehouse import Row, SnowflakeWarehouse

ARRIVAL_MS = 1_795_442_400_000
HOUR_MS = 3_600_000
_topics = (f"ticks-{n}" for n in itertools.count())


class Killed(BaseException):
    """The process died."""


class Mortal(SnowflakeWarehouse):
    """A session whose process dies at its n-th statement, before or after it took effect."""

    def __init__(self, other: SnowflakeWarehouse, statements: int, after: bool) -> None:
        super().__init__(other._connect)
        self._left = statements
        self._after = after

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        self._left -= 1
        if self._left or sql == "ROLLBACK":
            return super().rows(sql, params)
        if self._after:
            super().rows(sql, params)
        raise Killed


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("load")) as ready:
        yield ready


def tick(n: int) -> Tick:
    """The n-th event: the same number is the same event."""
    start = datetime(2013, 10, 7, 14, 30, tzinfo=UTC) if n % 3 == 0 else datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    return Tick(
        tick_id=f"t-{n}",
        symbol="ABC"[n % 2],
        kind="quote" if n % 7 == 0 else "trade",
        event_time=start + timedelta(seconds=n // 2 * 9, microseconds=n % 5),
        received_at=start + timedelta(seconds=400),
        price=f"{100 + n % 11}.{n:02d}",
        source="replay",
        feed="replay",
        sequence=n % 2,
        size=(None, 0, 1, 3, 1024)[n % 5],
    )


def record(n: int) -> Value:
    """A record of the n-th event; a negative number is poison."""
    return (b"A", b"{" if n % 2 else None) if n < 0 else (tick(n).symbol.encode(), encode(tick(n)))


objects = st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(-2, 40), min_size=1, max_size=12)), min_size=1, max_size=10)
deaths = st.lists(st.none() | st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=4)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(landed=objects, runs=deaths, backwards=st.booleans())
def test_the_tables_are_what_a_plain_computation_says(
    platform: LoadPlatform, landed: list[tuple[int, list[int]]], runs: list[tuple[int, bool] | None], backwards: bool
) -> None:
    topic = next(_topics)
    platform.empty()
    partitions = [Partition(platform.store, topic, number) for number in range(3)]
    share = -(-len(landed) // len(runs))
    rows: list[tuple[int, int, int]] = []
    for death, some in itertools.zip_longest(runs, _batched(landed, share)):
        for index, (number, events) in enumerate(some or ()):
            rows += [(number, partitions[number].end + at, event) for at, event in enumerate(events)]
            hour = -index if backwards else index
            partitions[number].land([record(event) for event in events], ARRIVAL_MS + hour * HOUR_MS)
        if death is None:
            platform.load(topic)
            continue
        mortal = Mortal(platform.session(), *death)
        try:
            platform.load(topic, mortal)
        except Killed:
            pass
        finally:
            mortal.close()
    report = platform.load(topic, committed={number: partition.end for number, partition in enumerate(partitions)})
    assert (report.pending, dict(report.stopped)) == (0, {})
    assert_right(platform, rows)
    assert platform.load(topic).objects == 0


def test_two_loads_at_once_equal_one(platform: LoadPlatform) -> None:
    topic = next(_topics)
    platform.empty()
    partitions = [Partition(platform.store, topic, number) for number in range(3)]
    rows = []
    for turn in range(5):
        for number, partition in enumerate(partitions):
            events = [(turn * 7 + number * 3 + at) % 40 for at in range(8)]
            rows += [(number, partition.end + at, event) for at, event in enumerate(events)]
            partition.land([record(event) for event in events], ARRIVAL_MS)
    sessions = [platform.session() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda session: platform.load(topic, session), sessions))
    for session in sessions:
        session.close()
    assert sum(report.objects for report in reports) == 15
    assert_right(platform, rows)


@pytest.mark.parametrize("body", ["no parquet", "another object's"])
def test_an_object_that_cannot_be_loaded_stops_its_own_partition(platform: LoadPlatform, body: str) -> None:
    topic = next(_topics)
    platform.empty()
    partitions = [Partition(platform.store, topic, number) for number in range(2)]
    first, _ = partitions[0].land([record(1)], ARRIVAL_MS)
    bad, meta = partitions[0].land([record(2), record(3)], ARRIVAL_MS, upload=False)
    stored = platform.store.read(first)
    assert stored
    platform.store.create(bad, b"PAR?" if body == "no parquet" else stored, meta.headers())
    partitions[0].land([record(4)], ARRIVAL_MS)
    for event in range(5, 9):
        partitions[1].land([record(event)], ARRIVAL_MS)
    for _ in range(2):
        report = platform.load(topic)
        assert list(report.stopped) == ["g1/p0"]
        assert bad in report.stopped["g1/p0"]
        assert report.pending == 2
    rows = [(0, 0, 1), *((1, event - 5, event) for event in range(5, 9))]
    assert_right(platform, rows)


def test_a_cursor_that_runs_ahead_of_the_ledger_loses_nothing(platform: LoadPlatform) -> None:
    topic = next(_topics)
    platform.empty()
    partition = Partition(platform.store, topic, 0)
    for event in range(3):
        partition.land([record(event)], ARRIVAL_MS)
    platform.load(topic)
    for table in TABLES:
        platform.warehouse.rows(f"DELETE FROM {table}")
    partition.land([record(3)], ARRIVAL_MS)
    report = platform.load(topic)
    assert (report.objects, dict(report.stopped)) == (4, {})
    assert_right(platform, [(0, event, event) for event in range(4)])


MOST = 2**63 - 1
LARGEST = "999999999999.99999999"


def trades(*pairs: tuple[str, int | None]) -> list[Value]:
    """Trades of one minute, of price and size."""
    at = datetime(2199, 12, 31, 23, 59, tzinfo=UTC)
    return [
        (
            b"A",
            encode(
                Tick(
                    tick_id=f"t-{n}",
                    symbol="A",
                    kind="trade",
                    event_time=at + timedelta(seconds=n),
                    received_at=at,
                    price=price,
                    source="x",
                    feed="replay",
                    sequence=MOST,
                    size=size,
                    day_volume=MOST,
                )
            ),
        )
        for n, (price, size) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("pairs", "vwap"),
    [
        ([(LARGEST, MOST)], LARGEST),
        ([(LARGEST, MOST)] * 5, LARGEST),
        ([(LARGEST, 1)] * 3, LARGEST),
        ([(LARGEST, None)], None),
        ([(LARGEST, 0), ("1", 0)], None),
        ([("0.00000001", MOST)] * 2, "0.00000001"),
        ([("1", MOST), ("3", MOST)], "2"),
        ([("999999999999", 1), ("1", 1)], "500000000000"),
        ([("10000000", 10**9), ("9999999.99999999", 10**9)], "10000000"),
        ([("9999999.99999999", 10**9), ("9999999.99999997", 10**9)] * 10, "9999999.99999998"),
        ([("10000000.00000001", 10**9), ("10000000.00000001", 1)], "10000000.00000001"),
        ([("123.45", 3_000_000), ("123.46", 1_234_567), ("500", 0), ("1", None)], "123.45291545"),
        ([("100.01", 127), ("100.02", 1)], "100.01007813"),
    ],
)
def test_no_legal_trade_is_too_large_for_a_bar(platform: LoadPlatform, pairs: list[tuple[str, int | None]], vwap: str | None) -> None:
    topic = next(_topics)
    platform.empty()
    Partition(platform.store, topic, 0).land(trades(*pairs), ARRIVAL_MS)
    assert platform.load(topic).winners == len(pairs)
    sizes = [size for _, size in pairs if size is not None]
    stored = platform.warehouse.rows("SELECT HIGH, VOLUME, VWAP FROM CURATED.BARS_1M")
    assert stored == [{"HIGH": max(Decimal(price) for price, _ in pairs), "VOLUME": sum(sizes) if sizes else None, "VWAP": Decimal(vwap) if vwap else None}]
    for table in ("RAW.TICKS", "CURATED.TICKS"):
        rows = platform.warehouse.rows(f"SELECT PRICE, SIZE, DAY_VOLUME, SEQUENCE FROM {table} ORDER BY EVENT_TIME")
        assert rows == [{"PRICE": Decimal(price), "SIZE": size, "DAY_VOLUME": MOST, "SEQUENCE": MOST} for price, size in pairs]
    assert platform.load(topic).objects == 0


def test_without_new_objects_the_warehouse_is_asked_nothing(platform: LoadPlatform) -> None:
    topic = next(_topics)
    platform.empty()
    Partition(platform.store, topic, 0).land([record(1)], ARRIVAL_MS)
    assert platform.load(topic).objects == 1
    mortal = Mortal(platform.session(), 1, after=False)
    assert platform.load(topic, mortal).objects == 0


def assert_right(platform: LoadPlatform, rows: list[tuple[int, int, int]]) -> None:
    """Every table against a computation over (partition, offset, event)."""

    def read(sql: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(row.values()) for row in platform.warehouse.rows(sql))

    winners: dict[int, tuple[int, int]] = {}
    for partition, offset, event in rows:
        if event >= 0:
            winners[event] = min((partition, offset), winners.get(event, (partition, offset)))
    assert read("SELECT PARTITION_ID, OFFSET_ID FROM RAW.TICKS") == sorted((partition, offset) for partition, offset, _ in rows)
    assert read("SELECT TICK_ID, PARTITION_ID, OFFSET_ID FROM CURATED.TICKS") == sorted((f"t-{event}", *at) for event, at in winners.items())
    assert read("SELECT PARTITION_ID, OFFSET_ID FROM OPS.QUARANTINE") == sorted((partition, offset) for partition, offset, event in rows if event < 0)
    ends: dict[int, int] = {}
    for partition, offset, _ in rows:
        ends[partition] = max(offset + 1, ends.get(partition, 0))
    assert read("SELECT PARTITION_ID, NEXT_OFFSET FROM OPS.WATERMARKS") == sorted(ends.items())

    ticks = sorted(((tick(event), at) for event, at in winners.items()), key=lambda each: (each[0].event_time, each[0].sequence, each[1]))
    newest = {each.symbol: each.tick_id for each, _ in ticks}
    assert read("SELECT SYMBOL, TICK_ID FROM CURATED.LATEST") == sorted(newest.items())
    minutes: dict[tuple[str, datetime], list[Tick]] = {}
    for each, _ in ticks:
        if each.kind == "trade":
            minutes.setdefault((each.symbol, each.event_time.replace(tzinfo=None, second=0, microsecond=0)), []).append(each)
    bars = "SELECT SYMBOL, BAR_START, OPEN, HIGH, LOW, CLOSE, TRADES, COALESCE(VOLUME, -1), COALESCE(VWAP, -1), ORIGIN FROM CURATED.BARS_1M"
    assert read(bars) == sorted(bar(symbol, start, trades) for (symbol, start), trades in minutes.items())


def bar(symbol: str, start: datetime, trades: list[Tick]) -> tuple[Any, ...]:
    prices = [Decimal(each.price) for each in trades]
    sized = [(Decimal(each.price), each.size) for each in trades if each.size is not None]
    volume = sum(size for _, size in sized) if sized else -1
    vwap = (sum(price * size for price, size in sized) / volume).quantize(Decimal("1e-8"), ROUND_HALF_UP) if volume > 0 else Decimal(-1)
    return symbol, start, prices[0], max(prices), min(prices), prices[-1], len(trades), volume, vwap, "trades"


def _batched(items: list[Any], size: int) -> Iterator[list[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
