"""A task that fails again and again is told once, and its recovery once."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes.channel import MemoryChannel
from tests.fakes.clock import ManualClock
from tests.fakes.memory_store import MemoryStore
from ticklake_airflow.notify.failures import Failures, TaskRun

NAME = "load_ticks.load"


class Runs:
    """Runs of one task, each a minute after the one before."""

    def __init__(self, *channels: MemoryChannel) -> None:
        self.clock = ManualClock()
        self.failures = Failures(MemoryStore(self.clock), channels, self.clock)
        self._number = 0

    def start(self) -> TaskRun:
        self.clock.advance(60)
        self._number += 1
        return TaskRun("load_ticks", "load", f"run-{self._number}", self.clock.now())

    def fail(self) -> None:
        self.failures.failed(self.start(), "the warehouse does not answer")

    def succeed(self) -> None:
        self.failures.succeeded(self.start())


def test_failure_and_recovery_are_told_once_each() -> None:
    channel = MemoryChannel()
    runs = Runs(channel)
    runs.succeed()
    for _ in range(3):
        runs.fail()
    runs.succeed()
    runs.succeed()
    assert channel.told() == [(NAME, "raised"), (NAME, "cleared")]
    assert "the warehouse does not answer" in channel.taken[0].text
    runs.fail()
    assert channel.told()[2:] == [(NAME, "raised")]


def test_a_task_that_is_late_is_not_said_to_fail() -> None:
    channel = MemoryChannel()
    runs = Runs(channel)
    runs.failures.failed(runs.start(), "not done 300 s after it was queued", what="is late")
    assert channel.taken[0].title == f"{NAME} is late"


def test_a_channel_out_of_order_is_told_later_and_the_other_not_again() -> None:
    works, broken = MemoryChannel("works"), MemoryChannel("broken", works=False)
    runs = Runs(works, broken)
    runs.fail()
    broken.works = True
    runs.fail()
    works.works = False
    runs.succeed()
    assert broken.told() == [(NAME, "raised"), (NAME, "cleared")]
    assert works.told() == [(NAME, "raised")]
    works.works = True
    runs.succeed()
    assert works.told() == broken.told() == [(NAME, "raised"), (NAME, "cleared")]


def test_a_run_that_had_begun_before_the_failure_proves_nothing() -> None:
    channel = MemoryChannel()
    runs = Runs(channel)
    early, failing = runs.start(), runs.start()
    runs.clock.advance(1)
    runs.failures.failed(failing, "late")
    runs.failures.succeeded(early)
    runs.failures.succeeded(failing)
    assert channel.told() == [(NAME, "raised")]
    runs.failures.succeeded(TaskRun("load_ticks", "load", "later", runs.clock.now() + timedelta(seconds=1)))
    assert channel.told() == [(NAME, "raised"), (NAME, "cleared")]
