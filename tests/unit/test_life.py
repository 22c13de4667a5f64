"""Records of a recreated topic never get into the generation of the one before."""

from __future__ import annotations

import threading

import pytest

from streaming.consumer.life import Life
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


def test_a_topic_with_another_id_is_another() -> None:
    life = Life("t", Ids("one", "one", "two"))
    life.check()
    with pytest.raises(ChainBroken, match="topic t was recreated"):
        life.check()


def test_it_lasts_until_the_broker_says_otherwise() -> None:
    life = Life("t", Ids("one", None, "one", "two"))
    assert life.lasts(threading.Event())
    with pytest.raises(ChainBroken):
        life.lasts(threading.Event())


def test_nobody_waits_for_what_is_given_up() -> None:
    given_up = threading.Event()
    given_up.set()
    assert not Life("t", Ids("one")).lasts(given_up)
