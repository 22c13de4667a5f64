"""The consumer's loop under what befalls it: floods, silence, outages, expiry, rebalances, poison, a stop."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from typing import Any

import pyarrow.parquet as pq
import pytest

from streaming.consumer.buffer import Batch, Limits
from streaming.consumer.dead_letters import DeadLetters
from streaming.consumer.encoder import Encoder
from streaming.consumer.pipeline import Pipeline
from streaming.consumer.progress import Progress
from streaming.consumer.start import chain_end
from streaming.consumer.writer import Landed, Writer
from streaming.lag import LOOK_S
from tests.fakes.clock import ManualClock
from tests.fakes.memory_broker import MemorySource, MemoryTopic
from tests.fakes.memory_store import MemoryStore
from tests.fakes.producer import MemoryPublisher
from ticklake import lake
from ticklake.errors import ChainBroken, Stop, StoreUnavailable
from ticklake.lake import ObjectMeta, Partition
from ticklake_io.records import Committed, Records

TOPIC = "market.ticks"
FOUR_RECORDS = Limits(4, 10_000, 5.0)


class HeldExecutor(Executor):
    """Runs what is submitted at once, or at `release` while it is held."""

    def __init__(self) -> None:
        self.held = False
        self._waiting: list[Any] = []

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.append((future, work, args))
        if not self.held:
            self.release()
        return future

    def release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future, work, args in waiting:
            try:
                future.set_result(work(*args))
            except Exception as error:
                future.set_exception(error)


class FailingStore(MemoryStore):
    """A store that does not answer the first `failures` creates."""

    failures = 0
    tries = 0

    def create(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        self.tries += 1
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the store is down")
        return super().create(key, body, headers)


class Rebalancing(MemorySource):
    """A member whose first `refusals` commits the group does not take."""

    refusals = 0

    def commit(self, offsets: Mapping[int, Committed]) -> bool:
        if self.refusals:
            self.refusals -= 1
            return False
        return super().commit(offsets)


class Impatient(threading.Event):
    """An event that is not waited for."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class Service:
    """A pipeline on fakes that owns partition 0 of a topic with two."""

    def __init__(self, limits: Limits = FOUR_RECORDS, buffer_bytes: int = 100_000) -> None:
        self.clock, self.topic, self.store = ManualClock(), MemoryTopic(2), FailingStore()
        self.source, self.executor, self.publisher = Rebalancing(self.topic, max_records=3), HeldExecutor(), MemoryPublisher()
        self.commits: list[dict[int, int]] = []
        self.letters_at_commit: list[int] = []
        self.letters_sent = True
        self._letters = DeadLetters(self.publisher)
        self._writer = Writer(self.store, Encoder(TOPIC, 1, "w").encode, self.clock)
        self.pipeline = Pipeline(
            self.source,
            self._land,
            lambda partition: chain_end(self.source, self.store, TOPIC, Partition(1, partition)),
            self._committed,
            limits,
            buffer_bytes,
            self.clock,
            self.executor,
            Progress(self.clock.monotonic()),
        )
        self.source.gain([0])

    def _land(self, batch: Batch, given_up: threading.Event) -> Landed | None:
        landed = self._writer.write(batch, Impatient())
        if landed and self.letters_sent:
            self._letters.send(landed.rejected, given_up)
        return landed if self.letters_sent and not given_up.is_set() else None

    def _committed(self, ends: dict[int, int]) -> None:
        self.commits.append(ends)
        self.letters_at_commit.append(len(self.publisher.records))

    def produce(self, records: int, value: bytes = b"{}") -> None:
        for _ in range(records):
            self.topic.append(0, value)

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.pipeline.run_once(0.01)

    def offset(self) -> int | None:
        found = self.topic.commits.get(0)
        return found.offset if found else None

    def objects(self) -> list[ObjectMeta]:
        """Metadata of all objects in the order of their keys."""
        found = []
        for listed in self.store.list(f"raw/{TOPIC}/"):
            head = self.store.head(listed.key)
            assert head
            found.append(ObjectMeta.parse(listed.key, head.headers))
        return found

    def rows(self) -> list[int]:
        return [
            offset
            for listed in self.store.list(f"raw/{TOPIC}/")
            for offset in pq.read_table(io.BytesIO(self.store.read(listed.key) or b""))["OFFSET_ID"].to_pylist()
        ]


@pytest.fixture
def service() -> Service:
    return Service()


def test_a_full_batch_lands_at_once_and_its_end_is_committed_with_its_key(service: Service) -> None:
    service.produce(4)
    service.turn(5)
    assert service.rows() == [0, 1, 2, 3]
    assert service.topic.commits[0] == Committed(4, lake.object_key(TOPIC, Partition(1, 0), 0, 1_700_000_000_000))
    assert service.commits == [{0: 4}]


def test_a_few_records_wait_for_their_age_and_then_land_although_nothing_follows(service: Service) -> None:
    service.produce(2)
    service.turn(3)
    assert (service.rows(), service.pipeline.progress.oldest_age(service.clock.monotonic())) == ([], 0.0)
    service.clock.advance(4.9)
    service.turn(2)
    assert service.rows() == []
    service.clock.advance(0.2)
    service.turn(2)
    assert (service.rows(), service.offset()) == ([0, 1], 2)


def test_past_the_memory_budget_partitions_stand_until_half_of_it_is_free() -> None:
    service = Service(Limits(3, 10_000, 5.0), buffer_bytes=3_000)
    service.executor.held = True
    service.produce(60, b"x" * 100)
    service.turn(30)
    polled = service.pipeline.progress.records
    assert 3_000 < service.pipeline.progress.held_bytes <= 3_900
    service.turn(5)
    assert service.pipeline.progress.records == polled, "it reads on although its memory is full"
    service.executor.release()
    service.turn()
    assert 1_500 < service.pipeline.progress.held_bytes <= 3_000
    service.turn(3)
    assert service.pipeline.progress.records == polled, "it reads on before half of its memory is free"
    service.executor.held = False
    service.executor.release()
    service.turn(60)
    assert service.rows() == list(range(60))
    assert service.offset() == 60


def test_partitions_are_paused_only_when_memory_stays_short() -> None:
    service = Service(Limits(3, 10_000, 5.0), buffer_bytes=3_000)
    service.executor.held = True
    service.produce(60, b"x" * 100)
    while not service.pipeline.progress.throttled:
        service.turn()
    polled_at = service.pipeline.progress.polled_at
    service.turn(3)
    assert (service.source._paused, service.pipeline.progress.polled_at) == (set(), polled_at), "what the client has fetched is thrown away"
    service.clock.advance(1.5)
    service.turn(3)
    assert service.source._paused == {0}
    assert service.pipeline.progress.polled_at > polled_at, "the group does not hear of us"
    service.executor.held = False
    service.executor.release()
    service.turn(60)
    assert (service.source._paused, service.rows()) == (set(), list(range(60)))


def test_nothing_is_committed_before_it_is_durable(service: Service) -> None:
    service.executor.held = True
    service.produce(4)
    service.turn(10)
    assert (service.offset(), service.rows()) == (None, [])
    service.executor.release()
    service.turn()
    assert (service.offset(), service.rows()) == (4, [0, 1, 2, 3])


def test_a_store_that_fails_is_tried_again_and_the_object_is_there_once(service: Service) -> None:
    service.store.failures = 5
    service.produce(4)
    service.turn(5)
    assert service.store.tries == 6
    assert (service.rows(), service.offset()) == ([0, 1, 2, 3], 4)


def test_a_partition_has_one_upload_in_flight(service: Service) -> None:
    service.executor.held = True
    service.produce(12)
    service.turn(10)
    service.executor.release()
    assert len(service.objects()) == 1
    service.executor.held = False
    service.turn(10)
    assert [each.chain_from for each in service.objects()] == [0, 4, 8]


def test_records_that_expired_leave_a_gap_with_its_reason(service: Service) -> None:
    service.produce(3)
    service.turn(2)
    service.produce(20)
    service.topic.expire(0, 15)
    service.turn(20)
    service.clock.advance(6)
    service.turn(5)
    assert service.rows() == [*range(3), *range(15, 23)]
    gaps = [(each.chain_from, each.first_offset, each.gap_reason) for each in service.objects() if each.gap_reason]
    assert gaps == [(3, 15, "expired on the broker before they were read")]
    assert service.offset() == 23


def test_records_that_expired_while_nobody_consumed_leave_a_gap(service: Service) -> None:
    service.produce(4)
    service.turn(5)
    service.source.lose([0])
    service.turn()
    service.produce(6)
    service.topic.expire(0, 7)
    service.source.gain([0])
    service.turn(3)
    service.clock.advance(6)
    service.turn(3)
    assert [(each.chain_from, each.first_offset, each.end, each.gap_reason is None) for each in service.objects()] == [(0, 0, 4, True), (4, 7, 10, False)]


def test_a_broker_that_goes_away_and_comes_back_loses_and_doubles_nothing(service: Service) -> None:
    service.produce(3)
    service.turn(2)
    service.topic.answering = False
    service.turn(5)
    service.topic.answering = True
    service.produce(5)
    service.turn(5)
    assert (service.rows(), service.offset()) == (list(range(8)), 8)


def test_an_outage_between_upload_and_commit_only_delays_the_commit(service: Service) -> None:
    service.executor.held = True
    service.produce(4)
    service.turn(3)
    service.executor.release()
    service.topic.answering = False
    service.turn(3)
    service.topic.answering = True
    service.turn(2)
    assert (service.offset(), len(service.objects())) == (4, 1)


def test_a_partition_gained_during_an_outage_begins_when_the_broker_is_back(service: Service) -> None:
    service.turn()
    service.source.gain([1])
    service.topic.append(1, b"{}")
    service.topic.answering = False
    service.turn(3)
    service.topic.answering = True
    service.turn(3)
    service.clock.advance(6)
    service.turn(2)
    assert service.topic.commits[1].offset == 1


def test_a_commit_that_a_rebalance_refuses_is_repeated(service: Service) -> None:
    service.source.refusals = 2
    service.produce(4)
    service.turn(2)
    assert service.commits == []
    service.turn(4)
    assert (service.offset(), service.commits) == (4, [{0: 4}])


def test_a_partition_that_is_taken_away_is_not_committed(service: Service) -> None:
    service.executor.held = True
    service.produce(4)
    service.turn(3)
    service.source.lose([0])
    service.executor.release()
    service.turn(3)
    assert (service.offset(), service.pipeline.progress.lag) == (None, {})


def test_what_another_writer_made_is_adopted_and_continued_at_its_end(service: Service) -> None:
    service.produce(9)
    records = MemorySource(service.topic, max_records=6)
    records.gain([0])
    records.begin(0, 0)
    batch = Batch(0, records.poll(0)[0], 0, 0, None)
    other = Encoder(TOPIC, 1, "other").encode(batch)
    service.store.create(other.key, other.body, other.meta.headers())
    service.source.gain([0])
    service.topic.commits[0] = Committed(0, lake.partition_prefix(TOPIC, Partition(1, 0)))
    service.turn(6)
    service.clock.advance(6)
    service.turn(4)
    assert service.pipeline.progress.adopted == 1
    assert [(each.first_offset, each.end) for each in service.objects()] == [(0, 6), (6, 9)]
    assert (service.offset(), len(service.publisher.records)) == (9, 9), "dead letters of the adopted object are sent too"


def test_poison_is_a_row_and_a_dead_letter_before_its_commit(service: Service) -> None:
    service.produce(4, b"poison")
    service.turn(5)
    assert [meta.rejects for meta in service.objects()] == [4]
    assert service.publisher.records == [(b"AAPL", b"poison")] * 4
    assert (service.commits, service.letters_at_commit) == ([{0: 4}], [4])


def test_a_stop_lands_and_commits_what_is_held_and_reads_no_more(service: Service) -> None:
    service.produce(2)
    service.turn(2)
    service.produce(5)
    assert service.pipeline.drain(10)
    assert (service.rows(), service.offset()) == ([0, 1], 2)


def test_a_stop_that_takes_too_long_is_given_up_and_commits_nothing(service: Service) -> None:
    service.produce(2)
    service.turn(2)
    service.executor.held = True
    service.topic.answering = False
    assert not service.pipeline.drain(10)
    assert service.offset() is None


def test_a_foreign_object_in_the_way_stops_the_service(service: Service) -> None:
    service.produce(4)
    records = MemorySource(service.topic)
    records.gain([0])
    records.begin(0, 0)
    foreign = Encoder(TOPIC, 1, "other").encode(Batch(0, records.poll(0)[0], 0, 7, None))
    service.topic.commits[0] = Committed(0, lake.partition_prefix(TOPIC, Partition(1, 0)))
    service.store.create(foreign.key, foreign.body, foreign.meta.headers())
    with pytest.raises(ChainBroken, match="continues offset 7"):
        service.turn(5)


def test_nothing_is_committed_past_a_batch_whose_dead_letters_were_not_sent(service: Service) -> None:
    """As happens in a stop, when the broker has too many of them unanswered."""
    service.letters_sent = False
    service.produce(4, b"poison")
    service.turn(5)
    service.letters_sent = True
    service.produce(4)
    service.turn(5)
    assert service.pipeline.drain(1)
    assert (service.offset(), service.commits) == (None, [])


def test_past_the_memory_budget_batches_are_cut_before_they_are_full_or_old() -> None:
    service = Service(Limits(1_000, 1_000_000, 3_600.0), buffer_bytes=3_000)
    service.produce(60)
    service.turn(60)
    assert service.offset() is not None


def test_a_lake_that_is_ahead_of_the_broker_stops_the_consumer(service: Service) -> None:
    service.topic.commits[0] = Committed(9, f"raw/{TOPIC}/g1/p0/dt=2026-11-23/hour=14/{0:020d}.parquet")
    with pytest.raises(ChainBroken, match="recreate the topic"):
        service.turn()


def test_what_nobody_foresaw_stops_the_consumer_and_names_the_records(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_writer", None)
    service.produce(4)
    with pytest.raises(Stop, match="partition 0, offsets 0 to 3 cannot be written: AttributeError"):
        service.turn(10)


def test_progress_tells_why_batches_were_cut_what_was_rejected_and_what_is_behind() -> None:
    service = Service(Limits(4, 10_000, 5.0))
    service.produce(4)
    service.turn(3)
    service.produce(1, b"\xff")
    service.topic.skip(0, 2)
    service.produce(2)
    service.turn(3)
    progress = service.pipeline.progress
    assert (progress.flushes, progress.held_since) == ({"records": 1}, service.clock.monotonic())
    service.clock.advance(6)
    service.turn(4)
    assert progress.flushes == {"records": 1, "gap": 1, "age": 1}
    assert progress.rejects == {"schema": 6, "not JSON": 1}
    assert (progress.records, progress.objects, progress.commits, progress.rebalances, progress.held_since) == (7, 3, 3, 1, None)
    assert progress.bytes == sum(listed.size for listed in service.store.list("raw/"))


def test_what_is_landed_and_not_committed_is_still_held(service: Service) -> None:
    service.produce(4)
    service.source.refusals = 3
    service.turn(3)
    polled_at = service.clock.monotonic()
    service.clock.advance(3)
    service.turn(2)
    progress = service.pipeline.progress
    assert (progress.held_since, progress.failed_commits, progress.commits) == (polled_at, 2, 0)
    service.source.refusals = 4
    service.produce(4)
    service.turn(4)
    assert (progress.objects, progress.commits, progress.held_since) == (2, 0, polled_at), "a later object does not hide it"
    service.turn(2)
    assert (progress.held_since, progress.failed_commits, progress.commits) == (None, 6, 1)


def test_the_lag_is_what_the_lake_does_not_have_and_is_asked_for_now_and_then(service: Service) -> None:
    service.produce(2)
    service.turn()
    assert service.pipeline.progress.lag == {0: 2}
    service.produce(3)
    service.turn(4)
    assert service.pipeline.progress.lag == {0: 0}, "four of the five have landed, and the end was not asked for again"
    service.clock.advance(LOOK_S)
    service.turn()
    assert service.pipeline.progress.lag == {0: 1}


def test_it_is_settled_when_its_partitions_have_begun_or_it_was_given_none_for_long(service: Service) -> None:
    service.topic.answering = False
    service.turn()
    assert not service.pipeline.progress.settled
    service.topic.answering = True
    service.turn()
    assert service.pipeline.progress.settled
    service.source.lose([0])
    service.turn()
    assert not service.pipeline.progress.settled
    service.clock.advance(16)
    service.turn()
    assert service.pipeline.progress.settled


def test_records_that_expired_are_counted(service: Service) -> None:
    service.produce(9)
    service.topic.expire(0, 5)
    service.topic.commits[0] = Committed(0, lake.partition_prefix(TOPIC, Partition(1, 0)))
    service.turn(2)
    assert service.pipeline.progress.expired == 5


def test_a_partition_that_comes_during_a_stop_is_left_to_the_next_owner(service: Service) -> None:
    service.produce(2)
    service.turn(2)
    service.source.gain([1])
    service.topic.append(1, b"{}")
    assert service.pipeline.drain(10)
    assert (service.offset(), service.topic.commits.get(1), service.source._positions.get(1)) == (2, None, None)


def test_between_two_partitions_that_take_long_to_begin_the_group_hears_of_us(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    polls: list[int] = []
    begins: list[int] = []
    poll, begin = service.source.poll, service.pipeline._chain_end

    def polled(seconds: float) -> dict[int, Records]:
        polls.append(len(begins))
        return poll(seconds)

    def slowly(partition: int) -> int:
        service.clock.advance(50)
        begins.append(partition)
        return begin(partition)

    monkeypatch.setattr(service.source, "poll", polled)
    monkeypatch.setattr(service.pipeline, "_chain_end", slowly)
    service.source.gain([1])
    service.turn(3)
    assert (begins, polls) == ([0, 1], [0, 1, 2])


def test_a_poll_of_a_broker_that_is_away_is_no_success(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients return nothing then, and do not complain."""
    service.turn()
    progress, answered_at = service.pipeline.progress, service.clock.monotonic()
    monkeypatch.setattr(service.source, "poll", lambda seconds: {})
    service.topic.answering = False
    service.clock.advance(LOOK_S)
    service.turn()
    asked_at = service.clock.monotonic()
    service.clock.advance(30)
    service.turn(3)
    assert answered_at < progress.polled_at <= asked_at
    service.topic.answering = True
    service.clock.advance(LOOK_S)
    service.turn(2)
    assert progress.polled_at == service.clock.monotonic()


def test_a_spare_member_too_knows_whether_the_broker_answers(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.source.lose([0])
    service.turn()
    monkeypatch.setattr(service.source, "poll", lambda seconds: {})
    service.topic.answering = False
    service.clock.advance(LOOK_S)
    service.turn()
    polled_at = service.pipeline.progress.polled_at
    service.clock.advance(30)
    service.turn(3)
    assert service.pipeline.progress.polled_at == polled_at
