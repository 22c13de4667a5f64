"""Records of a recreated topic never get into the generation of the one before."""

from __future__ import annotations

import threading

import pytest

from streaming.consumer.life import Life
from tests.fakes.clock import ManualClock
from ticklake.errors import BrokerUnavailable, ChainBroken


class Ids:
    """What a broker answers: an id, or nothing."""

    def __init__(self, *answers: str | None) -> None:
        self._answers = list(answers)

    def __call__(self) -> str:
        answer = self._answers.pop(0)
        if answer is None:
            raise BrokerUnavailable("away")
        return answer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_a_topic_with_another_id_is_another(clock: ManualClock) -> None:
    life = Life("t", Ids("one", "one", "two"), clock)
    life.check()
    with pytest.raises(ChainBroken, match="topic t was recreated"):
        life.check()


def test_it_lasts_until_the_broker_says_otherwise(clock: ManualClock) -> None:
    life = Life("t", Ids("one", None, "one", "two"), clock)
    assert life.lasts(clock.monotonic(), threading.Event())
    clock.advance(1)
    with pytest.raises(ChainBroken):
        life.lasts(clock.monotonic(), threading.Event())


def test_an_answer_serves_what_was_polled_before_it_was_asked_for_and_nothing_else(clock: ManualClock) -> None:
    life = Life("t", Ids("one", "one", "two"), clock)
    before = clock.monotonic()
    clock.advance(1)
    life.check()
    assert life.lasts(before, threading.Event())
    with pytest.raises(ChainBroken):
        life.lasts(clock.monotonic(), threading.Event())


def test_an_answer_that_took_long_says_nothing_of_what_was_polled_meanwhile(clock: ManualClock) -> None:
    ids = Ids("one", "one", "two")

    def slowly() -> str:
        clock.advance(5)
        return ids()

    life = Life("t", slowly, clock)
    clock.advance(1)
    life.check()
    with pytest.raises(ChainBroken):
        life.lasts(clock.monotonic() - 1, threading.Event())


def test_nobody_waits_for_what_is_given_up(clock: ManualClock) -> None:
    given_up = threading.Event()
    given_up.set()
    assert not Life("t", Ids("one"), clock).lasts(clock.monotonic(), given_up)
