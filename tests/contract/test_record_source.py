"""What every source of records must do, the one in memory and Kafka's."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from typing import Protocol

import pytest
from kafka import KafkaAdminClient

from tests.fakes.memory_broker import MemorySource, MemoryTopic
from tests.fixtures.broker import Topic
from ticklake.errors import BrokerUnavailable
from ticklake_io import confluent_consumer
from ticklake_io.confluent_consumer import ConfluentSource
from ticklake_io.kafka_consumer import KafkaSource
from ticklake_io.records import Committed, Records, RecordSource

PARTITIONS = 2
LIMIT_S = 120
HEARTBEAT_S = 0.2


class Log(Protocol):
    """A topic's records, from the side of those who write and delete them."""

    def append(self, partition: int, *values: bytes | None) -> None: ...
    def expire(self, before: Mapping[int, int]) -> None: ...
    def recreate(self) -> None: ...


class Member:
    """A source, the partitions it owns and the records it has polled."""

    def __init__(self, source: RecordSource) -> None:
        self.source = source
        self.owned: set[int] = set()
        self.dropped: set[int] = set()
        self.polled: dict[int, Records] = {}

    def turn(self, seconds: float = 0.05) -> None:
        # A rebalance may fail a call on its way; the consumer, too, goes on with its next turn.
        with suppress(BrokerUnavailable):
            for partition, records in self.source.poll(seconds).items():
                self.polled.setdefault(partition, Records()).extend(records)
        changes = self.source.changes()
        self.owned = (self.owned - changes.dropped) | changes.gained
        self.dropped |= changes.dropped

    def offsets(self, partition: int) -> list[int]:
        return self.polled.get(partition, Records()).offsets


class Group:
    """A topic and the members of one group on it."""

    def __init__(self, log: Log, join: Callable[[], RecordSource], leave: Callable[[RecordSource], None]) -> None:
        self.log, self._join, self._leave = log, join, leave
        self.members: list[Member] = []

    def join(self) -> Member:
        member = Member(self._source())
        self.members.append(member)
        self.until(lambda: self.shared() and bool(member.owned))
        return member

    def _source(self) -> RecordSource:
        """A new member's source; a topic just made may be unknown for a moment."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                return self._join()
            except BrokerUnavailable:
                assert time.monotonic() < deadline

    def leave(self, member: Member) -> None:
        self.members.remove(member)
        self._leave(member.source)

    def shared(self) -> bool:
        """Whether every partition has one owner."""
        return sorted(partition for member in self.members for partition in member.owned) == list(range(PARTITIONS))

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not reached():
            assert time.monotonic() < deadline, "it did not come to pass"
            for member in self.members:
                member.turn()

    def turns(self, number: int = 10) -> None:
        for _ in range(number):
            for member in self.members:
                member.turn()

    def close(self) -> None:
        for member in list(self.members):
            self.leave(member)


class MemoryGroup:
    """`Log` in memory, and what Kafka's group coordinator does."""

    def __init__(self) -> None:
        self.topic = MemoryTopic(PARTITIONS)
        self.sources: list[MemorySource] = []

    def append(self, partition: int, *values: bytes | None) -> None:
        for value in values:
            self.topic.append(partition, value, key=b"A", time_ms=int(time.time() * 1000))

    def expire(self, before: Mapping[int, int]) -> None:
        for partition, offset in before.items():
            self.topic.expire(partition, offset)

    def recreate(self) -> None:
        self.topic.topic_id = str(uuid.uuid4())

    def join(self) -> RecordSource:
        source = MemorySource(self.topic, max_records=7)
        self.sources.append(source)
        self._share()
        return source

    def leave(self, source: RecordSource) -> None:
        source.close()
        self.sources = [each for each in self.sources if each is not source]
        self._share()

    def _share(self) -> None:
        for number, source in enumerate(self.sources):
            wanted = set(range(number, PARTITIONS, len(self.sources)))
            lost, gained = source.owned - wanted, wanted - source.owned
            if lost:
                source.lose(lost)
            if gained:
                source.gain(gained)


class BrokerLog(Topic):
    """`Log` on the broker."""

    def recreate(self) -> None:
        self.delete()
        self.create()


SOURCES: dict[str, type[KafkaSource | ConfluentSource]] = {"kafka-python": KafkaSource, "confluent": ConfluentSource}


@pytest.fixture(params=["memory", *SOURCES])
def group(request: pytest.FixtureRequest) -> Iterator[Group]:
    if request.param == "memory":
        memory = MemoryGroup()
        group = Group(memory, memory.join, memory.leave)
    else:
        bootstrap = request.getfixturevalue("broker")
        log, name = BrokerLog(bootstrap, PARTITIONS), f"group-{uuid.uuid4()}"
        kind = SOURCES[request.param]
        group = Group(log, lambda: kind(bootstrap, log.name, name, max_records=7, heartbeat_s=HEARTBEAT_S), lambda source: source.close())
    yield group
    group.close()


def values(number: int) -> list[bytes]:
    return [b"%d" % n for n in range(number)]


def test_nothing_flows_before_begin_and_then_every_record_in_its_order(group: Group) -> None:
    group.log.append(0, *values(20), None, b"")
    group.log.append(1, b"other")
    member = group.join()
    group.turns()
    assert member.polled == {}
    member.source.begin(0, 0)
    group.until(lambda: len(member.offsets(0)) >= 22)
    group.turns(3)
    assert set(member.polled) == {0}
    records = member.polled[0]
    assert records.offsets == list(range(22))
    assert records.values == [*values(20), None, b""]
    assert set(records.keys) == {b"A"}
    assert records.times_ms == sorted(records.times_ms)
    assert all(isinstance(each, int) and each > 1_700_000_000_000 for each in records.times_ms)


def test_a_partition_flows_from_where_it_began_and_may_begin_again(group: Group) -> None:
    group.log.append(0, *values(10))
    member = group.join()
    member.source.begin(0, 7)
    group.until(lambda: member.offsets(0) == [7, 8, 9])
    member.source.begin(0, 8)
    group.until(lambda: member.offsets(0) == [7, 8, 9, 8, 9])


def test_a_partition_that_began_at_its_end_flows_when_records_come(group: Group) -> None:
    group.log.append(0, *values(3))
    member = group.join()
    member.source.begin(0, 3)
    group.turns(3)
    group.log.append(0, b"new")
    group.until(lambda: member.offsets(0) == [3])


def test_a_record_as_large_as_a_topic_takes_passes_between_small_ones(group: Group) -> None:
    large = b"x" * 1_000_000
    group.log.append(0, b"before", large, b"after")
    member = group.join()
    member.source.begin(0, 0)
    group.until(lambda: len(member.offsets(0)) == 3)
    assert member.polled[0].values == [b"before", large, b"after"]


def test_commits_keep_their_note_for_whoever_comes_next(group: Group) -> None:
    member = group.join()
    assert member.source.committed(0) is None
    group.log.append(0, *values(5))
    assert member.source.commit({0: Committed(3, "raw/a"), 1: Committed(0, "")})
    assert member.source.commit({0: Committed(5, "raw/b")})
    assert member.source.committed(0) == Committed(5, "raw/b")
    group.leave(member)
    other = group.join()
    assert other.source.committed(0) == Committed(5, "raw/b")
    assert other.source.committed(1) == Committed(0, "")
    assert other.polled == {}


def test_reading_alone_commits_nothing(group: Group) -> None:
    group.log.append(0, *values(5))
    member = group.join()
    member.source.begin(0, 0)
    group.until(lambda: len(member.offsets(0)) == 5)
    group.leave(member)
    assert group.join().source.committed(0) is None


def test_a_paused_partition_stands_and_loses_nothing(group: Group) -> None:
    member = group.join()
    for partition in range(PARTITIONS):
        member.source.begin(partition, 0)
    group.log.append(0, *values(3))
    group.until(lambda: len(member.offsets(0)) == 3)
    member.source.pause({0})
    group.log.append(0, *values(10))
    group.log.append(1, *values(4))
    group.until(lambda: len(member.offsets(1)) == 4)
    group.turns(3)
    assert member.offsets(0) == [0, 1, 2]
    member.source.pause(set())
    group.until(lambda: len(member.offsets(0)) == 13)
    assert member.offsets(0) == list(range(13))


def test_a_pause_does_not_let_a_partition_flow_that_has_not_begun(group: Group) -> None:
    group.log.append(0, *values(3))
    group.log.append(1, *values(3))
    member = group.join()
    member.source.begin(1, 0)
    member.source.pause({0, 1})
    member.source.pause(set())
    group.until(lambda: len(member.offsets(1)) == 3)
    group.turns(3)
    assert member.offsets(0) == []


def test_partitions_are_shared_and_what_stays_flows_on(group: Group) -> None:
    one = group.join()
    assert one.owned == {0, 1}
    for partition in range(PARTITIONS):
        one.source.begin(partition, 0)
        group.log.append(partition, *values(5))
    group.until(lambda: all(len(one.offsets(partition)) == 5 for partition in range(PARTITIONS)))
    two = group.join()
    assert (len(one.owned), len(two.owned)) == (1, 1)
    assert one.dropped == two.owned
    (kept,), (moved,) = one.owned, two.owned
    for partition in range(PARTITIONS):
        group.log.append(partition, *values(5))
    group.until(lambda: len(one.offsets(kept)) == 10)
    group.turns()
    assert one.offsets(kept) == list(range(10))
    assert one.offsets(moved) == list(range(5))
    assert two.polled == {}, "a gained partition must stand until it begins"
    two.source.begin(moved, 5)
    group.until(lambda: two.offsets(moved) == [5, 6, 7, 8, 9])


def test_what_a_member_leaves_goes_to_the_others(group: Group) -> None:
    one, two = group.join(), group.join()
    assert two.source.commit(dict.fromkeys(two.owned, Committed(0, "two")))
    (moved,) = two.owned
    group.leave(two)
    group.until(lambda: one.owned == {0, 1})
    assert one.source.committed(moved) == Committed(0, "two")


def test_a_commit_for_a_partition_that_has_moved_is_refused(group: Group) -> None:
    one = group.join()
    two = group.join()
    (moved,) = two.owned
    assert two.source.commit({moved: Committed(0, "two")})
    assert not one.source.commit({moved: Committed(0, "one")})
    assert two.source.committed(moved) == Committed(0, "two")


def test_records_that_expired_are_told_and_stand_until_begin(group: Group) -> None:
    group.log.append(0, *values(10))
    member = group.join()
    group.log.expire({0: 6})
    member.source.begin(0, 2)
    group.until(lambda: member.source.expired() == {0})
    group.turns(3)
    assert (member.offsets(0), member.source.first_offset(0)) == ([], 6)
    member.source.begin(0, 6)
    assert member.source.expired() == set()
    group.until(lambda: member.offsets(0) == [6, 7, 8, 9])


def test_the_other_partition_flows_while_one_has_expired(group: Group) -> None:
    group.log.append(0, *values(4))
    group.log.append(1, *values(4))
    member = group.join()
    group.log.expire({0: 3})
    member.source.begin(0, 0)
    member.source.begin(1, 0)
    group.until(lambda: member.source.expired() == {0} and member.offsets(1) == [0, 1, 2, 3])


def test_the_first_offset_of_an_empty_and_of_a_filled_partition(group: Group) -> None:
    member = group.join()
    assert member.source.first_offset(0) == 0
    group.log.append(0, *values(4))
    assert member.source.first_offset(0) == 0
    group.log.expire({0: 4})
    assert member.source.first_offset(0) == 4


def test_a_recreated_topic_has_another_id(group: Group) -> None:
    member = group.join()
    first = member.source.topic_id()
    assert member.source.topic_id() == first
    group.leave(member)
    group.log.recreate()
    assert group.join().source.topic_id() != first


def test_both_clients_give_a_topic_the_same_id(broker: str) -> None:
    """Another would begin a new generation of the lake when the client is changed."""
    topic = Topic(broker, 1)
    sources = [kind(broker, topic.name, f"group-{uuid.uuid4()}") for kind in SOURCES.values()]
    ids = {source.topic_id() for source in sources}
    for source in sources:
        source.close()
    assert len(ids) == 1


def test_members_on_different_clients_share_a_group(broker: str) -> None:
    """So a service changes its client by a rolling restart."""
    name = f"group-{uuid.uuid4()}"
    kinds = iter([*SOURCES.values(), *SOURCES.values()])
    log = BrokerLog(broker, PARTITIONS)
    group = Group(log, lambda: next(kinds)(broker, log.name, name, heartbeat_s=HEARTBEAT_S), lambda source: source.close())
    one, two = group.join(), group.join()
    (moved,) = two.owned
    (kept,) = one.owned
    group.until(lambda: one.source.commit({kept: Committed(0, "of one")}))
    group.until(lambda: two.source.commit({moved: Committed(0, "of two")}))
    for member in (one, two):
        assert [member.source.committed(partition) for partition in (kept, moved)] == [Committed(0, "of one"), Committed(0, "of two")]
    group.leave(one)
    three = group.join()
    assert (len(two.owned), len(three.owned)) == (1, 1)
    group.close()


@pytest.mark.parametrize("kind", SOURCES.values(), ids=SOURCES)
def test_a_note_is_stored_with_an_end(broker: str, kind: type[KafkaSource | ConfluentSource]) -> None:
    """Without one, confluent-kafka reads on into other memory."""
    log, name = BrokerLog(broker, PARTITIONS), f"group-{uuid.uuid4()}"
    group = Group(log, lambda: kind(broker, log.name, name, heartbeat_s=HEARTBEAT_S), lambda source: source.close())
    member = group.join()
    group.until(lambda: member.source.commit({0: Committed(0, "note")}))
    with closing(KafkaAdminClient(bootstrap_servers=broker)) as admin:
        stored = admin.list_group_offsets(name)[name].values()
    assert [each.metadata for each in stored if each.offset >= 0] == ["note\0"]
    group.close()


def test_a_note_that_cannot_be_read_is_none() -> None:
    class Garbled:
        @property
        def metadata(self) -> str:
            return b"note\xff".decode()

    assert confluent_consumer._metadata(Garbled()) is None
