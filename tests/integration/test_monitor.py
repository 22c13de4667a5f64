"""The monitor against a real store and the real warehouse, which is stopped and started under it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.channel import MemoryChannel
from tests.fakes.clock import ManualClock
from tests.fixtures.load_platform import LoadPlatform, Partition, load_platform
from tests.fixtures.services import settings
from tests.fixtures.warehouse import free_instance, warehouse
from tests.integration.test_load_exactly_once import record
from ticklake.errors import BrokerUnavailable, TicklakeError
from ticklake.freshness import Reading
from ticklake.lake import Partition as Place
from ticklake.measurement import Measurement
from ticklake.thresholds import Watch
from ticklake_airflow.monitoring import memory
from ticklake_airflow.monitoring.ledger import Ledger
from ticklake_airflow.monitoring.memory import Memory
from ticklake_airflow.monitoring.monitor import Monitor, Report
from ticklake_airflow.query_tag import query_tag
from ticklake_airflow.restoring import shelves
from ticklake_io import metrics_table
from ticklake_io.metered import MeteredWarehouse
from ticklake_io.migrations import migrate
from ticklake_io.producing import Producing, SourceLine
from ticklake_io.readings import Look
from ticklake_io.shown import Reruns, Screen, Shown
from ticklake_io.sql import Statements
from ticklake_io.warehouse import SnowflakeWarehouse, open_warehouse

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STATEMENTS = Statements(Path(__file__).parents[2] / "dags" / "sql" / "monitor_pipeline")
FRESH = {"event": Reading(1.0, 0.0), "lake": Reading(3.0, 0.0), "warehouse": Reading(9.0, 0.0)}
UNKNOWN = Reading(None, None)
TOPIC = "market.ticks"


@dataclass
class World:
    """A platform whose time, hops and people are the test's."""

    platform: LoadPlatform
    clock: ManualClock
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    look: Look = field(default_factory=lambda: Look(FRESH, {TOPIC: 7}, None, {Place(1, 0): (0, None)}))
    producing: Producing = field(default_factory=Producing)
    shown: Shown | None = None
    more: dict[str, object] = field(default_factory=dict)

    def run(self, other: SnowflakeWarehouse | None = None, minutes: float = 5) -> Report:
        """A run of the monitor, some minutes after the one before."""
        self.clock.advance(minutes * 60)
        session = other or self.platform.warehouse

        def look(_: datetime) -> Look:
            try:
                session.rows("SELECT 1")
            except TicklakeError as error:
                return replace(self.look, readings=FRESH | {"warehouse": UNKNOWN}, fault=error)
            return self.look

        return Monitor(
            settings=settings(alarm_after=2, **self.more),
            store=self.platform.store,
            warehouse=session,
            channels=[self.channel],
            clock=self.clock,
            statements=STATEMENTS,
            look=look,
            producing=lambda: self.producing,
            shown=lambda: self.shown,
            expected=lambda _: True,
        ).run()

    def loads(self, *ways: tuple[float, float, float, float]) -> None:
        """Ledger rows: first and last append, landing, merge (below 0: not yet), in seconds after noon."""
        rows = []
        for number, way in enumerate(ways):
            first, last, landed, merged = (
                f"'{NOON + timedelta(seconds=each):%Y-%m-%d %H:%M:%S.%f}'::TIMESTAMP_NTZ(6)" if each >= 0 else "NULL" for each in way
            )
            state = "COPIED" if way[3] < 0 else "MERGED"
            rows.append(
                f"('k{number}', 1, 0, {number}, {number}, {number}, 1, 0, {first}, {last}, 1, '', '', '', 1, {landed}, 1, '{state}', 'r', {landed}, {merged})"
            )
        self.platform.warehouse.rows(
            f"""INSERT INTO OPS.LOADS (OBJECT_KEY, GENERATION, PARTITION_ID, FIRST_OFFSET, LAST_OFFSET, CHAIN_FROM, RECORDS, REJECTS,
            FIRST_KAFKA_TIME, LAST_KAFKA_TIME, SCHEMA_VERSION, SHA256, WRITER_ID, ETAG, SIZE_BYTES, LANDED_AT, ROWS_LOADED, STATE, RUN_ID,
            COPIED_AT, MERGED_AT) VALUES {", ".join(rows)}"""
        )

    def metrics(self) -> dict[str, float]:
        """The newest value of each metric, its labels' values behind its name."""
        rows = self.platform.warehouse.rows("SELECT NAME, LABELS, VALUE FROM OPS.METRICS ORDER BY MEASURED_AT")
        return {" ".join([row["NAME"], *json.loads(row["LABELS"]).values()]): row["VALUE"] for row in rows}

    def minutes(self) -> dict[str, float]:
        """The verdict on each minute."""
        rows = self.platform.warehouse.rows("SELECT MEASURED_AT, VALUE FROM OPS.METRICS WHERE NAME = 'minute_available' ORDER BY MEASURED_AT")
        return {f"{row['MEASURED_AT']:%H:%M}": row["VALUE"] for row in rows}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("monitor")) as ready:
        yield ready


@pytest.fixture
def world(platform: LoadPlatform) -> World:
    platform.empty()
    for table in ("OPS.METRICS", "OPS.ALARMS"):
        platform.warehouse.rows(f"DELETE FROM {table}")
    platform.store.write("state/alarms.json", b"")
    return World(platform, ManualClock(NOON))


def steady(minutes: int, begin: int = 0) -> list[tuple[float, float, float, float]]:
    """Objects of five seconds that land a second after, and are merged ten seconds later."""
    return [(at, at + 4.5, at + 6, at + 16) for at in range(begin * 60, (begin + minutes) * 60, 5)]


def test_what_is_measured_is_kept(world: World) -> None:
    world.loads(*steady(10))
    world.producing = Producing((SourceLine("alphavantage", "ok", 5, True, 12, {}, ""),))
    second = int(NOON.timestamp()) + 400
    ages = {str(second - 200): [(9.0, 50)], str(second): [(0.5, 90), (1.5, 8), (4.0, 2)], str(second + 199): [(8.0, 50)]}  # the first is of the run before
    world.shown = Shown(Screen(0, 0, ages), Reruns(9, 0.01, 0.25, 0.5))
    report = world.run(minutes=10)
    assert (report.changed, report.raised, report.unmeasured) == ([], [], None)
    found = world.metrics()
    assert found["lag_records market.ticks"] == 7
    assert found["hop_waiting_s warehouse"] == 0
    assert (found["copy_success_percent"], found["objects_waiting"]) == (100, 0)
    assert (found["load_p50_s"], found["load_p95_s"]) == (10, 10)
    assert found["calls_left alphavantage"] == 12
    assert found["dashboard_rerun_p95_s"] == 0.25
    assert [found[f"to_screen_p{share}_s"] for share in (50, 95, 99)] == [0.5, 1.5, 4.0]
    assert found["component_up broker"] == found["component_up store"] == found["component_up warehouse"] == 1
    assert found["availability_percent 1d"] == 100
    assert world.minutes() == dict.fromkeys(("12:03", "12:04", "12:05", "12:06", "12:07"), 1.0)


def test_minutes_of_an_outage_are_bad_also_when_it_is_seen_afterwards(world: World) -> None:
    world.loads(*steady(4))
    world.run(minutes=5)
    world.look = replace(world.look, fault=BrokerUnavailable("no broker"))
    assert world.run().unmeasured == "no broker"
    world.look = replace(world.look, fault=None)
    # Nothing came from 12:04 to 12:07, and what came then was merged at 12:10:06, three minutes after it had landed.
    world.loads((420, 424, 426, 606), *steady(7, 7))
    world.run()
    bad = {"12:04", "12:05", "12:06", "12:08", "12:09", "12:10"}
    assert world.minutes() == {minute: float(minute not in bad) for minute in ("11:58", "11:59", *(f"12:{n:02d}" for n in range(13)))}


def test_minutes_that_nobody_watched_are_unknown(world: World) -> None:
    world.loads(*steady(10), *steady(10, 60))
    world.run(minutes=8)
    world.run(minutes=60)
    assert len(world.minutes()) == 10
    found = world.metrics()
    assert found["unknown_minutes 1d"] == 55


def test_a_minute_that_was_written_twice_counts_once_and_with_its_worse_verdict(world: World) -> None:
    metrics_table.write(
        world.platform.warehouse,
        [
            Measurement("minute_available", value, "", at=NOON + timedelta(minutes=minute))
            for minute, value in ((0, 1.0), (1, 1.0), (2, 1.0), (3, 0.0), (3, 0.0), (3, 1.0))
        ],
        NOON,
    )
    ledger = Ledger(world.platform.warehouse, STATEMENTS, NOON + timedelta(minutes=4))
    found = {each.name: each.value for each in ledger.availability(NOON + timedelta(minutes=4))}
    assert found == {"availability_percent": 75, "availability_month_percent": 75, "unknown_minutes": 0}


def test_an_alarm_that_nothing_measures_any_longer_is_over_in_the_table_too(world: World) -> None:
    memory.write(world.platform.store, Memory(watches={"of_an_older_release": Watch(3, NOON)}))
    assert world.run().changed == ["of_an_older_release cleared"]
    (row,) = world.platform.warehouse.rows("SELECT STATE, SINCE, VALUE, THRESHOLD, DETAIL FROM OPS.ALARMS")
    assert row == {"STATE": "cleared", "SINCE": NOON.replace(tzinfo=None), "VALUE": None, "THRESHOLD": None, "DETAIL": "no longer measured"}


def test_a_backup_that_is_late_raises_an_alarm_until_there_is_a_newer_one(world: World) -> None:
    world.run()
    assert world.metrics()["backup_age_h"] == 0, "nothing to keep yet"
    world.loads(*steady(1))
    assert world.run(minutes=30 * 60).changed == []
    assert world.run().changed == ["backup_late raised"]
    place = shelves.folder(shelves.DAILY, world.clock.now())
    for name, found in (("APP.ALERTS.parquet", []), (shelves.MANIFEST, ["backup_late cleared"])):
        world.platform.store.create(f"{place}/{name}", b"", {})
        assert world.run().changed == found, "without a manifest it is none"
    assert world.metrics()["backup_age_h"] == 0.17


def test_objects_that_are_not_loaded_count_against_the_success(world: World) -> None:
    world.clock = ManualClock(datetime.now(UTC) + timedelta(minutes=10))
    world.more = {"ticks_topic": "ticks.waiting"}
    partition = Partition(world.platform.store, "ticks.waiting", 0)
    for event in range(4):
        partition.land([record(event)], int(world.clock.now().timestamp() * 1000) - event)
    world.platform.load("ticks.waiting")
    partition.land([record(5)], int(world.clock.now().timestamp() * 1000))
    world.look = replace(world.look, loaded_to={Place(1, 0): (4, None)})
    world.run()
    assert (world.metrics()["objects_waiting"], world.metrics()["copy_success_percent"]) == (1, 80)


# The connector cancels what timed out in a thread of its own, which finds nobody either.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_warehouse_that_is_away_for_a_while_raises_and_clears_one_alarm(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = free_instance(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(instance.trust_file))
    with warehouse(instance) as local:
        session = open_warehouse(local.arguments(login_timeout=2, network_timeout=2), "test")
        migrate(session, world.clock, "ticklake")
        assert world.run(session).changed == []
    reports = [world.run(session) for _ in range(3)]
    assert [report.changed for report in reports] == [["component_down raised"], [], []]
    assert all("warehouse" in str(report.unmeasured) for report in reports)
    with warehouse(instance):
        assert world.run(session).changed == ["component_down cleared"]
        assert world.run(session).changed == []
        (row,) = session.rows("SELECT NAME, STATE, SINCE, CHANGED_AT FROM OPS.ALARMS")
        session.close()
    assert world.channel.told() == [("component_down", "raised"), ("component_down", "cleared")]
    assert (row["NAME"], row["STATE"], row["CHANGED_AT"] - row["SINCE"]) == ("component_down", "cleared", timedelta(minutes=15))


def test_an_alarm_stands_in_the_table_while_it_is_raised(world: World) -> None:
    world.look = replace(world.look, lag={TOPIC: 200_000})
    assert world.run().changed == []
    assert world.run().changed == ["lag raised"]
    (row,) = world.platform.warehouse.rows("SELECT STATE, VALUE, THRESHOLD, DETAIL FROM OPS.ALARMS")
    assert row == {"STATE": "raised", "VALUE": 200_000, "THRESHOLD": 100_000, "DETAIL": "lag_records (topic market.ticks) is 200000 records, limit 100000"}


def test_who_was_out_of_order_is_told_later(world: World) -> None:
    world.channel.works = False
    world.look = replace(world.look, lag={TOPIC: 200_000})
    world.run()
    world.run()
    world.look = replace(world.look, lag={TOPIC: 0})
    world.run()
    assert world.channel.taken == []
    world.channel.works = True
    world.run()
    world.run()
    assert world.channel.told() == [("lag", "raised"), ("lag", "cleared")]


def test_old_metrics_are_removed(world: World) -> None:
    world.run()
    world.run(minutes=31 * 24 * 60)
    oldest = world.platform.warehouse.rows("SELECT MIN(MEASURED_AT) AS OLDEST FROM OPS.METRICS")[0]["OLDEST"]
    assert oldest > world.clock.now().replace(tzinfo=None) - timedelta(days=1)


def test_a_session_leaves_its_account(world: World) -> None:
    session = MeteredWarehouse(world.platform.session(), world.clock, query_tag("load_ticks", "r", "load"))
    session.close()
    assert world.metrics() == {}
    with session.transaction():
        session.rows("-- why\nSELECT\n    1")
        world.clock.advance(2)
    session.close()
    assert world.metrics()["warehouse_seconds load_ticks.load"] == 0
    world.run(minutes=1)
    assert world.metrics()["warehouse_credits_day"] == round(60 / 3600, 4)
