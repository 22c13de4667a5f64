"""Whatever happens to consumers, every record is in the lake exactly once and the chain is unbroken."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.consumer.buffer import Batch, Limits
from streaming.consumer.encoder import Encoder
from streaming.consumer.pipeline import Pipeline
from streaming.consumer.progress import Progress
from streaming.consumer.start import chain_end
from streaming.consumer.writer import Landed, Writer
from tests.fakes.clock import ManualClock
from tests.fakes.memory_broker import MemorySource, MemoryTopic
from tests.fakes.memory_store import MemoryStore
from ticklake import chain, lake
from ticklake.errors import StoreUnavailable
from ticklake_io import generations
from ticklake_io.store import ObjectStore

TOPIC = "market.ticks"
PARTITIONS = 2


class LaterExecutor(Executor):
    """Runs what is submitted when the test says so, as a zombie's uploads run long after its partitions moved."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.append((future, lambda: work(*args, **kwargs)))
        return future

    def run(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future, work in waiting:
            try:
                future.set_result(work())
            except Exception as error:
                future.set_exception(error)


class LossyStore(MemoryStore):
    """Creates objects and loses the answer of every `nth` call."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self._nth = nth
        self._calls = 0

    def create(self, key: str, body: bytes, headers: Any) -> bool:
        created = super().create(key, body, headers)
        self._calls += 1
        if self._nth and self._calls % self._nth == 0:
            raise StoreUnavailable("the answer was lost")
        return created


class Consumer:
    """A whole consumer process on fakes."""

    def __init__(self, name: str, topic: MemoryTopic, store: ObjectStore, clock: ManualClock) -> None:
        self.source = MemorySource(topic, max_records=4)
        self.executor = LaterExecutor()
        generation = generations.claim(store, TOPIC, topic.topic_id)
        self._writer = Writer(store, Encoder(TOPIC, generation, name).encode, clock)
        self.pipeline = Pipeline(
            self.source,
            self._land,
            lambda partition: chain_end(self.source, store, TOPIC, lake.Partition(generation, partition)),
            lambda ends: None,
            Limits(records=5, bytes=10_000, age_s=5.0),
            buffer_bytes=100_000,
            clock=clock,
            workers=self.executor,
            progress=Progress(clock.monotonic()),
        )

    def _land(self, batch: Batch, given_up: threading.Event) -> Landed | None:
        # A zombie does not notice that it was given up: the worst case.
        return self._writer.write(batch, threading.Event())

    def turn(self) -> None:
        self.pipeline.run_once(0.01)


def offsets_in(store: MemoryStore, partition: int) -> list[int]:
    found: list[int] = []
    for listed in store.list(f"raw/{TOPIC}/"):
        if lake.parse_key(listed.key).partition.id == partition:
            found += pq.read_table(io.BytesIO(store.read(listed.key) or b""))["OFFSET_ID"].to_pylist()
    return sorted(found)


def chain_of(store: MemoryStore, partition: int) -> chain.Chain:
    metas = []
    for listed in store.list(f"raw/{TOPIC}/"):
        head = store.head(listed.key)
        assert head is not None
        if lake.parse_key(listed.key).partition.id == partition:
            meta = lake.ObjectMeta.parse(listed.key, head.headers)
            metas.append(Link(listed.key, meta))
    return chain.follow(metas)


class Link:
    def __init__(self, key: str, meta: lake.ObjectMeta) -> None:
        self.key, self.first_offset, self.end, self.chain_from, self.gap_reason = key, meta.first_offset, meta.end, meta.chain_from, meta.gap_reason


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("produce"), st.integers(0, PARTITIONS - 1), st.integers(1, 7)),
        st.tuples(st.just("hole"), st.integers(0, PARTITIONS - 1), st.integers(1, 3)),
        st.tuples(st.just("turn"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("upload"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("wait"), st.just(0), st.just(0)),
        st.tuples(st.just("move"), st.integers(0, PARTITIONS - 1), st.just(0)),
        st.tuples(st.just("crash"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("rewind"), st.integers(0, PARTITIONS - 1), st.integers(0, 5)),
    ),
    max_size=60,
)


@settings(max_examples=200)
@given(steps=STEPS, lose_every=st.sampled_from([0, 2, 3]))
def test_every_record_lands_once(steps: list[tuple[str, int, int]], lose_every: int) -> None:
    run_story(steps, LossyStore(lose_every))


class Story:
    """Two consumers, their group and what befalls them."""

    def __init__(self, store: MemoryStore) -> None:
        self.clock, self.topic, self.store = ManualClock(), MemoryTopic(PARTITIONS), store
        self.consumers = [Consumer(f"c{i}", self.topic, store, self.clock) for i in range(2)]
        self.owner = dict.fromkeys(range(PARTITIONS), 0)
        self.zombies: list[Consumer] = []
        self.consumers[0].source.gain(range(PARTITIONS))

    def produce(self, partition: int, records: int) -> None:
        for _ in range(records):
            self.topic.append(partition, b"{}")

    def hole(self, partition: int, offsets: int) -> None:
        self.topic.skip(partition, offsets)

    def turn(self, consumer: int, _: int) -> None:
        self.consumers[consumer].turn()

    def upload(self, consumer: int, _: int) -> None:
        self.consumers[consumer].executor.run()

    def wait(self, _: int, __: int) -> None:
        self.clock.advance(6)

    def move(self, partition: int, _: int) -> None:
        self.consumers[self.owner[partition]].source.lose([partition])
        self.owner[partition] = 1 - self.owner[partition]
        self.consumers[self.owner[partition]].source.gain([partition])

    def crash(self, consumer: int, _: int) -> None:
        self.zombies.append(self.consumers[consumer])
        self.consumers[consumer] = Consumer(f"again{len(self.zombies)}", self.topic, self.store, self.clock)
        self.consumers[consumer].source.gain(partition for partition, who in self.owner.items() if who == consumer)

    def rewind(self, partition: int, offset: int) -> None:
        committed = self.topic.commits.get(partition)
        if committed:
            self.topic.commits[partition] = committed._replace(offset=min(offset, committed.offset), note="")

    def end(self) -> None:
        for zombie in self.zombies:
            zombie.executor.run()
        for _ in range(60):
            self.clock.advance(6)
            for consumer in self.consumers:
                consumer.turn()
                consumer.executor.run()


def run_story(steps: list[tuple[str, int, int]], store: MemoryStore) -> None:
    story = Story(store)
    for step, which, amount in steps:
        getattr(story, step)(which, amount)
    story.end()
    for partition in range(PARTITIONS):
        produced = [record[0] for record in story.topic.logs.get(partition, [])]
        assert offsets_in(store, partition) == produced
        followed = chain_of(store, partition)
        assert followed.breaks == []
        assert followed.records == len(produced)
        if produced:
            assert story.topic.commits[partition].offset == produced[-1] + 1


class Overwriting(MemoryStore):
    """A store that forgot what create-only means."""

    def create(self, key: str, body: bytes, headers: Any) -> bool:
        if self.head(key):
            self.remove(key)
        return super().create(key, body, headers)


def test_the_proof_can_fail() -> None:
    """Without create-only objects a zombie overwrites its successor's object, and the proof notices."""
    polled = lambda who: [("turn", who, 0), ("turn", who, 0), ("wait", 0, 0), ("turn", who, 0)]  # noqa: E731
    story = [("produce", 0, 3), *polled(0), ("move", 0, 0), ("produce", 0, 2), *polled(1), ("upload", 1, 0), ("turn", 1, 0), ("upload", 0, 0)]
    run_story(story, MemoryStore())
    with pytest.raises(AssertionError):
        run_story(story, Overwriting())
