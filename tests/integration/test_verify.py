"""Verify says that all is well when it is, and names the object or the tick when it is not. On a real store and a real local warehouse."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.load_platform import LoadPlatform, Partition, Value, load_platform
from tests.fixtures.services import settings
from ticklake import lake
from ticklake.clock import SystemClock
from ticklake.freshness import Reading
from ticklake.reconcile import Verdict
from ticklake.tick import Tick, encode
from ticklake_cli import facts, latency, verify
from ticklake_io import readings

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATIENCE = timedelta(minutes=2)
POISON: Value = (b"A", b"{")
_topics = (f"ticks-{n}" for n in itertools.count())


def record(n: int) -> Value:
    """The n-th tick, received n seconds after noon."""
    at = NOON + timedelta(seconds=n)
    return b"A", encode(
        Tick(tick_id=f"t-{n}", symbol="A", kind="trade", event_time=at, received_at=at, price="1.5", source="replay", feed="replay", sequence=0)
    )


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("verify")) as ready:
        yield ready


@dataclass
class World:
    """A topic of two partitions whose objects landed at noon, one and two o'clock; repeated ticks and poison among them."""

    platform: LoadPlatform
    topic: str = field(default_factory=lambda: next(_topics))
    keys: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.platform.empty()
        self.partitions = [Partition(self.platform.store, self.topic, number) for number in range(2)]
        self.land(0, [record(0), record(1), POISON], 0)
        self.land(0, [record(2), record(1), record(3)], 1)
        self.land(1, [record(4), record(0)], 0)
        self.land(1, [record(5), record(6), record(7)], 2)

    def land(self, partition: int, values: list[Value], hour: int) -> str:
        key, _ = self.partitions[partition].land(values, lake.to_ms(NOON + hour * HOUR))
        self.keys.append(key)
        return key

    def run(self, sql: str) -> None:
        self.platform.warehouse.rows(sql)

    def verify(self, since: datetime = facts.BEGINNING, late: timedelta = timedelta(0), *, deep: bool = False) -> Verdict:
        tables = facts.tables(self.platform.warehouse, since)
        committed = {lake.Partition(1, number): partition.end for number, partition in enumerate(self.partitions)}
        return verify.judge(self.platform.store, self.topic, committed, tables, since, SystemClock().now() + late, PATIENCE, deep=deep)


@pytest.fixture
def landed(platform: LoadPlatform) -> World:
    return World(platform)


@pytest.fixture
def world(landed: World) -> World:
    landed.platform.load(landed.topic)
    return landed


def test_all_is_well(world: World) -> None:
    counts = {"kafka": 11, "lake": 11, "ledger": 11, "raw": 11, "curated": 8, "duplicates": 2, "quarantined": 1, "rejected": 1}
    assert world.verify(late=10 * HOUR, deep=True) == Verdict(ok=True, pending=0, mismatches=[], **counts)


def test_what_is_not_loaded_is_pending_and_only_late_a_mismatch(world: World) -> None:
    key = world.land(0, [record(8), record(9)], 2)
    fresh = world.verify()
    assert (fresh.ok, fresh.pending, fresh.kafka, fresh.lake, fresh.raw) == (True, 2, 13, 13, 11)
    (late,) = world.verify(late=HOUR).mismatches
    assert late.startswith(f"{key}: in the lake but not loaded for 3")


def test_what_is_copied_and_not_merged_is_pending_and_only_late_a_mismatch(landed: World) -> None:
    landed.platform.load(landed.topic)
    landed.run(f"UPDATE OPS.LOADS SET STATE = 'COPIED', MERGED_AT = NULL WHERE OBJECT_KEY = '{landed.keys[3]}'")
    landed.run("DELETE FROM CURATED.TICKS WHERE TICK_ID IN ('t-5', 't-6', 't-7')")
    fresh = landed.verify()
    assert (fresh.mismatches, fresh.pending, fresh.curated) == ([], 3, 5)
    (late,) = landed.verify(late=HOUR).mismatches
    assert late.startswith(f"{landed.keys[3]}: copied but not merged")


DAMAGE = {
    "a tick is lost": (["DELETE FROM CURATED.TICKS WHERE TICK_ID = 't-3'"], ["tick t-3 of {1}, offset 5, is not in CURATED.TICKS"]),
    "a tick is there twice": (
        ["INSERT INTO CURATED.TICKS SELECT * FROM CURATED.TICKS WHERE TICK_ID = 't-3'"],
        ["tick t-3 is in CURATED.TICKS 2 times"],
    ),
    "one is lost, another doubled": (
        ["DELETE FROM CURATED.TICKS WHERE TICK_ID = 't-3'", "INSERT INTO CURATED.TICKS SELECT * FROM CURATED.TICKS WHERE TICK_ID = 't-5'"],
        ["tick t-3 of {1}, offset 5, is not in CURATED.TICKS", "tick t-5 is in CURATED.TICKS 2 times"],
    ),
    "a tick that never came": (
        ["UPDATE CURATED.TICKS SET TICK_ID = 't-99' WHERE TICK_ID = 't-3'"],
        [
            "tick t-3 of {1}, offset 5, is not in CURATED.TICKS",
            "tick t-99 is in CURATED.TICKS with partition 0, offset 5, but no merged row of RAW.TICKS has it",
        ],
    ),
    "the wrong row won": (
        ["UPDATE CURATED.TICKS SET OFFSET_ID = 4 WHERE TICK_ID = 't-1'"],
        ["tick t-1 of {0}, offset 1, has won in CURATED.TICKS with offset 4"],
    ),
    "a raw row is lost": (
        ["DELETE FROM RAW.TICKS WHERE PARTITION_ID = 1 AND OFFSET_ID = 3"],
        [
            "{3}: 3 records, but 2 rows with 2 offsets in RAW.TICKS",
            "tick t-6 is in CURATED.TICKS with partition 1, offset 3, but no merged row of RAW.TICKS has it",
        ],
    ),
    "a raw row is there twice": (
        ["INSERT INTO RAW.TICKS SELECT * FROM RAW.TICKS WHERE PARTITION_ID = 1 AND OFFSET_ID = 3"],
        ["{3}: 3 records, but 4 rows with 3 offsets in RAW.TICKS"],
    ),
    "a raw row is lost, another doubled": (
        [
            "INSERT INTO RAW.TICKS SELECT * FROM RAW.TICKS WHERE PARTITION_ID = 1 AND OFFSET_ID = 3",
            "DELETE FROM RAW.TICKS WHERE PARTITION_ID = 1 AND OFFSET_ID = 4",
        ],
        [
            "{3}: 3 records, but 3 rows with 2 offsets in RAW.TICKS",
            "tick t-7 is in CURATED.TICKS with partition 1, offset 4, but no merged row of RAW.TICKS has it",
        ],
    ),
    "a raw row has moved": (
        ["UPDATE RAW.TICKS SET OFFSET_ID = 9 WHERE PARTITION_ID = 1 AND OFFSET_ID = 4"],
        ["{3}: RAW.TICKS holds offsets 2 to 9, not 2 to 4", "tick t-7 of {3}, offset 9, has won in CURATED.TICKS with offset 4"],
    ),
    "a rejected row is lost": (
        ["DELETE FROM RAW.TICKS WHERE REJECT_REASON IS NOT NULL"],
        ["{0}: 3 records, but 2 rows with 2 offsets in RAW.TICKS", "{0}: 1 rejects, but 0 rejected rows in RAW.TICKS"],
    ),
    "the ledger forgot an object": (
        ["DELETE FROM OPS.LOADS WHERE OBJECT_KEY = '{3}'"],
        [
            "{3}: 3 rows in RAW.TICKS, but the ledger does not know the object",
            "{3}: in the lake but not loaded for *",
            *(f"tick t-{n} is in CURATED.TICKS with partition 1, offset {n - 3}, but no merged row of RAW.TICKS has it" for n in (5, 6, 7)),
        ],
    ),
    "the ledger counts wrong": (
        ["UPDATE OPS.LOADS SET RECORDS = 2 WHERE OBJECT_KEY = '{3}'"],
        ["{3}: 2 records in the ledger do not fill offsets 2 to 4", "{3}: 2 records, but 3 rows with 3 offsets in RAW.TICKS"],
    ),
    "the ledger has another etag": (["UPDATE OPS.LOADS SET ETAG = 'x' WHERE OBJECT_KEY = '{3}'"], ["{3}: was replaced after it was loaded (etag *"]),
    "quarantine is lost": (["DELETE FROM OPS.QUARANTINE"], ["{0}: offset 2 was rejected, but is not in OPS.QUARANTINE"]),
}


def like(text: str, pattern: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_in_the_warehouse_is_named(world: World, damage: str) -> None:
    statements, mismatches = DAMAGE[damage]
    for sql in statements:
        world.run(sql.format(*world.keys))
    verdict = world.verify(late=HOUR)
    assert not verdict.ok
    expected = sorted(each.format(*world.keys) for each in mismatches)
    assert len(verdict.mismatches) == len(expected), verdict.mismatches
    assert all(map(like, sorted(verdict.mismatches), expected)), verdict.mismatches


def remove(world: World, key: str) -> None:
    world.platform.store._client.delete_object(Bucket="ticklake", Key=key)  # type: ignore[attr-defined]


def test_an_object_that_is_gone_is_named(world: World) -> None:
    remove(world, world.keys[0])
    assert world.verify().mismatches == [f"{world.keys[0]}: in the ledger, but not in the lake"]


def test_an_object_that_is_gone_before_it_was_loaded_is_named(landed: World) -> None:
    remove(landed, landed.keys[3])
    assert landed.verify().mismatches == ["g1/p1: offset 5 is committed, but the lake ends at 2"]


def test_an_object_that_was_replaced_is_named(world: World) -> None:
    found = world.platform.store.head(world.keys[3])
    assert found
    remove(world, world.keys[3])
    assert world.platform.store.create(world.keys[3], b"other", found.headers)
    replaced, unlike = world.verify(deep=True).mismatches
    assert replaced.startswith(f"{world.keys[3]}: was replaced after it was loaded")
    assert unlike == f"{world.keys[3]}: its bytes are not those that its metadata was made of"


def test_an_object_without_metadata_is_named(world: World) -> None:
    world.platform.store.write(world.keys[3], b"other")
    assert f"{world.keys[3]}: its metadata is malformed: a int is missing" in world.verify().mismatches


def test_only_a_deep_look_sees_that_bytes_are_not_what_they_were(landed: World) -> None:
    key, _ = landed.partitions[0].land([record(8), record(9)], lake.to_ms(NOON), lies={"sha256": "0" * 64})
    landed.platform.load(landed.topic)
    assert landed.verify().ok
    assert landed.verify(deep=True).mismatches == [f"{key}: its bytes are not those that its metadata was made of"]


def test_since_looks_at_objects_of_that_hour_and_later_only(world: World) -> None:
    world.run("DELETE FROM RAW.TICKS WHERE PARTITION_ID = 0 AND OFFSET_ID = 0")
    verdict = world.verify(since=NOON + HOUR, late=10 * HOUR)
    assert (verdict.mismatches, verdict.lake, verdict.ledger, verdict.raw, verdict.kafka) == ([], 6, 6, 6, 6)
    world.run("DELETE FROM RAW.TICKS WHERE PARTITION_ID = 1 AND OFFSET_ID = 3")
    assert world.verify(since=NOON + HOUR).mismatches == [f"{world.keys[3]}: 3 records, but 2 rows with 2 offsets in RAW.TICKS"]


def test_a_lost_tick_of_the_hours_looked_at_is_named(world: World) -> None:
    world.run("DELETE FROM CURATED.TICKS WHERE TICK_ID = 't-6'")
    assert world.verify(since=NOON + HOUR).mismatches == [f"tick t-6 of {world.keys[3]}, offset 3, is not in CURATED.TICKS"]
    assert world.verify(since=NOON + 3 * HOUR).mismatches == []


def test_what_is_not_merged_counts_at_its_present_age(world: World) -> None:
    begin, now = NOON - HOUR, NOON + timedelta(seconds=100)
    world.run("UPDATE OPS.LOADS SET LANDED_AT = '2026-11-20 12:00:20', MERGED_AT = '2026-11-20 12:00:30'")
    world.run(f"UPDATE OPS.LOADS SET STATE = 'COPIED', MERGED_AT = NULL WHERE OBJECT_KEY = '{world.keys[3]}'")
    arrivals = sorted(latency._loaded(world.platform.warehouse, begin, now), key=lambda each: each.received_at)
    assert [(each.received_at - NOON).seconds for each in arrivals] == [0, 0, 1, 1, 2, 3, 4, 5, 6, 7]
    report = latency.measure(arrivals, now, 3600)
    assert (report["ticks"], report["to_lake"]) == (10, {"p50": 17.0, "p95": 20.0, "p99": 20.0})
    assert report["to_warehouse"] == {"p50": 29.0, "p95": 95.0, "p99": 95.0}


def newest(world: World, now: datetime) -> Reading:
    rows = world.platform.warehouse.rows(readings._STATEMENTS["progress"])
    return readings.read_warehouse(settings(), world.platform.store, rows, readings.Stream(generation=1), now)


def test_a_warehouse_without_a_tick_has_no_newest_one(world: World) -> None:
    now = NOON + timedelta(seconds=10)
    assert newest(world, now) == Reading(3.0, 0.0)
    world.run("DELETE FROM CURATED.LATEST")
    assert newest(world, now) == Reading(None, 0.0)
