"""A stop has one budget, which begins with it, and the process ends with the budget."""

from __future__ import annotations

import queue
import threading

from streaming.shutdown import Shutdown
from tests.fakes.clock import ManualClock


class HeldClock(ManualClock):
    """Sleeping takes until `wake` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: queue.Queue[float] = queue.Queue()
        self.wake = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.slept.put(seconds)
        self.wake.wait(10)


def test_the_budget_begins_with_the_stop_and_every_step_takes_what_is_left() -> None:
    stop, clock = threading.Event(), HeldClock()
    shutdown = Shutdown(stop, 20.0, clock, end=lambda _: None)
    clock.advance(100)
    stop.set()
    assert clock.slept.get(timeout=10) == 20.0
    clock.advance(5)
    assert (shutdown.left(), shutdown.left(reserve_s=2)) == (15.0, 13.0)
    clock.advance(14)
    assert (shutdown.left(), shutdown.left(reserve_s=2)) == (1.0, 0.0)
    clock.advance(14)
    assert shutdown.left() == 0.0
    clock.wake.set()


def test_what_hangs_ends_with_the_process_and_its_status() -> None:
    stop, clock, ended = threading.Event(), HeldClock(), queue.Queue[int]()
    shutdown = Shutdown(stop, 20.0, clock, end=ended.put)
    stop.set()
    clock.slept.get(timeout=10)
    shutdown.status = 1
    assert ended.empty()
    clock.wake.set()
    assert ended.get(timeout=10) == 1


def test_no_stop_is_no_end() -> None:
    clock, ended = ManualClock(), queue.Queue[int]()
    Shutdown(threading.Event(), 0.001, clock, end=ended.put)
    assert ended.empty()
