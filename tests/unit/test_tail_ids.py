"""Recent ids are a set with a memory of an hour, however they come."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dashboard.tail.ids import KEPT_MS, RecentIds, hashed

SLOT_MS = 300_000

batches = st.lists(st.tuples(st.integers(0, SLOT_MS), st.lists(st.integers(0, 40), min_size=1, max_size=12)), max_size=40)


@given(batches)
def test_an_id_is_new_once(found: list[tuple[int, list[int]]]) -> None:
    recent, seen, at_ms = RecentIds(), set[int](), 0
    for pause_ms, ids in found:
        at_ms = min(at_ms + pause_ms, KEPT_MS)  # all within the hour
        new = recent.add(np.array(ids, np.uint64), at_ms)
        expected = []
        for each in ids:
            expected.append(each not in seen)
            seen.add(each)
        assert new.tolist() == expected
    assert len(recent) == len(seen)


def test_an_hour_later_an_id_is_new_again() -> None:
    recent, ids = RecentIds(), np.array([7], np.uint64)
    assert recent.add(ids, 0).all()
    assert not recent.add(ids, KEPT_MS).any()
    recent.add(np.array([8], np.uint64), KEPT_MS + SLOT_MS)
    assert recent.add(ids, KEPT_MS + SLOT_MS).all()


def test_few_runs_hold_many_ids() -> None:
    recent = RecentIds()
    for step in range(2_000):
        recent.add(np.arange(step * 10, step * 10 + 10, dtype=np.uint64), step * 1_500)
    assert len(recent) == 20_000
    assert len(recent._runs) < 30


def test_texts_have_hashes_of_their_own() -> None:
    texts = np.array([f"x-{n}" for n in range(10_000)], dtype=object)
    assert len(np.unique(hashed(texts))) == 10_000
    assert (hashed(texts) == hashed(texts.copy())).all()
