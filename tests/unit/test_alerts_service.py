"""The alerts service killed at any moment, its rules changed, its broker and its warehouse away."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from streaming.alerts import tables
from streaming.alerts.alerting import SAVE_S, Alerting
from streaming.alerts.clerk import Clerk
from streaming.alerts.health import Health
from streaming.alerts.hints import Hints
from streaming.alerts.metrics import Metrics
from streaming.alerts.progress import Progress
from streaming.alerts.saved import Saved
from streaming.member import SILENT_S, STALE_S
from tests.fakes.clock import ManualClock
from tests.fakes.memory_broker import MemorySource, MemoryTopic
from tests.fakes.producer import MemoryPublisher
from ticklake import tick
from ticklake.alerts import alert
from ticklake.alerts.alert import Alert
from ticklake.alerts.rule import Kind, Rule
from ticklake.changes import Subject
from ticklake.errors import BrokerUnavailable, ConfigError, Stop, WarehouseRefused, WarehouseUnavailable
from ticklake_io.records import Records
from ticklake_io.sql import Params
from ticklake_io.warehouse import Row

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1_000)
SYMBOLS = ("IBM", "SPY")


def rule(symbol: str = "IBM", version: int = 1, **more: object) -> Rule:
    usual = {"rule_id": f"r-{symbol}", "version": version, "owner": "ana", "symbol": symbol, "source": "s", "kind": Kind.CROSS_UP, "since": NOON}
    return Rule(**usual | {"level": Decimal(100)} | more)  # type: ignore[arg-type]


BOTH = rule("IBM"), rule("SPY")


class Killed(BaseException):
    """The process is gone."""


class MortalPublisher(MemoryPublisher):
    """Takes records until its process is killed."""

    def __init__(self, life: Callable[[], None]) -> None:
        super().__init__()
        self._life = life

    def publish(self, *arguments: Any, **named: Any) -> bool:
        self._life()
        taken = super().publish(*arguments, **named)
        self._life()
        return taken

    def flush(self, seconds: float) -> bool:
        self._life()
        return super().flush(seconds)


@dataclass
class World:
    """A broker's topics in memory, and lives of the service on them, one partition a symbol."""

    rules: tuple[Rule, ...] = BOTH
    topic: MemoryTopic = field(default_factory=lambda: MemoryTopic(len(SYMBOLS)))
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    steps_left: int | None = None
    new_rules: tuple[Rule, ...] | None = None

    def __post_init__(self) -> None:
        self.said, self.state = MortalPublisher(self.step), MortalPublisher(self.step)
        self.progress = Progress(self.clock.monotonic())

    def step(self) -> None:
        """One thing that the process does; it is killed when it has no step left."""
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise Killed

    def saved(self) -> Saved:
        records = self.state.records
        return Saved(self.state, lambda: Records([*range(len(records))], [0] * len(records), *map(list, zip(*records, strict=True))) if records else Records())

    def begin(self) -> Alerting:
        """A new life that goes on from what was saved."""
        self.source = MemorySource(self.topic)
        self.source.gain(range(self.topic.partitions))
        saved = self.saved()
        saved.load()
        return Alerting(self.source, saved, self.said, saved.rules() or self.rules, self.take_rules, self.clock, self.progress)

    def take_rules(self) -> tuple[Rule, ...] | None:
        new, self.new_rules = self.new_rules, None
        return new

    def tick(self, price: int, at_s: float, symbol: str = "IBM", tick_id: str = "") -> None:
        time = NOON + timedelta(seconds=at_s)
        made = tick.Tick(
            tick_id=tick_id or f"{symbol}-{at_s}",
            symbol=symbol,
            kind="trade",
            event_time=time,
            received_at=time,
            price=str(price),
            source="s",
            feed="realtime",
            sequence=0,
        )
        self.topic.append(SYMBOLS.index(symbol), tick.encode(made), symbol.encode(), NOON_MS + int(at_s * 1_000))

    def ids(self) -> list[str]:
        return [each.alert_id for each in self.alerts()]

    def alerts(self) -> list[Alert]:
        return [alert.decode(value or b"") for _, value in self.said.records]

    def run(self, alerting: Alerting, turns: int = 5) -> None:
        for _ in range(turns):
            alerting.run_once()


def test_a_crossing_is_said_once_and_the_place_behind_it_is_saved_with_it() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    world.tick(99, 1)
    world.tick(101, 2)
    world.run(alerting, 1)
    (said,) = world.alerts()
    assert (said.rule_id, said.tick_id, said.price, world.said.records[0][0]) == ("r-IBM", "IBM-2", Decimal(101), b"r-IBM")
    saved = world.saved()
    saved.load()
    place = saved.place(0)
    assert place is not None
    assert place.offset == 2


def test_nobody_had_the_partition_yet_so_old_records_are_not_read() -> None:
    world = World()
    world.tick(99, 1)
    world.tick(101, 2)
    world.run(world.begin())
    assert world.progress.records == 0


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(SYMBOLS), st.sampled_from([98, 99, 100, 101])), max_size=40),
    st.lists(st.integers(0, 25), max_size=8),
    st.integers(1, 6),
)
def test_killed_at_any_step_it_says_what_an_uninterrupted_life_says(drawn: list[tuple[str, int]], lives: list[int], batch: int) -> None:
    def world_of_ticks(world: World, alerting: Alerting, kills: Iterator[int]) -> World:
        pending = [*enumerate(drawn)]
        while pending:
            now, pending = pending[:batch], pending[batch:]
            for second, (symbol, price) in now:
                world.tick(price, second, symbol)
            while True:
                try:
                    world.run(alerting, 2)
                    break
                except Killed:
                    world.steps_left = next(kills, None)
                    alerting = world.begin()
        world.steps_left = None
        world.run(world.begin(), len(drawn) // 10 + 3)
        return world

    def begun() -> tuple[World, Alerting]:
        world = World()
        alerting = world.begin()
        world.run(alerting, 1)  # it has had its partitions
        return world, alerting

    calm = world_of_ticks(*begun(), iter(()))
    world, alerting = begun()
    kills = iter(lives)
    world.steps_left = next(kills, None)
    world_of_ticks(world, alerting, kills)
    assert set(world.ids()) == set(calm.ids())
    assert len(calm.ids()) == len(set(calm.ids()))


def test_rules_change_at_one_point_also_for_the_next_life() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    world.tick(99, 1)
    world.new_rules = (rule("IBM", version=2), rule("SPY"))
    world.run(alerting, 2)
    world.tick(101, 2)  # the new version has seen no price on the near side
    world.tick(99, 3)
    world.run(alerting, 1)
    world.run(world.begin(), 2)  # killed: what was read since is read again, by the new rules from where they began
    world.tick(101, 4)
    world.run(world.begin(), 2)
    assert [(each.version, each.tick_id) for each in world.alerts()] == [(2, "IBM-4")]
    assert world.progress.rules == 2


def test_rules_wait_until_what_the_old_ones_said_is_acknowledged() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    world.tick(99, 1)
    world.tick(101, 2)
    world.said.answering = False
    world.new_rules = ()
    world.run(alerting, 3)
    assert world.progress.rules == 2
    assert world.progress.unsaid_since is not None
    world.said.answering = True
    world.run(alerting, 1)
    assert world.progress.rules == 0
    assert world.progress.unsaid_since is None


def test_an_alert_that_cannot_be_delivered_ends_this_life_and_is_said_by_the_next() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    world.tick(99, 1)
    world.tick(101, 2)
    world.said.failing = True
    with pytest.raises(BrokerUnavailable):
        world.run(alerting, 1)
    world.said.failing = False
    world.run(world.begin(), 2)
    assert {each.tick_id for each in world.alerts()} == {"IBM-2"}


def test_the_place_is_saved_now_and_then_without_an_alert_and_at_a_stop() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    before = len(world.state.records)
    world.tick(99, 1)
    world.run(alerting, 2)
    assert len(world.state.records) == before
    world.clock.advance(SAVE_S)
    world.run(alerting, 2)
    assert len(world.state.records) == before + 1
    world.tick(99, 2)
    world.run(alerting, 1)
    assert alerting.drain(1.0)
    assert len(world.state.records) == before + 2


def test_a_partition_that_moves_goes_on_elsewhere() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    world.tick(99, 1)
    world.run(alerting, 1)
    assert alerting.drain(1.0)
    world.source.lose({0})
    world.run(alerting, 1)
    other = world.begin()
    world.tick(101, 2)
    world.run(other, 2)
    assert [each.tick_id for each in world.alerts()] == ["IBM-2"]
    world.run(alerting, 2)
    assert len(world.alerts()) == 1


def test_a_recreated_topic_is_read_from_its_first_record_and_times_go_on() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    world.tick(99, 10)
    world.run(alerting, 1)
    alerting.drain(1.0)
    world.topic = MemoryTopic(len(SYMBOLS), topic_id="two")
    world.tick(101, 5)  # late
    world.tick(100, 11)
    world.run(world.begin(), 2)
    assert [each.tick_id for each in world.alerts()] == ["IBM-11"]


def test_records_that_have_expired_are_counted() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    alerting.drain(1.0)
    for second in range(5):
        world.tick(99, second)
    world.topic.expire(0, before=3)
    world.run(world.begin(), 2)
    assert (world.progress.expired, world.progress.records) == (3, 2)


def test_what_is_no_tick_is_counted_and_left_to_the_lake() -> None:
    world = World()
    alerting = world.begin()
    world.run(alerting, 1)
    for value in (b"{}", None, b"\xff"):
        world.topic.append(0, value, b"IBM")
    world.tick(99, 1)
    world.tick(101, 2)
    world.run(alerting, 2)
    assert (world.progress.rejects, len(world.alerts())) == (3, 1)


def test_a_state_that_is_not_understood_or_too_large_says_what_to_do() -> None:
    world = World()
    world.state.records.append((b"rules", b"nonsense"))
    with pytest.raises(ConfigError, match="recreate its topic"):
        world.begin()
    world = World()
    world.saved().keep_rules((rule(note="x" * 1_100_000),))
    with pytest.raises(ConfigError, match="pause rules"):
        world.saved().settle(1.0)


def test_health_follows_what_was_achieved() -> None:
    world = World()
    health = Health(world.progress, world.clock)
    assert not health.ready().ok
    alerting = world.begin()
    world.run(alerting, 2)
    assert health.ready() == (True, "2 rules, partitions: 0, 1")
    world.progress.warehouse_error = "it does not answer"
    assert "goes by the last rules" in health.ready().says
    world.tick(99, 1)
    world.tick(101, 2)
    world.said.answering = False
    world.run(alerting, 1)
    world.clock.advance(SILENT_S + 1)
    assert not health.ready().ok
    world.clock.advance(STALE_S)
    assert not health.healthy().ok
    world.topic.answering = False
    world.run(alerting, 1)
    assert not health.healthy().ok
    assert health.report()["alerts"] == 1


def test_metrics_are_the_services_own_counts() -> None:
    world = World()
    registry = CollectorRegistry()
    registry.register(Metrics(world.progress, world.clock))
    alerting = world.begin()
    world.run(alerting, 1)
    world.tick(99, 1)
    world.tick(101, 2)
    world.tick(101, 2)
    world.run(alerting, 2)
    told = generate_latest(registry).decode()
    for line in ("said_total 1.0", 'ticks_total{became="repeated"} 1.0', "judged_total 2.0", "rules 2.0", 'lag_records{partition="0"} 0.0'):
        assert f"ticklake_alerts_{line}\n" in told


# The clerk.

ROW: Row = {
    "RULE_ID": "r-IBM",
    "VERSION": 1,
    "OWNER": "ana",
    "SYMBOL": "IBM",
    "SOURCE": "s",
    "KIND": "cross_up",
    "CHANGED_AT": NOON.replace(tzinfo=None),
    "PRICE_LEVEL": "100.00000000",
    "MOVE_PERCENT": None,
    "WINDOW_S": None,
    "ONCE": False,
    "NOTE": "",
}


class FakeWarehouse:
    """Rules that a test sets, and the alerts that were inserted; `trouble` is raised."""

    def __init__(self) -> None:
        self.rules = [ROW]
        self.lists: list[list[list[Any]]] = []
        self.trouble: Exception | None = None
        self.asked = 0

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        if params:
            self.lists.append(json.loads(str(params["list"])))
            return []
        return self.rules


@dataclass
class Office:
    """A clerk with its topic of alerts."""

    rules: tuple[Rule, ...] = ()
    hints: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.topic, self.warehouse, self.clock = MemoryTopic(), FakeWarehouse(), ManualClock(NOON)
        self.progress = Progress(self.clock.monotonic())
        self.source = MemorySource(self.topic)
        self.source.gain({0})
        self.clerk = Clerk(
            self.warehouse,  # type: ignore[arg-type]
            self.source,
            lambda: bool(self.hints and self.hints.pop(0)),
            self.rules,
            300.0,
            self.clock,
            self.progress,
        )

    def say(self, tick_id: str) -> None:
        said = alert.Alert(
            alert_id=alert.alert_id(rule(), tick_id),
            rule_id="r-IBM",
            version=1,
            owner="ana",
            symbol="IBM",
            source="s",
            kind=Kind.CROSS_UP,
            tick_id=tick_id,
            event_time=NOON,
            kafka_time=NOON,
            price=Decimal("101.5"),
            reference=Decimal(100),
        )
        self.topic.append(0, alert.encode(said), b"r-IBM")

    def run(self, turns: int = 2) -> None:
        for _ in range(turns):
            self.clerk.run_once()


def test_rules_are_read_at_the_start_on_a_hint_and_after_a_while() -> None:
    office = Office()
    assert office.clerk.first_rules() == (rule("IBM", level=Decimal("100.00000000")),)
    office.run(5)
    assert office.warehouse.asked == 1
    office.warehouse.rules = []
    office.hints = [True]
    office.run(3)
    assert office.warehouse.asked == 2
    assert office.clerk.changed_rules() == ()
    assert office.clerk.changed_rules() is None
    office.clock.advance(300)
    office.run(1)
    assert office.warehouse.asked == 3
    assert office.clerk.changed_rules() is None, "they are the same"


def test_while_the_warehouse_is_away_the_last_rules_go_on_and_alerts_wait() -> None:
    office = Office((rule("SPY"),))
    office.warehouse.trouble = WarehouseUnavailable("it sleeps")
    assert office.clerk.first_rules() == (rule("SPY"),)
    office.say("t1")
    office.run(10)
    assert office.progress.warehouse_error == "it sleeps"
    assert (office.progress.unstored, office.topic.commits) == (1, {})
    assert office.warehouse.asked < 4, "it is left alone between two questions"
    office.warehouse.trouble = None
    office.clock.advance(10)
    office.run(3)
    assert (office.progress.warehouse_error, office.progress.unstored, office.progress.stored) == ("", 0, 1)
    assert office.topic.commits[0].offset == 1
    assert office.clerk.changed_rules() is not None


def test_alerts_are_written_once_in_the_order_of_the_columns_and_nothing_without_one() -> None:
    office = Office()
    office.run(3)
    office.say("t1")
    office.say("t1")
    office.topic.append(0, b"nonsense", None)
    office.run(2)
    ((written,),) = office.warehouse.lists
    assert written[:8] == [alert.alert_id(rule(), "t1"), "r-IBM", 1, "ana", "IBM", "s", "cross_up", "t1"]
    assert written[8:] == ["2026-11-23 12:00:00.000000"] * 2 + ["101.5", "100", None, None, ""]
    assert office.topic.commits[0].offset == 3


def test_a_warehouse_that_refuses_ends_the_service() -> None:
    office = Office()
    office.warehouse.trouble = WarehouseRefused("no such table")
    office.clerk.run(threading.Event())
    with pytest.raises(WarehouseRefused):
        office.clerk.changed_rules()
    office.warehouse.trouble = KeyError("nobody foresaw it")
    office.clerk.run(threading.Event())
    with pytest.raises(Stop, match="KeyError at test_alerts_service"):
        office.clerk.changed_rules()


def test_a_rule_that_is_not_understood_is_left_out() -> None:
    warehouse = FakeWarehouse()
    warehouse.rules = [ROW | {"RULE_ID": "new", "KIND": "correlation_break"}, ROW]
    assert [each.rule_id for each in tables.read_rules(warehouse)] == ["r-IBM"]  # type: ignore[arg-type]


class Reader:
    """A topic of changes whose keys a test sets."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.away = self.closed = False

    def end_offsets(self) -> dict[int, int]:
        return {0: 7}

    def begin(self, partition: int, offset: int) -> None:
        assert (partition, offset) == (0, 7)

    def poll(self, seconds: float) -> dict[int, Records]:
        if self.away:
            raise BrokerUnavailable("away")
        keys, self.keys = self.keys, []
        return {0: Records([*range(len(keys))], [0] * len(keys), [*keys], [None] * len(keys))} if keys else {}

    def close(self) -> None:
        self.closed = True


def test_only_what_users_write_is_a_hint_and_what_may_have_been_missed_is_one() -> None:
    reader, clock = Reader(), ManualClock()
    hints = Hints(lambda: reader, clock)  # type: ignore[arg-type, return-value]
    assert hints.changed()
    assert not hints.changed()
    reader.keys = [Subject.TICKS.encode(), b"nonsense"]
    assert not hints.changed()
    reader.keys = [Subject.TICKS.encode(), Subject.APP.encode()]
    assert hints.changed()
    reader.away = True
    assert not hints.changed()
    assert reader.closed
    reader.away = False
    assert not hints.changed()
    clock.advance(60)
    assert hints.changed()
