"""A row that the consumer let through and that breaks a rule is quarantined alone; the others load. On a real store and a real local warehouse."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fixtures.load_platform import LoadPlatform, Partition, Value, load_platform
from ticklake import lake
from ticklake.clock import SystemClock
from ticklake.tick import Tick, encode
from ticklake_cli import cost, facts, verify

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON_MS = lake.to_ms(NOON)
_topics = (f"ruled-{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("rules")) as ready:
        yield ready


def record(n: int) -> Value:
    at = NOON + timedelta(seconds=n)
    return b"A", encode(
        Tick(tick_id=f"t-{n}", symbol="A", kind="trade", event_time=at, received_at=at, price="1.5", source="replay", feed="replay", sequence=0, size=1)
    )


def land(platform: LoadPlatform, partition: Partition, values: list[Value], changes: Mapping[int, Mapping[str, Any]], without: tuple[str, ...] = ()) -> str:
    """An object in which some rows have other values than a consumer would have let through: by row, by column."""
    key, meta = partition.land(values, NOON_MS)
    stored = platform.store.read(key)
    assert stored
    table = pq.read_table(io.BytesIO(stored))
    rows = table.to_pylist()
    for number, change in changes.items():
        rows[number] |= change
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema).drop_columns(list(without)), sink)
    client, bucket = platform.store._client, platform.store._bucket  # type: ignore[attr-defined]
    client.put_object(Bucket=bucket, Key=key, Body=sink.getvalue(), Metadata=meta.headers())
    return key


def read(platform: LoadPlatform, sql: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in platform.warehouse.rows(sql))


FAR = {"EVENT_TIME": datetime(2200, 1, 1)}  # noqa: DTZ001 - as the lake stores it
EARLY = {"RECEIVED_AT": datetime(1969, 12, 31)}  # noqa: DTZ001
BROKEN: list[tuple[Mapping[str, Any], str]] = [
    ({"TICK_ID": None}, "tick_id: missing"),
    ({"TICK_ID": ""}, "tick_id: missing"),
    ({"SYMBOL": None}, "symbol: missing"),
    ({"SOURCE": None}, "source: missing"),
    ({"KIND": None}, "kind: unknown"),
    ({"KIND": "rumour"}, "kind: unknown"),
    ({"FEED": None}, "feed: unknown"),
    ({"FEED": "hearsay"}, "feed: unknown"),
    ({"EVENT_TIME": None}, "event_time: not from 1970 to 2199"),
    (FAR, "event_time: not from 1970 to 2199"),
    ({"RECEIVED_AT": None}, "received_at: not from 1970 to 2199"),
    (EARLY, "received_at: not from 1970 to 2199"),
    ({"PRICE": None}, "price: not above 0"),
    ({"PRICE": Decimal(0)}, "price: not above 0"),
    ({"PRICE": Decimal("-1.5")}, "price: not above 0"),
    ({"SIZE": -1}, "size: below 0"),
    ({"DAY_VOLUME": -1}, "day_volume: below 0"),
    ({"SEQUENCE": None}, "sequence: missing or below 0"),
    ({"PRICE": None, "KIND": None}, "kind: unknown"),
]


def test_each_row_that_breaks_a_rule_is_quarantined_with_it_and_the_others_load(platform: LoadPlatform) -> None:
    platform.empty()
    topic = next(_topics)
    partition = Partition(platform.store, topic, 0)
    values: list[Value] = [record(n) for n in range(2 * len(BROKEN))] + [(b"A", b"{")]
    key = land(platform, partition, values, {2 * n: change for n, (change, _) in enumerate(BROKEN)})
    report = platform.load(topic)
    assert (report.rows, report.winners, report.rejects, dict(report.stopped)) == (len(values), len(BROKEN), len(BROKEN) + 1, {})
    expected = [(2 * n, key, rule) for n, (_, rule) in enumerate(BROKEN)]
    quarantined = read(platform, "SELECT OFFSET_ID, OBJECT_KEY, RULE FROM OPS.QUARANTINE")
    assert quarantined[:-1] == expected
    assert quarantined[-1][2].startswith("not JSON")
    assert read(platform, "SELECT OFFSET_ID FROM CURATED.TICKS") == [(2 * n + 1,) for n in range(len(BROKEN))]
    assert read(platform, "SELECT SUM(TRADES) FROM CURATED.BARS_1M") == [(len(BROKEN),)]
    tables = facts.tables(platform.warehouse, facts.BEGINNING)
    verdict = verify.judge(platform.store, topic, {lake.Partition(1, 0): partition.end}, tables, facts.BEGINNING, SystemClock().now(), timedelta(minutes=2))
    assert verdict.mismatches == []
    assert (verdict.raw, verdict.curated, verdict.duplicates, verdict.quarantined, verdict.rejected) == (len(values), len(BROKEN), 0, len(BROKEN) + 1, 1)


def test_a_row_in_quarantine_never_wins_and_the_next_of_its_tick_does(platform: LoadPlatform) -> None:
    platform.empty()
    topic = next(_topics)
    partition, other = Partition(platform.store, topic, 0), Partition(platform.store, topic, 1)
    other.land([record(2)], NOON_MS)
    platform.load(topic)
    key, _ = partition.land([record(1), record(2), record(1)], NOON_MS)
    platform.warehouse.rows(f"INSERT INTO OPS.QUARANTINE SELECT 1, 0, N, '{key}', 'price jump', '2026-11-20' FROM (SELECT 0 AS N UNION ALL SELECT 1)")
    report = platform.load(topic)
    assert (report.winners, report.rejects) == (1, 0)
    assert read(platform, "SELECT TICK_ID, PARTITION_ID, OFFSET_ID FROM CURATED.TICKS") == [("t-1", 0, 2), ("t-2", 1, 0)]


def test_a_merge_notes_the_minutes_that_it_touched(platform: LoadPlatform) -> None:
    platform.empty()
    topic = next(_topics)
    partition = Partition(platform.store, topic, 0)
    partition.land([record(n) for n in (0, 1, 60)], NOON_MS)
    platform.load(topic)
    partition.land([record(61)], NOON_MS)
    platform.load(topic)
    noted = read(platform, "SELECT MINUTE(BAR_START), COUNT(*) FROM OPS.BAR_CHANGES GROUP BY BAR_START")
    assert noted == [(0, 1), (1, 2)]
    assert read(platform, "SELECT COUNT(DISTINCT C.MERGE_ID) FROM OPS.BAR_CHANGES AS C INNER JOIN OPS.LOADS AS L ON C.MERGE_ID = L.MERGE_ID") == [(2,)]


def with_fields(n: int, **fields: object) -> Value:
    """The n-th tick with fields that no tick has."""
    key, value = record(n)
    return key, json.dumps(json.loads(value or b"") | fields).encode()


def test_fields_that_nobody_announced_are_kept_where_the_contract_evolves(platform: LoadPlatform) -> None:
    platform.empty()
    topic = next(_topics)
    Partition(platform.store, topic, 0).land([record(0), with_fields(1, mood="good", depth={"bid": [1, 2.5]})], NOON_MS)
    assert platform.load(topic).winners == 2
    kept = read(platform, "SELECT TICK_ID, COALESCE(EXTRA, '-') FROM CURATED.TICKS")
    assert kept == [("t-0", "-"), ("t-1", '{"mood":"good","depth":{"bid": [1, 2.5]}}')]


def test_rows_with_fields_that_nobody_announced_are_quarantined_where_the_contract_freezes(platform: LoadPlatform) -> None:
    platform.empty()
    topic = next(_topics)
    platform.warehouse.rows("INSERT INTO OPS.CONTRACTS SELECT 'CURATED.TICKS', 'freeze'")
    try:
        odd = "[" * 200 + "]" * 200
        Partition(platform.store, topic, 0).land([record(0), with_fields(1, mood="good", depth=1), record(2), with_fields(3, **{"\0": odd})], NOON_MS)
        report = platform.load(topic)
    finally:
        platform.warehouse.rows("DELETE FROM OPS.CONTRACTS")
    assert (report.winners, report.rejects) == (2, 2)
    named = dict(read(platform, "SELECT OFFSET_ID, RULE FROM OPS.QUARANTINE"))
    assert named[1] == "unknown_field: mood, depth"
    assert named[3].startswith("unknown_field: ")


def test_an_object_of_before_there_was_a_column_loads_without_it(platform: LoadPlatform) -> None:
    platform.empty()
    topic = next(_topics)
    partition = Partition(platform.store, topic, 0)
    land(platform, partition, [record(0)], {}, without=("EXTRA",))
    partition.land([with_fields(1, mood="good")], NOON_MS)
    assert platform.load(topic).winners == 2
    assert read(platform, "SELECT TICK_ID, COALESCE(EXTRA, '-') FROM CURATED.TICKS") == [("t-0", "-"), ("t-1", '{"mood":"good"}')]


def test_what_landed_tells_the_bytes_of_a_day(platform: LoadPlatform) -> None:
    platform.empty()
    topic = next(_topics)
    assert cost.bytes_a_day(platform.warehouse) is None
    Partition(platform.store, topic, 0).land([record(0)], NOON_MS)
    platform.load(topic)
    landed = SystemClock().now() - timedelta(hours=6)
    platform.warehouse.rows("UPDATE OPS.LOADS SET SIZE_BYTES = 1000000, LANDED_AT = :landed", {"landed": landed})
    assert cost.bytes_a_day(platform.warehouse) == pytest.approx(4e6, rel=0.01)
