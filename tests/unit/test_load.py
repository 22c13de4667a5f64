"""Finding and planning: what is new, in which order, and where a partition stops."""

from __future__ import annotations

import pytest

from tests.fakes.memory_store import MemoryStore
from tests.fixtures.load_platform import Committed, Partition, Value
from ticklake import lake
from ticklake_airflow.loading.cursor import KEY, Cursor
from ticklake_airflow.loading.discover import Discovery
from ticklake_airflow.loading.model import Position
from ticklake_airflow.loading.plan import plan

TOPIC = "market.ticks"
NOON_MS = 1_795_435_200_000
HOUR_MS = 3_600_000
ROW: list[Value] = [(b"A", b"{}")]
P0, P1 = lake.Partition(1, 0), lake.Partition(1, 1)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def partition(store: MemoryStore) -> Partition:
    return Partition(store, TOPIC, 0)


def discovery(store: MemoryStore, committed: dict[int, int] | None = None, most_objects: int = 1_000) -> Discovery:
    return Discovery(store, TOPIC, Committed(committed or {}), most_objects)


def test_without_positions_everything_is_found_in_chain_order(store: MemoryStore, partition: Partition) -> None:
    keys = [partition.land(ROW, NOON_MS - hour * HOUR_MS)[0] for hour in range(3)]
    Partition(store, TOPIC, 1).land(ROW, NOON_MS)
    found = discovery(store).find({})
    assert [each.key for each in found.objects[P0]] == keys
    assert set(found.objects) == {P0, P1}
    assert (found.stopped, found.more) == ({}, False)


def test_only_what_is_behind_the_position_is_found(store: MemoryStore, partition: Partition) -> None:
    known = partition.land(ROW * 2, NOON_MS)[0]
    new = partition.land(ROW, NOON_MS)[0]
    assert [each.key for each in discovery(store).find({P0: Position(known, 2)}).objects[P0]] == [new]
    assert not any(discovery(store).find({P0: Position(new, 3)}).objects.values())


def test_an_hour_that_ran_backwards_is_found_when_the_chain_breaks(store: MemoryStore, partition: Partition) -> None:
    known = partition.land(ROW, NOON_MS)[0]
    earlier = partition.land(ROW, NOON_MS - HOUR_MS)[0]
    later = partition.land(ROW, NOON_MS + HOUR_MS)[0]
    assert [each.key for each in discovery(store).find({P0: Position(known, 1)}).objects[P0]] == [earlier, later]


def test_an_hour_that_ran_backwards_is_found_by_the_committed_offsets(store: MemoryStore, partition: Partition) -> None:
    known = partition.land(ROW, NOON_MS)[0]
    earlier = partition.land(ROW, NOON_MS - HOUR_MS)[0]
    position = {P0: Position(known, 1)}
    assert not any(discovery(store).find(position).objects.values())
    assert [each.key for each in discovery(store, {0: 2}).find(position).objects[P0]] == [earlier]


def test_a_bad_object_stops_its_own_partition(store: MemoryStore, partition: Partition) -> None:
    good = partition.land(ROW, NOON_MS)[0]
    key, meta = partition.land(ROW, NOON_MS, upload=False)
    store.create(key, b"", {name: value for name, value in meta.headers().items() if name != "records"})
    partition.land(ROW, NOON_MS)
    other = Partition(store, TOPIC, 1).land(ROW, NOON_MS)[0]
    found = discovery(store).find({})
    assert [each.key for each in found.objects[P0]] == [good]
    assert key in found.stopped[P0]
    assert [each.key for each in found.objects[P1]] == [other]


def test_a_round_is_bounded_and_tells_that_more_waits(store: MemoryStore, partition: Partition) -> None:
    keys = [partition.land(ROW, NOON_MS)[0] for _ in range(5)]
    found = discovery(store, most_objects=2).find({})
    assert ([each.key for each in found.objects[P0]], found.more) == (keys[:2], True)


def test_a_lost_object_stops_its_partition(store: MemoryStore, partition: Partition) -> None:
    first, lost, last = (partition.land(ROW, NOON_MS)[0] for _ in range(3))
    store.remove(lost)
    chosen, stopped = plan(discovery(store).find({}).objects, {})
    assert [each.key for each in chosen] == [first]
    assert last in stopped[P0]


def test_what_the_ledger_has_is_not_taken_again(store: MemoryStore, partition: Partition) -> None:
    partition.land(ROW, NOON_MS)
    second = partition.land(ROW, NOON_MS)[0]
    chosen, stopped = plan(discovery(store).find({}).objects, {P0: 1})
    assert ([each.key for each in chosen], stopped) == ([second], {})


@pytest.mark.parametrize("body", [b"", b"[", b'{"a": 1}', b'[{"generation": "x"}]'])
def test_a_cursor_that_cannot_be_read_is_no_cursor(store: MemoryStore, body: bytes) -> None:
    store.write(KEY, body)
    assert Cursor(store).read() is None


def test_a_cursor_is_read_as_it_was_written(store: MemoryStore) -> None:
    assert Cursor(store).read() is None
    Cursor(store).write({P1: Position("b", 2), P0: Position("a", 1)})
    assert Cursor(store).read() == {P0: Position("a", 1), P1: Position("b", 2)}
