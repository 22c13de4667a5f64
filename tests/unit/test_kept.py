"""A kept source: what it raises decides what becomes of it, and none of it reaches the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from streaming.producer.kept import COOLDOWN_S, Kept
from streaming.producer.rejects import MOST_REASONS, QUIET_S, Rejects
from streaming.producer.source import Source, SourceHealth, State, Wait
from tests.fakes.clock import ManualClock
from tests.fakes.producer import ListSource
from tests.fixtures.logs import logged
from tests.unit.test_producer import tick
from ticklake.errors import BadLine, BadPayload, ConfigError, QuotaSpent, Reject, SourceRefused, SourceUnavailable
from ticklake.patience import Patience
from ticklake.tick import Tick


class Life:
    """A kept source on a manual clock; it is stopped when it has waited so often."""

    def __init__(self, source: Source, *, waits: int = 10) -> None:
        self.clock = ManualClock()
        self.kept = Kept(source, Patience(self.clock, Random(1)), self.clock)
        self.slept: list[float] = []
        self.seen: list[SourceHealth] = []
        self._waits = waits

    def wait(self, seconds: float) -> bool:
        if seconds:
            self.slept.append(seconds)
            self.seen.append(self.kept.health())
            self.clock.advance(seconds)
        return len(self.slept) >= self._waits

    def go(self) -> list[Tick | Reject]:
        return list(self.kept.ticks(self.wait))


def state(life: Life) -> tuple[State, str]:
    health = life.kept.health()
    return health.state, health.detail


def test_a_retry_is_waited_for_and_the_source_asked_anew() -> None:
    life = Life(ListSource([tick(0), SourceUnavailable("busy", after_s=7.0), tick(1)]))
    assert len(life.go()) == 2
    assert life.slept[0] == 7.0
    assert (life.seen[0].state, life.seen[0].detail) == ("waiting", "busy")
    assert life.kept.health() == SourceHealth("ended", errors={"SourceUnavailable": 1})
    assert (life.kept.taken, life.kept.last) == (2, {"A": 1007.0})


def test_a_spent_quota_is_waited_for_until_it_is_there_again() -> None:
    life = Life(ListSource([QuotaSpent("25 a day", datetime(2026, 11, 24, 5, tzinfo=UTC)), tick(0)]))
    life.go()
    assert timedelta(seconds=life.slept[0]) == timedelta(hours=14, minutes=30)


def test_failures_in_a_row_are_waited_for_longer_until_a_tick_comes() -> None:
    failures = [SourceUnavailable("busy") for _ in range(6)]
    life = Life(ListSource([*failures, tick(0), SourceUnavailable("busy")]), waits=7)
    life.go()
    assert life.slept[5] >= 60.0, "the breaker is open"
    assert life.slept[6] <= 1.0


@pytest.mark.parametrize("error", [SourceRefused("wrong key"), ConfigError("no key")])
def test_a_stop_ends_the_source_and_says_so(error: SourceRefused | ConfigError) -> None:
    life = Life(ListSource([tick(0), error, tick(1)]))
    assert len(life.go()) == 1
    assert state(life) == ("refused", str(error))
    assert life.kept.refusal is error
    assert life.slept == []


def test_what_nobody_foresaw_is_tried_again_later_and_its_text_is_not_told() -> None:
    life = Life(ListSource([ValueError("token=secret"), tick(0)]))
    with logged() as events:
        life.go()
    assert [each["event"] for each in events] == ["source_failed", "source_ended"]
    assert "secret" not in str(events)
    assert life.slept[0] == COOLDOWN_S
    assert life.seen[0].state == "down"
    assert life.seen[0].detail.startswith("ValueError at producer.py:")
    assert life.kept.health().errors == {"ValueError": 1}


def test_a_stop_of_the_process_is_not_the_end_of_the_source() -> None:
    life = Life(ListSource([tick(0)], endless=True), waits=1)
    life.go()
    assert state(life) == ("ok", "")
    waiting = Life(ListSource([SourceUnavailable("busy")]), waits=1)
    waiting.go()
    assert state(waiting) == ("waiting", "busy")


def test_an_unknown_recovery_is_not_believed_before_the_first_tick() -> None:
    life = Life(ListSource([SourceUnavailable("busy"), BadPayload("list", "rubbish"), SourceUnavailable("busy"), tick(0)], endless=True), waits=3)
    life.go()
    assert [each.state for each in life.seen] == ["waiting", "waiting", "ok"]


class ObservedSource(ListSource):
    """Tells how it is."""

    def health(self) -> SourceHealth:
        return SourceHealth("waiting", "closed", calls_left=3, errors={"SourceUnavailable": 2}, reconnects=1, gaps=4)

    def ticks(self, wait: Wait) -> Iterator[Tick | Reject]:
        yield from super().ticks(wait)


def test_what_the_source_says_of_itself_counts_and_its_keeper_s_errors_are_added() -> None:
    life = Life(ObservedSource([SourceUnavailable("gone"), tick(0)], endless=True), waits=2)
    life.go()
    assert [each.detail for each in life.seen] == ["gone", "closed"]
    assert life.kept.health() == SourceHealth("waiting", "closed", 3, {"SourceUnavailable": 3}, 1, 4)


class SpeechlessSource(ObservedSource):
    """Cannot tell how it is any more."""

    asked = 0

    def health(self) -> SourceHealth:
        self.asked += 1
        if self.asked > 1:
            raise OSError("disk: secret")
        return super().health()


def test_a_source_that_cannot_tell_how_it_is_counts_as_down_and_harms_nobody() -> None:
    kept = Life(SpeechlessSource([])).kept
    assert kept.health().state == "waiting"
    health = kept.health()
    assert (health.state, health.gaps) == ("down", 4)
    assert health.detail.startswith("cannot tell how it is: OSError at test_kept.py:")


def test_rejects_are_counted_by_source_and_told_once_a_burst() -> None:
    clock = ManualClock()
    rejects = Rejects(clock)
    with logged() as events:
        for _ in range(3):
            rejects.take("a", BadPayload("a", "rubbish"))
        clock.advance(QUIET_S)
        rejects.take("a", BadPayload("a", "rubbish"))
        rejects.take("b", BadPayload("b", "rubbish"))
        for number in range(2):
            rejects.take("replay", BadLine("f", number, "no"))
    assert rejects.counts == {("a", "BadPayload"): 4, ("b", "BadPayload"): 1, ("replay", "BadLine"): 2}
    told = [(each["event"], each.get("source"), each.get("payloads")) for each in events]
    assert told == [("payloads_rejected", "a", 1), ("payloads_rejected", "a", 3), ("payloads_rejected", "b", 1), *[("bad_line", None, None)] * 2]


def test_another_reason_is_told_too_but_not_any_number_of_them() -> None:
    """That a product does not exist must not be lost behind a trade without a price."""
    rejects = Rejects(ManualClock())
    with logged() as events:
        for number in range(MOST_REASONS + 3):
            for _ in range(2):
                rejects.take("a", BadPayload("a", f"reason {number}"))
    assert [each["reason"] for each in events] == [f"a: reason {number}" for number in range(MOST_REASONS)]
