"""The quota budget: whatever happens to clock and process, the plan holds."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.fakes.clock import ManualClock
from ticklake.errors import ConfigError, QuotaSpent, Retry, SourceUnavailable
from ticklake_io.budget import US_EASTERN, Plan, QuotaBudget

FREE = Plan(a_day=25, gap_s=1.1)


class StepClock(ManualClock):
    """A clock whose wall clock can be set, as an administrator or NTP does."""

    def step(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def spend(budget: QuotaBudget, clock: ManualClock, most: int) -> int:
    """Calls that could be made, each as soon as the plan allows."""
    for made in range(most):
        try:
            while (pause_s := budget.wait_s()) > 0:
                clock.advance(pause_s)
            budget.take()
        except QuotaSpent:
            return made
    return most


def test_a_day_has_its_calls_and_the_next_one_begins_at_the_providers_midnight(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 11, 23, 14, 30, tzinfo=UTC))
    budget = QuotaBudget(tmp_path / "calls.json", FREE, clock)
    assert budget.calls_left() == 25
    assert spend(budget, clock, 100) == 25
    assert budget.calls_left() == 0
    with pytest.raises(QuotaSpent) as spent:
        budget.take()
    assert spent.value.until == budget.resets_at() == datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    clock.advance((spent.value.until - clock.now()).total_seconds() - 0.001)
    assert budget.calls_left() == 0
    clock.advance(0.001)
    assert budget.calls_left() == 25
    assert spend(budget, clock, 100) == 25


@pytest.mark.parametrize(
    ("at", "reset"),
    [
        (datetime(2026, 3, 8, 4, 30, tzinfo=UTC), datetime(2026, 3, 8, 5, 0, tzinfo=UTC)),  # still 7 March, winter time
        (datetime(2026, 3, 8, 12, 0, tzinfo=UTC), datetime(2026, 3, 9, 4, 0, tzinfo=UTC)),  # a day of 23 hours
        (datetime(2026, 11, 1, 12, 0, tzinfo=UTC), datetime(2026, 11, 2, 5, 0, tzinfo=UTC)),  # one of 25
    ],
)
def test_the_reset_follows_summer_time(tmp_path: Path, at: datetime, reset: datetime) -> None:
    assert QuotaBudget(tmp_path / "calls.json", FREE, ManualClock(at)).resets_at() == reset


def test_two_calls_are_never_closer_than_the_gap(tmp_path: Path) -> None:
    clock = ManualClock()
    budget = QuotaBudget(tmp_path / "calls.json", FREE, clock)
    budget.take()
    clock.advance(0.6)
    with pytest.raises(SourceUnavailable) as early:
        budget.take()
    assert early.value.after_s == pytest.approx(0.5)
    assert budget.calls_left() == 24
    assert budget.since_last_s() == pytest.approx(0.6)


def test_a_minute_never_holds_more_than_the_plan_says(tmp_path: Path) -> None:
    clock = ManualClock()
    budget = QuotaBudget(tmp_path / "calls.json", Plan(a_minute=5), clock)
    assert [spend(budget, clock, 5), budget.calls_left()] == [5, 0]
    assert budget.wait_s() == 61
    clock.advance(61)
    assert [budget.wait_s(), budget.calls_left()] == [0, 5]


def test_a_restart_keeps_the_count(tmp_path: Path) -> None:
    clock = ManualClock()
    spend(QuotaBudget(tmp_path / "state" / "calls.json", FREE, clock), clock, 12)
    again = QuotaBudget(tmp_path / "state" / "calls.json", FREE, clock)
    assert again.calls_left() == 13
    assert again.wait_s() == pytest.approx(1.1)
    assert spend(again, clock, 100) == 13


def test_the_call_is_on_disk_before_it_may_be_made(tmp_path: Path) -> None:
    path = tmp_path / "calls.json"
    QuotaBudget(path, FREE, ManualClock()).take()
    assert msgspec.json.decode(path.read_bytes())["used"] == 1


def test_what_the_provider_calls_spent_is_spent(tmp_path: Path) -> None:
    clock = ManualClock()
    budget = QuotaBudget(tmp_path / "calls.json", FREE, clock)
    budget.take()
    budget.exhaust()
    assert QuotaBudget(tmp_path / "calls.json", FREE, clock).calls_left() == 0


def test_a_damaged_count_is_no_leave_to_call(tmp_path: Path) -> None:
    path = tmp_path / "calls.json"
    path.write_text('{"day": "2026')
    with pytest.raises(ConfigError, match=r"calls\.json is damaged"):
        QuotaBudget(path, FREE, ManualClock()).take()


def test_a_clock_set_back_grants_nothing_and_stops_nothing(tmp_path: Path) -> None:
    clock = StepClock(datetime(2026, 11, 24, 5, 0, 10, tzinfo=UTC))
    budget = QuotaBudget(tmp_path / "calls.json", FREE, clock)
    assert spend(budget, clock, 10) == 10
    clock.step(-3600)  # into the day before
    assert budget.calls_left() == 15
    assert budget.wait_s() == pytest.approx(1.1)
    restarted, begin = QuotaBudget(tmp_path / "calls.json", FREE, clock), clock.monotonic()
    assert spend(restarted, clock, 100) == 15
    assert clock.monotonic() - begin == pytest.approx(15 * 1.1, abs=0.01)
    assert restarted.resets_at() - clock.now() < timedelta(days=1)


def test_a_clock_set_forward_does_not_shorten_the_gap(tmp_path: Path) -> None:
    clock = StepClock()
    budget = QuotaBudget(tmp_path / "calls.json", FREE, clock)
    budget.take()
    clock.step(30)
    assert budget.wait_s() == pytest.approx(1.1)


def test_threads_and_processes_share_one_count(tmp_path: Path) -> None:
    """Each has its own budget on the file, as the service and the command line do."""
    clock = ManualClock()
    made: list[int] = []

    def call() -> None:
        budget = QuotaBudget(tmp_path / "calls.json", Plan(a_day=25), clock)
        for _ in range(20):
            try:
                budget.take()
            except QuotaSpent:
                return
            made.append(1)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 25


plans = st.builds(Plan, a_day=st.none() | st.integers(1, 6), a_minute=st.none() | st.integers(1, 4), gap_s=st.sampled_from([0.0, 1.1, 7.0]))
events = st.lists(
    st.one_of(
        st.just("take"),
        st.just("take"),
        st.just("restart"),
        st.just("other"),
        st.tuples(st.just("advance"), st.floats(0, 90)),
        st.tuples(st.just("advance"), st.floats(0, 40_000)),
        st.tuples(st.just("back"), st.floats(0, 200_000)),
    ),
    max_size=60,
)


@given(plan=plans, events=events)
@hypothesis_settings(max_examples=150)
def test_nothing_that_happens_spends_more_than_the_plan(plan: Plan, events: list[str | tuple[str, float]]) -> None:
    """Calls of two processes, kills, restarts and steps back, against the time that really passed.

    A day is one of the provider's: `days` counts its midnights by the latest wall clock that anybody has seen.
    """
    clock = StepClock(datetime(2026, 11, 23, 22, 0, tzinfo=UTC))
    with TemporaryDirectory() as directory:
        path = Path(directory) / "calls.json"
        budgets = [QuotaBudget(path, plan, clock), QuotaBudget(path, plan, clock)]
        made: list[tuple[float, int]] = []
        for event in events:
            match event:
                case ("advance", float(seconds)):
                    clock.advance(seconds)
                case ("back", float(seconds)):
                    clock.step(-seconds)
                case "restart":
                    budgets = [QuotaBudget(path, plan, clock), QuotaBudget(path, plan, clock)]
                case _:
                    budget = budgets[event == "other"]
                    try:
                        budget.take()
                    except Retry:
                        continue
                    latest = msgspec.json.decode(path.read_bytes())["latest"]
                    day = datetime.fromtimestamp(latest / 1e6, US_EASTERN).toordinal()
                    made.append((clock.monotonic(), day))
    days = [day for _, day in made]
    assert days == sorted(days)
    if plan.a_day is not None:
        assert all(days.count(day) <= plan.a_day for day in days)
    times = [at for at, _ in made]
    assert all(later - earlier >= plan.gap_s - 2e-6 for earlier, later in pairwise(times))
    if plan.a_minute is not None:
        assert all(later - earlier >= 60 - 2e-6 for earlier, later in zip(times, times[plan.a_minute :], strict=False))
    # Midnights cannot come faster than time passes: by steps back alone no new day begins.
    if len(made) > 1:
        assert days[-1] - days[0] <= (times[-1] - times[0]) / 86_400 + 1


@given(at=st.integers(0, 20 * 366 * 86_400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)))
def test_a_day_always_ends_and_never_lasts_longer_than_its_hours(at: datetime) -> None:
    with TemporaryDirectory() as directory:
        reset = QuotaBudget(Path(directory) / "calls.json", FREE, ManualClock(at)).resets_at()
    assert timedelta(0) < reset - at <= timedelta(hours=25)
    assert reset.astimezone(US_EASTERN).time() == time(0)


@given(plan=plans, pauses=st.lists(st.floats(0, 30), max_size=20))
def test_after_the_wait_that_it_names_a_call_may_be_made_and_not_before(plan: Plan, pauses: list[float]) -> None:
    clock = ManualClock()
    with TemporaryDirectory() as directory:
        budget = QuotaBudget(Path(directory) / "calls.json", plan, clock)
        for pause in pauses:
            clock.advance(pause)
            try:
                wait_s = budget.wait_s()
            except QuotaSpent as spent:
                assert budget.calls_left() == 0
                wait_s = (spent.until - clock.now()).total_seconds()
            if wait_s > 0.001:
                clock.advance(wait_s - 0.001)
                with pytest.raises(Retry):
                    budget.take()
                clock.advance(0.001)
            if wait_s:
                clock.advance(2e-6)  # both clocks count in microseconds
            budget.take()
