"""What arrived late counts with its delay, what has not arrived with its present age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.memory_store import MemoryStore
from tests.fixtures import services
from ticklake.tick import Tick, encode
from ticklake_cli import latency
from ticklake_cli.facts import percentile
from ticklake_cli.latency import Arrival, measure
from ticklake_io.kafka_view import KafkaView
from ticklake_io.records import Records
from ticklake_io.shown import Reruns, Screen, Shown

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def arrival(age_s: float, to_lake_s: float | None, to_warehouse_s: float | None) -> Arrival:
    received = NOW - timedelta(seconds=age_s)
    lake, warehouse = (None if took is None else received + timedelta(seconds=took) for took in (to_lake_s, to_warehouse_s))
    return Arrival(received, lake, warehouse)


def test_what_has_not_arrived_counts_at_its_present_age() -> None:
    report = measure([*(arrival(100, 2, 20) for _ in range(98)), arrival(100, None, None), arrival(100, 2, None)], NOW, 300)
    assert report["ticks"] == 100
    assert report["to_lake"] == {"p50": 2.0, "p95": 2.0, "p99": 2.0}
    assert report["to_warehouse"] == {"p50": 20.0, "p95": 20.0, "p99": 100.0}


@pytest.mark.parametrize(
    ("age_s", "lake", "warehouse"), [(5, False, False), (7, True, False), (29, True, False), (31, True, True), (305, True, True), (307, False, True)]
)
def test_each_hop_looks_at_the_window_that_ended_one_target_ago(age_s: float, lake: bool, warehouse: bool) -> None:
    report = measure([arrival(age_s, 1, 2)], NOW, 300)
    assert (report["to_lake"] is not None, report["to_warehouse"] is not None) == (lake, warehouse)


def test_nothing_received_is_nothing_measured() -> None:
    assert measure([], NOW, 300) == {"ticks": 0, "window_s": 300, "to_lake": None, "to_warehouse": None, "to_screen": None}


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_the_smallest_value_that_covers_its_share(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def shown(*ages: tuple[int, float, int], newest_s: float = 0) -> Shown:
    """A dashboard that has shown ticks: received so many seconds ago, at that age, so many; none of the last `newest_s` seconds."""
    seconds: dict[str, list[tuple[float, int]]] = {}
    for received_s, age_s, count in ages:
        seconds.setdefault(str(int(NOW.timestamp()) - received_s), []).append((age_s, count))
    return Shown(Screen(NOW.timestamp() - 1000, NOW.timestamp() - newest_s, seconds), Reruns(0, 0, 0, 0))


def test_ages_on_screen_are_those_of_the_window_that_ended_a_moment_ago() -> None:
    seen = shown((400, 9.0, 50), (100, 0.5, 98), (90, 1.5, 2), (1, 9.0, 50))
    assert measure([], NOW, 300, seen)["to_screen"] == {"p50": 0.5, "p95": 0.5, "p99": 1.5}


def test_what_is_not_on_screen_counts_at_its_present_age() -> None:
    seen = shown((100, 0.5, 9), newest_s=50)
    assert measure([arrival(60, 1, 2), arrival(40, 1, 2)], NOW, 300, seen)["to_screen"] == {"p50": 0.5, "p95": 40.0, "p99": 40.0}


def test_without_a_dashboard_nothing_is_said_of_the_screen() -> None:
    assert measure([arrival(60, 1, 2)], NOW, 300, None)["to_screen"] is None
    assert measure([], NOW, 300, shown())["to_screen"] is None


def tick(at: datetime) -> Tick:
    return Tick(tick_id=str(at), symbol="A", kind="trade", event_time=at, received_at=at, price="1.00", source="s", feed="synthetic", sequence=0, size=1)


class SlowBroker:
    """A topic of one partition, a tick a second from 1000 s ago, of which nothing has arrived anywhere."""

    def __init__(self) -> None:
        self.read_offsets: list[int] = []

    def topic_id(self, topic: str) -> str:
        return "one"

    def starts(self, topic: str) -> dict[int, int]:
        return {0: 0}

    def ends(self, topic: str) -> dict[int, int]:
        return {0: 1000}

    def since(self, topic: str, time: datetime) -> dict[int, int]:
        return {0: 1000 - int((NOW - time).total_seconds())}

    def read(self, topic: str, offsets: Mapping[int, tuple[int, int]]) -> dict[int, Records]:
        (span,) = offsets.values()
        wanted = list(range(*span))
        self.read_offsets += wanted
        values = [encode(tick(NOW - timedelta(seconds=1000 - offset))) for offset in wanted]
        return {0: Records(wanted, [0] * len(wanted), [b"A"] * len(wanted), list(values))}


def waiting(broker: SlowBroker, window_s: int, store: MemoryStore | None = None) -> Iterator[Arrival]:
    return latency._waiting(cast("KafkaView", broker), store or MemoryStore(), services.settings(), {}, NOW - timedelta(seconds=window_s))


def test_what_the_broker_took_before_the_window_is_left_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "_CHUNK", 30)
    broker = SlowBroker()
    arrivals = list(waiting(broker, 100))
    assert broker.read_offsets == list(range(900, 1000))
    assert [(NOW - each.received_at).total_seconds() for each in arrivals] == list(range(100, 0, -1))


def test_a_foreign_object_holds_no_ticks() -> None:
    store = MemoryStore()
    store.create("raw/market.ticks/g1/p0/manual-copy.parquet", b"", {})
    assert len(list(waiting(SlowBroker(), 100, store))) == 100


def test_a_backlog_is_read_in_parts_as_far_as_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "_CHUNK", 30)
    broker = SlowBroker()
    assert len(list(islice(waiting(broker, 1000), 40))) == 40
    assert len(broker.read_offsets) == 60
