"""The monitor while a keeper refuses it: what it cannot know it does not call well."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.channel import MemoryChannel
from tests.fakes.clock import ManualClock
from tests.fakes.memory_store import MemoryStore
from tests.fixtures.services import settings
from ticklake import lake
from ticklake.errors import BrokerRefused, BrokerUnavailable, ConfigError, StoreUnavailable, TicklakeError, WarehouseRefused, WarehouseUnavailable
from ticklake.lake import Partition
from ticklake.thresholds import Watch
from ticklake_airflow.monitoring import memory, probes
from ticklake_airflow.monitoring.memory import Memory
from ticklake_airflow.monitoring.monitor import Monitor, Report
from ticklake_io.producing import Producing, SourceLine
from ticklake_io.readings import Look
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Row, SnowflakeWarehouse

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STATEMENTS = Statements(Path(__file__).parents[2] / "dags" / "sql" / "monitor_pipeline")


class Refusing(SnowflakeWarehouse):
    """Understands, and refuses."""

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        raise WarehouseRefused("the warehouse is suspended by its resource monitor")


@dataclass
class World:
    """A monitor without a warehouse, whose look the test decides."""

    store: MemoryStore = field(default_factory=MemoryStore)
    channel: MemoryChannel = field(default_factory=MemoryChannel)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    lag: int = 0
    producing: Producing = field(default_factory=Producing)

    def run(self, fault: TicklakeError | None, **more: object) -> Report:
        """A run five minutes after the one before."""
        self.clock.advance(300)
        return Monitor(
            settings=settings(alarm_after=1, **more),
            store=self.store,
            warehouse=Refusing(pytest.fail),
            channels=[self.channel],
            clock=self.clock,
            statements=STATEMENTS,
            look=lambda _: Look({}, {"market.ticks": self.lag}, fault),
            producing=lambda: self.producing,
            shown=lambda: None,
            expected=lambda _: True,
        ).run()


def up(fault: TicklakeError | None) -> dict[str, float]:
    return {each.labels["component"]: each.value for each in probes.components(fault)}


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (None, {"broker": 1, "store": 1, "warehouse": 1}),
        (BrokerUnavailable("away"), {"broker": 0}),
        (BrokerRefused("no rights"), {"broker": 0}),
        (StoreUnavailable("away"), {"broker": 1, "store": 0}),
        (WarehouseUnavailable("away"), {"broker": 1, "store": 1, "warehouse": 0}),
        (WarehouseRefused("suspended"), {"broker": 1, "store": 1, "warehouse": 0}),
        (ConfigError("ticklake.yaml is wrong"), {}),
    ],
)
def test_who_refuses_is_down_and_what_was_not_asked_is_unknown(fault: TicklakeError | None, found: dict[str, float]) -> None:
    assert up(fault) == found


@pytest.mark.parametrize("refused", [BrokerRefused("no rights"), WarehouseRefused("suspended")])
def test_a_refusal_raises_an_alarm_and_does_not_clear_it(refused: TicklakeError) -> None:
    world = World()
    assert [world.run(fault).raised for fault in (WarehouseUnavailable("away"), refused, refused)] == [["component_down"]] * 3
    assert world.channel.told() == [("component_down", "raised")]


def test_a_refusal_of_the_first_question_of_the_ledger_is_the_warehouse_s() -> None:
    report = World().run(None)
    assert (report.changed, report.unmeasured) == (["component_down raised"], "the warehouse is suspended by its resource monitor")


def test_a_fault_of_nobody_s_keeping_is_raised_after_what_is_known_is_kept_and_told() -> None:
    world = World()
    world.run(BrokerUnavailable("away"))
    world.lag = 200_000
    with pytest.raises(ConfigError, match="wrong"):
        world.run(ConfigError("ticklake.yaml is wrong"))
    kept = memory.read(world.store)
    assert {name for name, watch in kept.watches.items() if watch.since} == {"component_down", "lag"}
    assert world.channel.told() == [("component_down", "raised"), ("lag", "raised")]


def test_a_foreign_object_does_not_wait() -> None:
    store, partition = MemoryStore(), Partition(1, 0)
    for key in (lake.object_key("market.ticks", partition, 5, 0), f"{lake.partition_prefix('market.ticks', partition)}manual-copy.parquet"):
        store.create(key, b"", {})
    assert probes.waiting(store, "market.ticks", {partition: (0, None)}, datetime.max.replace(tzinfo=UTC)) == 1


def source(calls_left: int | None) -> Producing:
    return Producing((SourceLine("alphavantage", "ok", 5, True, calls_left, {}, ""),))


def test_an_alarm_of_what_was_taken_away_is_over() -> None:
    world = World(producing=source(0))
    memory.write(world.store, Memory(watches={"dashboard_slow": Watch(3, NOON), "of_an_older_release": Watch(3, NOON), "quiet": Watch()}))
    first = world.run(BrokerUnavailable("away"))
    assert set(first.changed) == {"dashboard_slow cleared", "of_an_older_release cleared", "component_down raised", "calls_left raised"}
    assert {each.title for each in world.channel.taken if each.state == "cleared"} == {
        "dashboard_slow: no longer measured",
        "of_an_older_release: no longer measured",
    }
    world.producing = Producing()
    assert world.run(BrokerUnavailable("away")).changed == [], "a producer that does not answer says nothing of its sources"
    world.producing = source(None)
    assert world.run(BrokerUnavailable("away")).changed == ["calls_left cleared"]


def test_a_dashboard_that_does_not_answer_is_measured() -> None:
    world = World()
    assert "dashboard_slow raised" in world.run(None, dashboard_url="http://127.0.0.1:1").changed
    assert world.run(None).changed == ["dashboard_slow cleared"]
