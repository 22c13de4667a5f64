"""Health is what was achieved lately: an outage shows, silence on the topic does not."""

from __future__ import annotations

import pytest

from streaming.consumer.health import Health
from streaming.consumer.progress import Progress
from streaming.member import SILENT_S, STALE_S
from tests.fakes.clock import ManualClock

FLUSH_AGE_S = 5.0


class Watched:
    """A consumer whose progress the test writes."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.progress = Progress(self.clock.monotonic())
        self.health = Health(self.progress, FLUSH_AGE_S, self.clock)

    def after(self, seconds: float, *, polled: bool = True, committed: bool = False) -> bool:
        """Whether it is healthy after so many seconds."""
        self.clock.advance(seconds)
        if polled:
            self.progress.polled_at = self.clock.monotonic()
        if committed:
            self.progress.committed_at = self.clock.monotonic()
        return self.health.healthy().ok


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_loop_that_hangs_is_ill_and_says_since_when(watched: Watched) -> None:
    assert watched.after(STALE_S, polled=False)
    assert not watched.after(2.0, polled=False)
    assert watched.health.healthy().says == "the last successful poll was 47 s ago"
    assert watched.after(0.0)


def test_a_topic_without_records_is_no_illness(watched: Watched) -> None:
    assert watched.after(86_400)


def test_records_that_wait_longer_than_their_age_and_the_limit_make_it_ill(watched: Watched) -> None:
    watched.after(1_000)
    watched.progress.held_since = watched.clock.monotonic()
    assert watched.after(FLUSH_AGE_S + STALE_S - 1)
    watched.progress.store_error = "503"
    assert not watched.after(2)
    assert watched.health.healthy().says == "nothing was committed for 1051 s, while the oldest record has waited for 51 s; the store: 503"
    assert watched.after(0, committed=True), "a long backlog that is being worked off is no illness"


def test_it_is_ready_when_its_partitions_flow_and_the_store_answers(watched: Watched) -> None:
    assert watched.health.ready() == (False, "waits for its partitions")
    watched.progress.settled, watched.progress.lag = True, {2: 0, 0: 5}
    assert watched.health.ready() == (True, "partitions: 0, 2")
    watched.progress.store_error, watched.progress.held_since = "reset", watched.clock.monotonic()
    assert watched.health.ready() == (False, "the store did not answer: reset")
    watched.progress.held_since, watched.progress.lag = None, {}
    assert watched.health.ready() == (True, "partitions: none, others have them all")


def test_it_is_not_ready_while_the_broker_is_away(watched: Watched) -> None:
    watched.progress.settled = True
    watched.after(SILENT_S, polled=False)
    assert watched.health.ready().ok
    watched.after(1, polled=False)
    assert watched.health.ready() == (False, "the broker has not answered for 16 s")


def test_the_report_has_both_verdicts_and_the_figures(watched: Watched) -> None:
    watched.progress.settled, watched.progress.lag = True, {0: 5, 1: 2}
    report = watched.health.report()
    assert (report["healthy"], report["ready"], report["lag"], report["lag_by_partition"]) == (True, True, 7, {"0": 5, "1": 2})
