"""A new owner goes on exactly where the chain ends, and a recreated topic is another generation."""

from __future__ import annotations

import pytest

from streaming.consumer.buffer import Batch
from streaming.consumer.encoder import Encoder
from streaming.consumer.start import chain_end
from tests.fakes.memory_broker import MemorySource, MemoryTopic
from tests.fakes.memory_store import MemoryStore
from ticklake.errors import ChainBroken
from ticklake.lake import Partition
from ticklake_io import generations
from ticklake_io.records import Committed, Records

TOPIC = "market.ticks"
P = Partition(1, 0)


def land(store: MemoryStore, first: int, records: int, time_ms: int = 0, partition: Partition = P) -> str:
    offsets = list(range(first, first + records))
    batch = Batch(partition.id, Records(offsets, [time_ms] * records, [b"A"] * records, [b"{}"] * records), 0, first, None)
    encoded = Encoder(TOPIC, partition.generation, "w").encode(batch)
    assert store.create(encoded.key, encoded.body, encoded.meta.headers())
    return encoded.key


@pytest.fixture
def topic() -> MemoryTopic:
    topic = MemoryTopic()
    for _ in range(20):
        topic.append(0, b"{}")
    return topic


def test_a_new_chain_begins_at_the_oldest_record(topic: MemoryTopic) -> None:
    topic.expire(0, 6)
    assert chain_end(MemorySource(topic), MemoryStore(), TOPIC, P) == 6


def test_a_commit_of_ours_is_taken_at_its_word(topic: MemoryTopic) -> None:
    store = MemoryStore()
    topic.commits[0] = Committed(7, land(store, 0, 5))
    assert chain_end(MemorySource(topic), store, TOPIC, P) == 7


@pytest.mark.parametrize("note", ["", "by hand", "raw/market.ticks/g2/p0/x", "raw/market.ticks/g1/p00/x"])
def test_any_other_commit_is_settled_by_the_lake(topic: MemoryTopic, note: str) -> None:
    store = MemoryStore()
    land(store, 0, 5)
    land(store, 5, 4)
    topic.commits[0] = Committed(2, note)
    assert chain_end(MemorySource(topic), store, TOPIC, P) == 5  # the last object is read again, for its dead letters


def test_a_last_object_whose_records_have_expired_is_not_read_again(topic: MemoryTopic) -> None:
    store = MemoryStore()
    land(store, 0, 5)
    land(store, 5, 4)
    topic.expire(0, 6)
    assert chain_end(MemorySource(topic), store, TOPIC, P) == 9


def test_a_last_object_that_the_broker_has_lost_is_not_read_again(topic: MemoryTopic) -> None:
    store = MemoryStore()
    land(store, 15, 10)
    assert chain_end(MemorySource(topic), store, TOPIC, P) == 25


def test_hours_that_ran_backwards_do_not_hide_the_last_object(topic: MemoryTopic) -> None:
    store = MemoryStore()
    land(store, 0, 5, time_ms=7_200_000)
    land(store, 5, 4, time_ms=0)
    land(store, 30, 1, time_ms=9_000_000, partition=Partition(1, 1))
    assert chain_end(MemorySource(topic), store, TOPIC, P) == 5


def test_offsets_committed_beyond_an_empty_lake_stop_the_service(topic: MemoryTopic) -> None:
    topic.commits[0] = Committed(5, "")
    with pytest.raises(ChainBroken, match="offset 5 is committed, but the lake has no object"):
        chain_end(MemorySource(topic), MemoryStore(), TOPIC, P)


def test_offsets_committed_in_an_earlier_life_of_the_topic_do_not_count(topic: MemoryTopic) -> None:
    store = MemoryStore()
    topic.commits[0] = Committed(5, land(store, 0, 5))
    assert chain_end(MemorySource(topic), store, TOPIC, Partition(2, 0)) == 0


def test_a_topics_id_has_one_generation_and_a_new_id_the_next() -> None:
    store = MemoryStore()
    assert generations.find(store, TOPIC, "one") is None
    assert [generations.claim(store, TOPIC, topic_id) for topic_id in ("one", "two", "one", "three", "two")] == [1, 2, 1, 3, 2]
    assert generations.find(store, TOPIC, "two") == 2
    assert generations.claim(store, "other", "one") == 1


def test_consumers_that_claim_at_once_agree() -> None:
    """Another one's marker appears between the look and the create."""

    class Racing(MemoryStore):
        raced = False

        def create(self, key: str, body: bytes, headers: object) -> bool:
            if not self.raced:
                self.raced = True
                generations.claim(self, TOPIC, "two")
            return super().create(key, body, {})

    store = Racing()
    assert (generations.claim(store, TOPIC, "two"), generations.claim(store, TOPIC, "one")) == (1, 2)
