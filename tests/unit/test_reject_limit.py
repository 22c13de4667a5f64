"""A bad deployment stops the consumer before it is eaten, in every life; a few bad records among many never do."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.consumer.buffer import Batch
from streaming.consumer.encoder import Encoder
from streaming.consumer.reject_limit import Bounds, RejectLimit, _runs
from tests.fakes.memory_store import MemoryStore
from ticklake import tick
from ticklake.errors import StoreUnavailable, TooManyRejects
from ticklake_io.records import Records

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = tick.encode(tick.Tick(tick_id="t", symbol="A", kind="trade", event_time=NOON, received_at=NOON, price="1", source="s", feed="realtime", sequence=0))
BY_RATIO, BY_RUN = Bounds(0.5, 100, 10**9), Bounds(1.0, 100, 30)


class Consumer:
    """One life after the other of a consumer; `eat` gives it batches of good (.) and bad (x) records."""

    def __init__(self, bounds: Bounds, store: MemoryStore | None = None) -> None:
        self.bounds, self.store = bounds, store or MemoryStore()
        self.ends: Counter[int] = Counter()
        self._encoder = Encoder("t", 1, "w")
        self.restart()

    def restart(self) -> None:
        self.limit = RejectLimit(self.bounds, self.store, "t", 1)
        for partition in (0, 1):
            self.limit.begin(partition, self.ends[partition])

    def eat(self, pattern: str, partition: int = 0) -> None:
        """Land a batch; raises what the limit raises, and then nothing is landed."""
        begin = self.ends[partition]
        values: list[bytes | None] = [GOOD if each == "." else b"secret poison" for each in pattern]
        records = Records(list(range(begin, begin + len(values))), [0] * len(values), [b"A"] * len(values), values)
        self.limit.check(partition, self._encoder.encode(Batch(partition, records, 0, begin, None)))
        self.ends[partition] += len(values)


def test_past_the_ratio_of_a_full_window_it_stops_and_says_why_without_payload() -> None:
    consumer = Consumer(BY_RATIO)
    consumer.eat("." * 50)
    consumer.eat("x" * 50)
    with pytest.raises(
        TooManyRejects, match=r"^partition 0, offsets 100 to 101: 52 of the last 102 records are no ticks, more than 50%: not JSON \(2\); look at"
    ) as caught:
        consumer.eat("xx")
    assert "TICKLAKE_REJECT_RATIO=1" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_window_that_is_not_full_yet_is_no_evidence() -> None:
    consumer = Consumer(BY_RATIO)
    consumer.eat("x" * 90)
    consumer.eat("." * 9)
    assert consumer.ends[0] == 99
    with pytest.raises(TooManyRejects):
        consumer.eat(".")


def test_a_bad_stretch_within_one_large_batch_is_seen() -> None:
    with pytest.raises(TooManyRejects):
        Consumer(BY_RATIO).eat("." * 400 + "x" * 100 + "." * 400)


def test_all_partitions_count_for_the_ratio_and_each_alone_for_the_run() -> None:
    consumer = Consumer(Bounds(0.5, 100, 30))
    for _ in range(20):
        consumer.eat("x", partition=0)
        consumer.eat("..", partition=1)
    consumer.eat("x" * 10)
    assert consumer.ends == {0: 30, 1: 40}
    with pytest.raises(TooManyRejects, match="31 records in a row are no ticks, more than 30"):
        consumer.eat("x")


@pytest.mark.parametrize("pattern", ["." * 99 + "x", ("." * 9 + "x") * 10, "x" * 29 + "." * 71, ".x" * 50])
def test_what_stays_below_never_stops(pattern: str) -> None:
    consumer = Consumer(Bounds(0.5, 100, 30))
    for _ in range(20):
        consumer.eat(pattern)


def test_whoever_begins_where_it_stopped_stops_again_and_eats_nothing() -> None:
    consumer = Consumer(BY_RATIO)
    consumer.eat(".x" * 50)
    for _ in range(3):
        with pytest.raises(TooManyRejects):
            consumer.eat("x" * 20)
        consumer.restart()
    assert consumer.ends[0] == 100
    runner = Consumer(BY_RUN)
    runner.eat("x" * 30)
    for _ in range(3):
        with pytest.raises(TooManyRejects):
            runner.eat("x")
        runner.restart()
    assert runner.ends[0] == 30


def test_bounds_that_were_raised_let_it_go_on_and_the_old_count_is_void_after() -> None:
    consumer = Consumer(BY_RUN)
    consumer.eat("x" * 30)
    with pytest.raises(TooManyRejects):
        consumer.eat("x")
    consumer.bounds = Bounds(1.0, 100, 10**9)
    consumer.restart()
    consumer.eat("x" * 500)
    consumer.bounds = BY_RUN
    consumer.restart()
    consumer.eat("x" * 30)


def test_a_partition_that_comes_back_is_counted_anew() -> None:
    consumer = Consumer(BY_RUN)
    consumer.eat("x" * 30)
    consumer.limit.begin(0, consumer.ends[0])
    consumer.eat("x" * 30)


def test_it_stops_too_when_the_count_cannot_be_left_in_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(key: str, body: bytes) -> None:
        raise StoreUnavailable("down")

    consumer = Consumer(BY_RUN)
    monkeypatch.setattr(consumer.store, "write", fail)
    with pytest.raises(TooManyRejects):
        consumer.eat("x" * 31)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 5))
def test_runs_are_those_of_the_record_by_record_count(bad: list[bool], run: int) -> None:
    lengths, count = [0], run
    for each in bad:
        count = count + 1 if each else 0
        lengths.append(count)
    longest, last = _runs(np.flatnonzero(bad), len(bad), run)
    assert (longest, last) == (max(lengths), count)


@settings(max_examples=50)
@given(st.lists(st.text(".x", min_size=1, max_size=60), min_size=1, max_size=12))
def test_it_stops_if_and_only_if_about_the_last_window_is_bad(batches: list[str]) -> None:
    """A window is counted in tenths, so what is looked at is up to a tenth and a batch longer."""
    consumer = Consumer(Bounds(0.5, 50, 10**9))
    eaten = ""
    for batch in batches:
        try:
            consumer.eat(batch)
        except TooManyRejects:
            whole = eaten + batch
            spans = itertools.combinations(range(len(whole) + 1), 2)
            assert any(50 <= end - begin <= 115 and whole[begin:end].count("x") * 2 > end - begin for begin, end in spans)
            return
        eaten += batch
    assert "x" * 115 not in eaten
