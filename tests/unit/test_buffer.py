"""Batches are contiguous and within the limits, and together they are the records that came, in their order."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streaming.consumer.buffer import Batch, Buffer, Limits
from ticklake_io.records import Records

POLLS = st.lists(st.lists(st.tuples(st.integers(0, 2) | st.just(0), st.none() | st.binary(max_size=6)), min_size=1, max_size=7), min_size=1, max_size=8)
LIMITS = st.builds(Limits, st.integers(1, 9), st.integers(1, 20), st.just(5.0))


def records(*offsets: int, value: bytes | None = b"1234") -> Records:
    return Records(list(offsets), list(offsets), [b"A"] * len(offsets), [value] * len(offsets))


def weight(held: Records) -> int:
    """Bytes of keys and values: a poison's key can be as large as a value."""
    return sum(len(each or b"") for each in (*held.keys, *held.values))


def polled(polls: list[list[tuple[int, bytes | None]]], start: int) -> list[Records]:
    """Polls whose records lie behind holes of the given sizes."""
    offset, chunks = start, []
    for poll in polls:
        chunk = Records()
        for hole, value in poll:
            offset += hole
            chunk.extend(Records([offset], [offset], [b"A"], [value]))
            offset += 1
        chunks.append(chunk)
    return chunks


def everything(buffer: Buffer) -> list[Batch]:
    batches = []
    while len(buffer):
        batches.append(buffer.cut())
    return batches


@given(POLLS, LIMITS, st.integers(0, 5))
@example([[(0, b"x" * 6)] * 3], Limits(9, 1, 5.0), 0)
def test_batches_are_what_came(polls: list[list[tuple[int, bytes | None]]], limits: Limits, start: int) -> None:
    chunks = polled(polls, start)
    buffer = Buffer(3, 0, limits)
    for chunk in chunks:
        buffer.add(deepcopy(chunk), 0.0)
    assert len(buffer) == sum(map(len, chunks))
    assert buffer.size == sum(map(weight, chunks))
    batches = everything(buffer)
    for column in ("offsets", "times_ms", "keys", "values"):
        assert [each for batch in batches for each in getattr(batch.records, column)] == [each for chunk in chunks for each in getattr(chunk, column)]
    end = 0
    for batch in batches:
        assert batch.records.offsets == list(range(batch.first_offset, batch.end))
        assert (batch.chain_from, batch.gap_reason is None) == (end, batch.first_offset == end)
        end = batch.end
        assert batch.size == weight(batch.records)
        assert len(batch.records) <= limits.records
        assert batch.size - weight(batch.records.split(len(batch.records) - 1)[1]) < limits.bytes, "it could have ended one record earlier"
    assert (len(buffer), buffer.size, buffer.chain_end) == (0, 0, end)


def test_a_batch_is_as_large_as_the_limits_allow() -> None:
    buffer = Buffer(0, 0, Limits(5, 10_000, 5.0))
    for offsets in ((0, 1, 2), (3, 4, 5, 6), (7,)):
        buffer.add(records(*offsets), 0.0)
    assert [batch.records.offsets for batch in everything(buffer)] == [[0, 1, 2, 3, 4], [5, 6, 7]]


@pytest.mark.parametrize(
    ("held", "now", "due"),
    [
        ((), 100.0, False),
        ((0, 1), 0.0, False),
        ((0, 1, 2), 0.0, True),
        ((0,), 4.9, False),
        ((0,), 5.0, True),
    ],
)
def test_a_batch_is_due_by_number_or_age(held: tuple[int, ...], now: float, due: bool) -> None:
    buffer = Buffer(0, 0, Limits(3, 100, 5.0))
    if held:
        buffer.add(records(*held), 0.0)
    assert bool(buffer.due(now)) == due
    assert buffer.since == (0.0 if held else None)


def test_a_batch_is_due_by_bytes() -> None:
    buffer = Buffer(0, 0, Limits(100, 8, 5.0))
    buffer.add(records(0), 0.0)
    assert not buffer.due(0.0)
    buffer.add(records(1), 0.0)
    assert buffer.due(0.0)


def test_what_a_cut_leaves_keeps_its_age() -> None:
    buffer = Buffer(0, 0, Limits(2, 100, 5.0))
    buffer.add(records(0), 0.0)
    buffer.add(records(1, 2), 3.0)
    buffer.cut()
    assert buffer.since == 3.0
    assert not buffer.due(7.9)
    assert buffer.due(8.0)


def test_a_value_larger_than_the_limit_is_a_batch_of_its_own() -> None:
    buffer = Buffer(0, 0, Limits(100, 10, 5.0))
    buffer.add(records(0, value=b"x" * 1_000), 0.0)
    buffer.add(records(1, 2), 0.0)
    assert [batch.records.offsets for batch in everything(buffer)] == [[0], [1, 2]]


def test_a_hole_says_whether_its_records_expired_or_never_were() -> None:
    buffer = Buffer(0, 10, Limits(100, 100, 5.0), moved_past=15)
    buffer.add(records(15, 18), 0.0)
    assert [batch.gap_reason for batch in everything(buffer)] == [
        "expired on the broker before they were read",
        "no records: transaction markers or compaction",
    ]


def test_a_batch_says_when_its_oldest_and_its_newest_record_were_polled() -> None:
    buffer = Buffer(0, 0, Limits(3, 10_000, 5.0))
    for now, offsets in ((1.0, (0,)), (2.0, (1, 2, 3)), (3.0, (4,))):
        buffer.add(records(*offsets), now)
    assert [(batch.since, batch.until) for batch in everything(buffer)] == [(1.0, 2.0), (2.0, 3.0)]


def test_large_keys_count() -> None:
    """Anybody can send them, and they take as much memory as values."""
    buffer = Buffer(0, 0, Limits(100, 1_000, 5.0))
    buffer.add(Records([0, 1, 2], [0, 0, 0], [b"k" * 600] * 3, [None] * 3), 0.0)
    assert buffer.due(0.0) == "bytes"
    assert [batch.records.offsets for batch in everything(buffer)] == [[0, 1], [2]]
