"""Backoff and circuit breaker: how long to wait, and when to ask again."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.chance import Longest
from tests.fakes.clock import ManualClock
from ticklake.errors import QuotaSpent, SourceUnavailable
from ticklake.patience import MOST_ASKED_S, Backoff, Breaker, Patience, retry_after_s


def test_the_longest_wait_doubles_up_to_a_limit() -> None:
    backoff = Backoff(Longest(), first_s=1, most_s=10)
    assert [backoff.failed() for _ in range(6)] == [1, 2, 4, 8, 10, 10]
    backoff.succeeded()
    assert backoff.failed() == 1


def test_what_the_provider_asks_for_is_honoured() -> None:
    backoff = Backoff(Longest(), first_s=1, most_s=10)
    assert backoff.failed(after_s=120) == 120
    assert backoff.failed(after_s=0.5) == 2


def test_no_provider_asks_for_more_than_a_day() -> None:
    """A thread cannot even wait for some of what a header may say, and would end with every source of the process."""
    for asked_s in (1e6, 1e11, 1e300):
        assert Backoff(Longest()).failed(after_s=asked_s) == MOST_ASKED_S < threading.TIMEOUT_MAX


@given(text=st.text(max_size=40) | st.from_regex(r"[0-9]{1,400}", fullmatch=True))
def test_no_retry_after_is_a_surprise(text: str) -> None:
    seconds = retry_after_s(text, datetime(2026, 11, 23, 17, 1, tzinfo=UTC))
    assert seconds is None or seconds >= 0


@given(seed=st.integers(), failures=st.integers(1, 2000), first=st.floats(0.01, 5), most=st.floats(5, 300))
def test_a_wait_lies_between_nothing_and_the_longest(seed: int, failures: int, first: float, most: float) -> None:
    backoff = Backoff(Random(seed), first_s=first, most_s=most)
    for number in range(failures):
        assert 0 <= backoff.failed() <= min(first * 2.0 ** min(number, 62), most)


def test_waits_are_drawn_from_the_whole_range() -> None:
    """Full jitter: half of them are shorter than half of the longest, which "equal jitter" would never give."""
    waits = [Backoff(Random(seed), first_s=8).failed() for seed in range(400)]
    assert 150 < sum(wait < 4 for wait in waits) < 250


def test_a_breaker_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(ManualClock(), failures=3)
    for _ in range(5):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert not breaker.is_open
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    assert breaker.is_open
    assert not breaker.allows()


def test_an_open_breaker_lets_one_probe_through_in_each_cool_down() -> None:
    clock = ManualClock()
    breaker = Breaker(clock, failures=1, cooldown_s=30)
    breaker.failed()
    clock.advance(29)
    assert not breaker.allows()
    assert breaker.wait_s() == 1
    clock.advance(1)
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.failed()
    clock.advance(29)
    assert not breaker.allows()
    clock.advance(1)
    assert breaker.allows()
    breaker.succeeded()
    assert [breaker.allows(), breaker.allows()] == [True, True]


@given(st.lists(st.one_of(st.booleans(), st.floats(0, 100)), max_size=60))
def test_an_open_breaker_never_lets_two_calls_through_in_a_cool_down(events: list[bool | float]) -> None:
    clock = ManualClock()
    breaker = Breaker(clock, failures=2, cooldown_s=30)
    probes: list[float] = []
    for event in events:
        if not isinstance(event, bool):
            clock.advance(event)
            continue
        was_open = breaker.is_open
        if not breaker.allows():
            continue
        if was_open:
            probes.append(clock.monotonic())
        if event:
            breaker.succeeded()
            probes.clear()
        else:
            breaker.failed()
    assert all(later - earlier >= 30 for earlier, later in pairwise(probes))


def test_both_together_wait_for_the_longest_of_all() -> None:
    clock = ManualClock()
    patience = Patience(clock, Longest(), first_s=1, most_s=60, failures=3, cooldown_s=40)
    assert patience.failed(SourceUnavailable("busy")) == 1
    assert patience.failed(SourceUnavailable("busy", after_s=7)) == 7
    assert not patience.is_open
    assert patience.failed() == 40
    assert patience.is_open
    patience.succeeded()
    assert patience.failed() == 1


def test_a_spent_quota_waits_for_its_reset_and_opens_nothing() -> None:
    clock = ManualClock()
    patience = Patience(clock, Longest(), failures=1)
    assert patience.failed(QuotaSpent("25 calls are spent", clock.now() + timedelta(hours=5))) == 5 * 3600
    assert patience.failed(QuotaSpent("25 calls are spent", clock.now() - timedelta(hours=5))) == 0
    assert not patience.is_open
