"""What an operator, a topic's owner and retention do to a consumer, on the real broker and store with the real service.

Whatever it is, no record gets a second row and the chain of each life of the topic is unbroken, or says what is missing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from tests.chaos.actors import Consumer
from tests.chaos.scene import DEAD_LETTERS, Scene, scene
from tests.chaos.waiting import until
from tests.fixtures.broker import Topic
from ticklake import chain
from ticklake.errors import BrokerUnavailable
from ticklake.lake import Partition
from ticklake.reconcile import LakeObject
from ticklake_cli import facts
from ticklake_io.kafka_view import KafkaView

LIMIT_S = 90.0
POISON = b"no tick"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("recovery"), 1, TICKLAKE_FLUSH_AGE_S="0.2", TICKLAKE_KAFKA_SESSION_S="2") as placed:
        yield placed


class Line:
    """A topic, its group, and a consumer that is not started. Each partition gets the same number of records."""

    def __init__(self, stage: Scene, partitions: int = 1, client: str = "kafka-python") -> None:
        self.topic = Topic(stage.broker.address, partitions)
        self.group = f"{self.topic.name}-lake"
        settings = {"TICKLAKE_TICKS_TOPIC": self.topic.name, "TICKLAKE_KAFKA_GROUP": self.group, "TICKLAKE_KAFKA_CLIENT": client}
        self.consumer: Consumer = stage.add_consumer(random.Random(0), **settings)
        self.partitions = range(partitions)
        self._stage = stage

    def append(self, count: int) -> None:
        for partition in self.partitions:
            self.topic.append(partition, *[POISON] * count)

    def await_commit(self, end: int) -> None:
        """Wait until the consumer has committed `end`; it is started again when it ends, as a supervisor does."""
        with closing(KafkaView(self._stage.broker.address)) as view:

            def committed() -> bool:
                if self.consumer.ended() is not None:
                    self.consumer.start()
                with suppress(BrokerUnavailable):  # a new group's coordinator takes a moment
                    found = view.committed(self.group, self.topic.name)
                    return all(partition in found and found[partition].offset == end and found[partition].note for partition in self.partitions)
                return False

            until(committed, LIMIT_S, lambda: f"offset {end} is not committed: {self.consumer.last_words()}")

    def land(self, count: int, end: int) -> None:
        """Append records, and let the consumer land them."""
        self.append(count)
        if self.consumer.lives == 0 or self.consumer.ended() is not None:
            self.consumer.start()
        self.await_commit(end)

    def stop(self) -> None:
        assert self.consumer.terminate() == 0

    def objects(self, generation: int = 1, partition: int = 0) -> list[LakeObject]:
        found, foreign = facts.lake_objects(self._stage.store, self.topic.name, {}, facts.BEGINNING)
        assert foreign == []
        return sorted((each for each in found if each.partition == Partition(generation, partition)), key=lambda each: each.first_offset)

    def chain(self, generation: int = 1, partition: int = 0) -> chain.Chain:
        return chain.follow(self.objects(generation, partition), start=0)

    def dead_letters(self) -> set[int]:
        """Offsets of the records that have a dead letter."""
        with closing(KafkaView(self._stage.broker.address)) as view:
            letters = list(view.newest(DEAD_LETTERS, 1 << 40))
        return {int(headers["offset-id"]) for _, _, headers in letters if headers["topic"] == self.topic.name}


@pytest.fixture
def line(stage: Scene) -> Line:
    return Line(stage)


def test_a_group_that_was_rewound_by_hand_doubles_nothing(stage: Scene) -> None:
    rewound = [3, 0, 13]  # into an object, to the beginning, into the last object; a fourth partition's offset is deleted
    line = Line(stage, partitions=4)
    line.land(10, 10)
    line.land(10, 20)
    line.stop()
    with closing(KafkaAdminClient(bootstrap_servers=stage.broker.address)) as admin:
        parts = [TopicPartition(line.topic.name, partition) for partition in line.partitions]
        admin.alter_group_offsets(line.group, {part: OffsetAndMetadata(offset, "", -1) for part, offset in zip(parts, rewound, strict=False)})
        admin.delete_group_offsets(line.group, parts[3:])
    line.land(5, 25)
    line.stop()
    for partition in line.partitions:
        assert line.chain(partition=partition) == chain.Chain(start=0, end=25, records=25)


def test_a_topic_recreated_while_the_consumer_is_down_begins_a_generation(line: Line) -> None:
    line.land(10, 10)
    line.stop()
    line.topic.delete()
    line.topic.create()
    line.land(7, 7)
    assert line.chain(1) == chain.Chain(start=0, end=10, records=10)
    assert line.chain(2) == chain.Chain(start=0, end=7, records=7)


@pytest.mark.parametrize("client", ["kafka-python", "confluent"])
@pytest.mark.parametrize("count", [4, 25], ids=["with fewer records than before", "with more records than before"])
def test_a_topic_recreated_while_the_consumer_runs_begins_a_generation(stage: Scene, count: int, client: str) -> None:
    line = Line(stage, client=client)
    line.land(10, 10)
    line.topic.delete()
    line.topic.create()
    line.append(count)
    line.await_commit(count)
    assert line.chain(1) == chain.Chain(start=0, end=10, records=10)
    assert line.chain(2) == chain.Chain(start=0, end=count, records=count)


def test_records_that_expired_before_they_were_read_are_a_gap_that_is_told(line: Line) -> None:
    line.land(10, 10)
    line.stop()
    line.append(10)
    line.topic.expire({0: 15})
    line.land(5, 25)
    assert line.chain() == chain.Chain(start=0, end=25, records=20, gaps=1)
    (after,) = (each for each in line.objects() if each.first_offset == 15)
    assert (after.chain_from, after.gap_reason) == (10, "expired on the broker before they were read")
    (told,) = (text for text in line.consumer.log.read_text().splitlines() if "event='records_expired'" in text)
    assert "level='error'" in told
    assert "first_lost=10 next=15" in told


def test_dead_letters_of_a_consumer_that_died_after_its_first_object_are_sent_by_the_next(line: Line) -> None:
    line.append(4)
    held = line.consumer.store.hold("after")
    line.consumer.start()
    assert held.arrived.wait(LIMIT_S)
    line.consumer.kill()
    held.release()
    assert line.dead_letters() == set()
    line.land(2, 6)
    assert line.dead_letters() == set(range(6))
    assert line.chain() == chain.Chain(start=0, end=6, records=6)
