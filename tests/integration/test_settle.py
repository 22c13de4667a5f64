"""Settling and rebuilding hours: whatever was done to the tables, they end as one undisturbed load leaves them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.load_platform import STATEMENTS, LoadPlatform, Partition, load_platform
from tests.integration.test_load_exactly_once import ARRIVAL_MS, HOUR_MS, Killed, Mortal, record
from ticklake.clock import SystemClock
from ticklake_airflow.settling import checksum
from ticklake_airflow.settling.model import Hour, SettleReport
from ticklake_airflow.settling.settle import Settle
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Row, SnowflakeWarehouse

SETTLE = Statements(Path(__file__).parents[2] / "dags" / "sql" / "settle_ticks")
HOURS = [Hour(datetime.fromtimestamp(ARRIVAL_MS / 1000, UTC) + timedelta(hours=n)) for n in range(4)]
HOUR = HOURS[0]
COMPARED = ("RAW.TICKS", "CURATED.TICKS", "CURATED.BARS_1M", "CURATED.LATEST", "OPS.LOADS", "OPS.QUARANTINE", "OPS.WATERMARKS")
_topics = (f"settled-{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("settle")) as ready:
        yield ready


@pytest.fixture
def topic(platform: LoadPlatform) -> str:
    platform.empty()
    return next(_topics)


def settle(platform: LoadPlatform, topic: str, warehouse: SnowflakeWarehouse | None = None, most_rows: int = 20) -> Settle:
    return Settle(
        store=platform.store,
        warehouse=warehouse or platform.warehouse,
        clock=SystemClock(),
        load=STATEMENTS,
        settle=SETTLE,
        topic=topic,
        run_id="settle",
        fence_timeout_s=30,
        most_rows=most_rows,
    )


def images(platform: LoadPlatform) -> dict[str, checksum.Image]:
    """Rows and checksums of the tables that loads write, in all columns."""
    tables = checksum.tables(platform.warehouse, SETTLE, ["RAW", "CURATED", "OPS"])
    return {name: checksum.image(platform.warehouse, SETTLE, name, tables[name]) for name in COMPARED}


def land(platform: LoadPlatform, topic: str, landed: list[tuple[int, int, list[int]]], partitions: dict[int, Partition] | None = None) -> None:
    """Objects of partition, hour and events, each partition in the order of its hours."""
    partitions = {} if partitions is None else partitions
    for number, hour, events in landed:
        partition = partitions.setdefault(number, Partition(platform.store, topic, number))
        partition.land([record(event) for event in events], ARRIVAL_MS + hour * HOUR_MS)


def rows(platform: LoadPlatform, table: str) -> list[str]:
    """All of a table, but for when and by whom."""
    aside = {
        "RUN_ID",
        "COPIED_AT",
        "MERGED_AT",
        "MERGE_ID",
        "QUARANTINED_AT",
        "UPDATED_AT",
        "OBJECT_KEY",
        "ETAG",
        "SHA256",
        "SIZE_BYTES",
        "LANDED_AT",
        "WRITER_ID",
    }
    return sorted(str({name: value for name, value in row.items() if name not in aside}) for row in platform.warehouse.rows(f"SELECT * FROM {table}"))


WORLD = [
    (0, 0, [1, 2, 3, -1, 4, 9]),
    (1, 0, [2, 10, 11, -2, 7]),
    (0, 0, [12, 1, 14, 15]),
    (0, 1, [3, 20, 21, 22]),
    (1, 2, [4, 9, 20, 30, -1]),
]


@pytest.fixture
def world(platform: LoadPlatform, topic: str) -> str:
    """Three hours of objects with repeats across partitions and hours, loaded."""
    land(platform, topic, WORLD)
    assert platform.load(topic).objects == len(WORLD)
    return topic


DAMAGE = {
    "a row of RAW is gone": ("RAW.TICKS", "DELETE FROM RAW.TICKS WHERE PARTITION_ID = 0 AND OFFSET_ID = 1"),
    "all rows of RAW are gone": ("RAW.TICKS", "DELETE FROM RAW.TICKS"),
    "a rejected row of RAW is gone": ("RAW.TICKS", "DELETE FROM RAW.TICKS WHERE PARTITION_ID = 0 AND OFFSET_ID = 3"),
    "a row of RAW is there twice": ("RAW.TICKS", "INSERT INTO RAW.TICKS SELECT * FROM RAW.TICKS WHERE PARTITION_ID = 0 AND OFFSET_ID = 0"),
    "a row of RAW has another price": ("RAW.TICKS", "UPDATE RAW.TICKS SET PRICE = 1 WHERE PARTITION_ID = 0 AND OFFSET_ID = 4"),
    "a row of RAW that did not win has another size": ("RAW.TICKS", "UPDATE RAW.TICKS SET SIZE = 77 WHERE PARTITION_ID = 0 AND OFFSET_ID = 7"),
    "a row of RAW has another tick_id": ("RAW.TICKS", "UPDATE RAW.TICKS SET TICK_ID = 't-20' WHERE PARTITION_ID = 0 AND OFFSET_ID = 4"),
    "a row of RAW lost a text": ("RAW.TICKS", "UPDATE RAW.TICKS SET FEED = NULL WHERE PARTITION_ID = 0 AND OFFSET_ID = 2"),
    "RAW has an object's rows that does not exist": (
        "RAW.TICKS",
        "INSERT INTO RAW.TICKS (GENERATION, PARTITION_ID, OFFSET_ID, KAFKA_TIME, OBJECT_KEY)"
        " SELECT 1, 9, 9, KAFKA_TIME, REPLACE(OBJECT_KEY, '/p0/', '/p9/') FROM RAW.TICKS WHERE PARTITION_ID = 0 AND OFFSET_ID = 0",
    ),
    "the ledger forgot an object": ("OPS.LOADS", "DELETE FROM OPS.LOADS WHERE PARTITION_ID = 0 AND FIRST_OFFSET = 0"),
    "a tick is gone": ("CURATED.TICKS", "DELETE FROM CURATED.TICKS WHERE TICK_ID = 't-3'"),
    "all ticks are gone": ("CURATED.TICKS", "DELETE FROM CURATED.TICKS"),
    "a tick is there twice": ("CURATED.TICKS", "INSERT INTO CURATED.TICKS SELECT * FROM CURATED.TICKS WHERE TICK_ID = 't-4'"),
    "a tick has another price": ("CURATED.TICKS", "UPDATE CURATED.TICKS SET PRICE = 1 WHERE TICK_ID = 't-10'"),
    "a tick has another time": ("CURATED.TICKS", "UPDATE CURATED.TICKS SET EVENT_TIME = '2014-01-01' WHERE TICK_ID = 't-1'"),
    "a later row has won": ("CURATED.TICKS", "UPDATE CURATED.TICKS SET PARTITION_ID = 1, OFFSET_ID = 0 WHERE TICK_ID = 't-2'"),
    "a tick was invented": (
        "CURATED.TICKS",
        "INSERT INTO CURATED.TICKS (TICK_ID, SYMBOL, SOURCE, FEED, KIND, EVENT_TIME, RECEIVED_AT, PRICE, SIZE, SEQUENCE, GENERATION, PARTITION_ID, OFFSET_ID)"
        " SELECT 'invented', SYMBOL, SOURCE, FEED, KIND, EVENT_TIME, RECEIVED_AT, PRICE, SIZE, SEQUENCE, 7, 7, 7 FROM CURATED.TICKS WHERE TICK_ID = 't-4'",
    ),
    "a tick took another's seat": ("CURATED.TICKS", "UPDATE CURATED.TICKS SET TICK_ID = 'usurper' WHERE TICK_ID = 't-12'"),
    "a bar is gone": ("CURATED.BARS_1M", "DELETE FROM CURATED.BARS_1M WHERE BAR_START = (SELECT MIN(BAR_START) FROM CURATED.BARS_1M)"),
    "a bar is there twice": ("CURATED.BARS_1M", "INSERT INTO CURATED.BARS_1M SELECT * FROM CURATED.BARS_1M WHERE SYMBOL = 'B' AND VOLUME > 3"),
    "a bar has another VWAP": ("CURATED.BARS_1M", "UPDATE CURATED.BARS_1M SET VWAP = 1 WHERE BAR_START = (SELECT MIN(BAR_START) FROM CURATED.BARS_1M)"),
    "a bar was invented": (
        "CURATED.BARS_1M",
        "INSERT INTO CURATED.BARS_1M (SYMBOL, SOURCE, BAR_START, ORIGIN, OPEN, HIGH, LOW, CLOSE)"
        " SELECT 'INVENTED', SOURCE, BAR_START, 'trades', 1, 1, 1, 1 FROM CURATED.BARS_1M WHERE BAR_START = (SELECT MIN(BAR_START) FROM CURATED.BARS_1M)",
    ),
    "a latest price is gone": ("CURATED.LATEST", "DELETE FROM CURATED.LATEST WHERE SYMBOL = 'B'"),
    "a latest price is another": ("CURATED.LATEST", "UPDATE CURATED.LATEST SET PRICE = 1 WHERE SYMBOL = 'B'"),
    "quarantine forgot a row": ("OPS.QUARANTINE", "DELETE FROM OPS.QUARANTINE WHERE PARTITION_ID = 0"),
}


@pytest.fixture(scope="module")
def repaired(platform: LoadPlatform) -> tuple[str, dict[str, checksum.Image]]:
    """A world that is damaged and repaired again and again, and what it is to look like after each time."""
    platform.empty()
    topic = next(_topics)
    land(platform, topic, WORLD)
    platform.load(topic)
    return topic, images(platform)


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found_by_a_dry_run_and_put_right_by_the_next(platform: LoadPlatform, repaired: tuple[str, dict[str, checksum.Image]], name: str) -> None:
    topic, right = repaired
    table, statement = DAMAGE[name]
    assert next(iter(platform.warehouse.rows(statement)[0].values())) > 0
    damaged = images(platform)
    assert damaged[table] != right[table]

    told = settle(platform, topic).hour(HOUR, dry_run=True)
    assert table in told.differences
    assert any(line.startswith(f"{table}: ") for line in told.lines)
    assert not told.changed
    assert images(platform) == damaged

    report = settle(platform, topic).hour(HOUR)
    assert (report.differences, report.changed, report.unsettled) == (told.differences, True, [])
    if "all" in name:
        for hour in HOURS[1:]:
            settle(platform, topic).hour(hour)
    after = images(platform)
    if table in ("OPS.LOADS", "OPS.QUARANTINE"):  # these say when, which is another time now
        assert after[table].rows == right[table].rows
        right[table] = after[table]
    assert after == right


@pytest.mark.parametrize("rebuild", [False, True])
def test_what_is_right_stays_as_it_is(platform: LoadPlatform, world: str, rebuild: bool) -> None:
    before = images(platform)
    for hour in HOURS[:3]:
        report = settle(platform, world).hour(hour, rebuild=rebuild)
        assert (report.differences, report.unsettled, report.pending, report.changed) == ({}, [], 0, rebuild)
        assert images(platform) == before


def test_bars_that_are_not_made_of_trades_stay(platform: LoadPlatform, world: str) -> None:
    platform.warehouse.rows(
        "INSERT INTO CURATED.BARS_1M (SYMBOL, SOURCE, BAR_START, ORIGIN, OPEN, HIGH, LOW, CLOSE)"
        " SELECT 'V', SOURCE, BAR_START, 'vendor', 1, 1, 1, 1 FROM CURATED.BARS_1M"
    )
    before = images(platform)
    assert settle(platform, world).hour(HOUR, rebuild=True).differences == {}
    assert images(platform) == before


def test_a_row_in_quarantine_does_not_win_again_and_the_next_one_does(platform: LoadPlatform, world: str) -> None:
    platform.warehouse.rows(
        "INSERT INTO OPS.QUARANTINE SELECT GENERATION, PARTITION_ID, OFFSET_ID, OBJECT_KEY, 'suspicious', KAFKA_TIME FROM RAW.TICKS"
        " WHERE PARTITION_ID = 0 AND OFFSET_ID IN (1, 2, 8)"
    )
    settle(platform, world).hour(HOUR, rebuild=True)
    seats = "SELECT TICK_ID, PARTITION_ID, OFFSET_ID FROM CURATED.TICKS WHERE TICK_ID IN ('t-2', 't-3', 't-14') ORDER BY TICK_ID"
    assert [tuple(row.values()) for row in platform.warehouse.rows(seats)] == [("t-2", 1, 0), ("t-3", 0, 10)]
    assert platform.warehouse.rows("SELECT COUNT(*) AS N FROM OPS.QUARANTINE WHERE RULE = 'suspicious'")[0]["N"] == 3
    assert settle(platform, world).hour(HOUR).differences == {}


@pytest.mark.parametrize("what", ["replaced", "vanished", "bad bytes"])
def test_what_cannot_be_settled_is_named_and_the_rest_is_settled(platform: LoadPlatform, world: str, what: str) -> None:
    key = platform.warehouse.rows("SELECT OBJECT_KEY FROM OPS.LOADS WHERE PARTITION_ID = 0 AND FIRST_OFFSET = 6")[0]["OBJECT_KEY"]
    before = images(platform)
    client, bucket = platform.store._client, platform.store._bucket  # type: ignore[attr-defined]
    if what == "vanished":
        client.delete_object(Bucket=bucket, Key=key)
    else:
        client.put_object(Bucket=bucket, Key=key, Body=b"PAR?", Metadata=platform.store.head(key).headers)  # type: ignore[union-attr]
        if what == "bad bytes":
            platform.warehouse.rows(f"UPDATE OPS.LOADS SET ETAG = '{platform.store.head(key).etag}' WHERE OBJECT_KEY = '{key}'")  # type: ignore[union-attr]
            before = images(platform)
    platform.warehouse.rows("DELETE FROM CURATED.TICKS WHERE TICK_ID = 't-3'")
    report = settle(platform, world).hour(HOUR, rebuild=True)
    assert len(report.unsettled) == 1
    assert key in report.unsettled[0]
    assert report.differences == {"CURATED.TICKS": 1}
    assert images(platform) == before


def test_a_killed_rebuild_leaves_nothing_half_done(platform: LoadPlatform, world: str) -> None:
    before = images(platform)
    for after, statements in itertools.product((False, True), range(5, 50, 9)):
        mortal = Mortal(platform.session(), statements, after)
        try:
            settle(platform, world, mortal).hour(HOUR, rebuild=True)
        except Killed:
            pass
        finally:
            mortal.close()
        assert images(platform) == before
    settle(platform, world).hour(HOUR, rebuild=True)
    assert images(platform) == before


def test_loads_go_on_while_hours_are_rebuilt(platform: LoadPlatform, topic: str) -> None:
    partitions: dict[int, Partition] = {}
    land(platform, topic, WORLD, partitions)
    platform.load(topic)
    more = [(turn % 3, 2, [(turn * 5 + at) % 40 for at in range(6)]) for turn in range(9)]
    sessions = [platform.session() for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:

        def load() -> None:
            for each in more:
                land(platform, topic, [each], partitions)
                platform.load(topic, sessions[0])

        loading = pool.submit(load)
        rebuilt = pool.submit(lambda: [settle(platform, topic, sessions[1], most_rows=6).hour(hour, rebuild=True) for _ in range(2) for hour in HOURS])
        loading.result()
        assert not any(report.differences for report in rebuilt.result())
    for session in sessions:
        session.close()
    platform.load(topic)
    ended = {table: rows(platform, table) for table in COMPARED}
    other = next(_topics)
    platform.empty()
    land(platform, other, WORLD + more)
    platform.load(other)
    assert {table: rows(platform, table) for table in COMPARED} == ended


class Overtaken(SnowflakeWarehouse):
    """A session beside which a load begins as soon as it has read the ledger."""

    def __init__(self, other: SnowflakeWarehouse, load: Callable[[], Future[Any]]) -> None:
        super().__init__(other._connect)
        self._load = load
        self.loading: Future[Any] | None = None

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        found = super().rows(sql, params)
        if self.loading is None and sql == SETTLE["ledger"]:
            self.loading = self._load()
            wait([self.loading], timeout=3)
        return found


def test_what_is_merged_while_an_hour_is_read_is_not_taken_for_lost(platform: LoadPlatform, topic: str) -> None:
    partitions: dict[int, Partition] = {}
    land(platform, topic, WORLD[:2], partitions)
    platform.load(topic)
    land(platform, topic, [(0, 0, [12, 1, 14, 15])], partitions)
    other = platform.session()
    with ThreadPoolExecutor(1) as pool:
        overtaken = Overtaken(platform.session(), lambda: pool.submit(platform.load, topic, other))
        report = settle(platform, topic, overtaken).hour(HOUR)
        assert overtaken.loading
        assert overtaken.loading.result().objects == 1
    overtaken.close()
    other.close()
    assert (report.differences, report.unsettled) == ({}, [])
    assert settle(platform, topic).hour(HOUR).differences == {}
    assert platform.warehouse.rows("SELECT COUNT(*) AS N FROM OPS.LOADS")[0]["N"] == 3


objects = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.lists(st.integers(-2, 40), min_size=1, max_size=10)), min_size=1, max_size=8)
steps = st.lists(st.sampled_from(["load", 0, 1, 2, 3]), min_size=1, max_size=6)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(landed=objects, work=steps, most_rows=st.sampled_from([1, 5, 1_000]))
def test_any_rebuilds_between_loads_equal_one_undisturbed_load(
    platform: LoadPlatform, landed: list[tuple[int, int, list[int]]], work: list[Any], most_rows: int
) -> None:
    ordered = sorted(landed, key=lambda each: each[1])
    ends = []
    for disturbed in (False, True):
        topic = next(_topics)
        platform.empty()
        partitions: dict[int, Partition] = {}
        share = -(-len(ordered) // len(work))
        for turn, step in enumerate(work if disturbed else []):
            land(platform, topic, ordered[turn * share : (turn + 1) * share], partitions)
            if step == "load":
                platform.load(topic)
            else:
                report = settle(platform, topic, most_rows=most_rows).hour(HOURS[step], rebuild=True)
                assert (report.differences, report.unsettled) == ({}, [])
        if not disturbed:
            land(platform, topic, ordered, partitions)
        platform.load(topic)
        for hour in HOURS[::-1] if disturbed else []:
            settle(platform, topic, most_rows=most_rows).hour(hour, rebuild=True)
        ends.append({table: rows(platform, table) for table in COMPARED})
    assert ends[0] == ends[1]


def test_everything_comes_back_from_nothing_but_the_lake(platform: LoadPlatform, world: str) -> None:
    before = {table: rows(platform, table) for table in COMPARED}
    platform.empty()
    platform.load(world)
    assert {table: rows(platform, table) for table in COMPARED} == before


def test_the_checksum_of_parquet_is_the_engines(platform: LoadPlatform, world: str) -> None:
    report: SettleReport = settle(platform, world).hour(HOUR)
    assert report.differences == {}
    columns = checksum.tables(platform.warehouse, SETTLE, ["RAW"])["RAW.TICKS"]
    assert [each.name for each in columns] == sorted(each.name for each in columns)
    assert checksum.image(platform.warehouse, SETTLE, "RAW.TICKS", columns).rows == 24
