from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.shared import Reading, Shared
from tests.fakes.clock import ManualClock
from ticklake.errors import WarehouseUnavailable


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_a_value_is_read_again_only_when_it_is_too_old(worker: ThreadPoolExecutor) -> None:
    clock = ManualClock()
    shared = Shared[int](lambda last: (last or 0) + 1, worker, clock, wait_s=10)
    assert [shared.get(lambda: 2.0).value for _ in range(5)] == [1] * 5
    clock.advance(2.0)
    assert [shared.get(lambda: 2.0).value for _ in range(5)] == [2] * 5


def test_many_askers_cause_one_read(worker: ThreadPoolExecutor) -> None:
    reads: list[None] = []
    release = threading.Event()

    def read(last: int | None) -> int:
        reads.append(None)
        release.wait(10)
        return len(reads)

    shared = Shared[int](read, worker, ManualClock())
    with ThreadPoolExecutor(20) as sessions:
        answers = [sessions.submit(shared.get, lambda: 60.0) for _ in range(20)]
        release.set()
        assert {answer.result().value for answer in answers} == {1}
    assert len(reads) == 1


def test_nobody_waits_long_for_a_slow_read(worker: ThreadPoolExecutor) -> None:
    clock, release = ManualClock(), threading.Event()

    def read(last: int | None) -> int:
        if last is not None:
            release.wait(10)
        return (last or 0) + 1

    shared = Shared[int](read, worker, clock, wait_s=0.01)
    assert shared.get(lambda: 1.0).value == 1
    clock.advance(5.0)
    assert shared.get(lambda: 1.0).value == 1  # the old one, while the new one is under way
    release.set()
    worker.submit(int).result()
    assert shared.last.value == 2


def test_the_last_good_value_outlives_a_failure_and_its_cause_ends_with_the_next_success(worker: ThreadPoolExecutor) -> None:
    clock, broken = ManualClock(), False

    def read(last: int | None) -> int:
        if broken:
            raise WarehouseUnavailable("the warehouse does not answer: refused")
        return 7

    shared = Shared[int](read, worker, clock, wait_s=10)
    assert shared.get(lambda: 1.0) == Reading(7)
    broken = True
    clock.advance(1.0)
    assert shared.get(lambda: 1.0) == Reading(7, "the warehouse does not answer: refused")
    broken = False
    clock.advance(1.0)
    assert shared.get(lambda: 1.0) == Reading(7)
