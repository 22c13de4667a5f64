"""Hints: few, complete, and never repeated."""

from __future__ import annotations

import json

import pytest

from streaming.consumer.landings import Landings
from tests.fakes.clock import ManualClock
from tests.fakes.producer import MemoryPublisher
from ticklake.errors import BrokerUnavailable

GAP_S = 5.0


class Hints:
    """Landings on fakes, and what they have told."""

    def __init__(self) -> None:
        self.clock, self.publisher = ManualClock(), MemoryPublisher()
        self.landings = Landings(self.publisher, 3, GAP_S, self.clock)

    def told(self) -> list[dict[str, int]]:
        return [json.loads(value or b"") for _, value in self.publisher.records]


@pytest.fixture
def hints() -> Hints:
    return Hints()


def test_nothing_is_told_when_nothing_landed(hints: Hints) -> None:
    hints.landings.tell()
    assert hints.told() == []


def test_the_first_landing_is_told_at_once_by_partition(hints: Hints) -> None:
    hints.landings.landed({1: 20, 0: 10})
    hints.landings.tell()
    assert hints.told() == [{"generation": 3, "partition": 0, "end": 10}, {"generation": 3, "partition": 1, "end": 20}]
    assert [key for key, _ in hints.publisher.records] == [b"0", b"1"]


def test_what_lands_within_the_gap_is_told_together_after_it(hints: Hints) -> None:
    hints.landings.landed({0: 10})
    hints.landings.tell()
    for end in (11, 12):
        hints.landings.landed({0: end})
        hints.landings.tell()
    assert len(hints.told()) == 1
    hints.clock.advance(GAP_S)
    hints.landings.tell()
    hints.clock.advance(GAP_S)
    hints.landings.tell()
    assert [hint["end"] for hint in hints.told()] == [10, 12]


def test_a_hint_that_is_lost_is_not_repeated_and_the_next_waits_its_gap(hints: Hints) -> None:
    hints.publisher.failing = True
    hints.landings.landed({0: 10})
    with pytest.raises(BrokerUnavailable):
        hints.landings.tell()
    hints.publisher.failing = False
    hints.publisher.records.clear()
    hints.landings.tell()
    hints.landings.landed({0: 11})
    hints.landings.tell()
    assert hints.told() == []
    hints.clock.advance(GAP_S)
    hints.landings.tell()
    assert [hint["end"] for hint in hints.told()] == [11]
