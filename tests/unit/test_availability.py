"""Minutes are judged as a second-by-second computation judges them, and alarms are raised after some, cleared by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake.availability import Wait, Way, verdicts, waits
from ticklake.measurement import Measurement
from ticklake.thresholds import Threshold, Watch, judge
from ticklake_airflow.monitoring.ledger import awake_s

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TARGETS = {"event": 10.0, "lake": 15.0, "warehouse": 60.0}
spans = st.tuples(st.sampled_from(sorted(TARGETS)), st.integers(-200, 400), st.integers(0, 300))


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


@given(st.lists(spans, max_size=6), st.sets(st.integers(0, 4)))
def test_a_minute_is_good_when_no_second_of_it_is_late(found: list[tuple[str, int, int]], silent: set[int]) -> None:
    waited = [Wait(hop, at(begin), at(begin + length)) for hop, begin, length in found]

    def good(minute: int) -> bool:
        late = {hop for second in range(minute * 60, minute * 60 + 60) for hop, begin, length in found if begin + TARGETS[hop] <= second < begin + length}
        return not (late - {"event"} if minute in silent else late)

    judged = verdicts(NOON, at(300), waited, TARGETS, lambda minute: (minute - NOON).seconds // 60 not in silent)
    assert judged == {at(60 * minute): good(minute) for minute in range(5)}


def test_the_ways_of_objects_tell_what_waited_and_when_nothing_came() -> None:
    ways = [Way(at(40), at(44), at(45), at(60)), Way(at(0), at(4), at(5), at(20)), Way(at(3), at(6), at(8), at(20))]
    assert set(waits(ways)) == {
        *(Wait("lake", way.first_at, way.landed_at) for way in ways),
        *(Wait("warehouse", way.landed_at, way.merged_at) for way in ways),
        Wait("event", at(6), at(40)),
    }


def test_an_unfinished_minute_is_not_judged() -> None:
    assert list(verdicts(NOON, at(119), [], TARGETS, lambda _: True)) == [NOON]


@pytest.mark.parametrize(("bad", "values"), [("above", (1, 9, 9, 9, 1, 1, 9)), ("below", (9, 1, 1, 1, 9, 9, 1))])
def test_an_alarm_is_raised_after_some_in_a_row_and_cleared_by_one(bad: str, values: tuple[int, ...]) -> None:
    threshold = Threshold("a", "m", bad, 5, 2, "look")  # type: ignore[arg-type]
    watch, changes = Watch(), []
    for minute, value in enumerate(values):
        watch, change = judge(threshold, watch, [Measurement("m", value, "s")], at(60 * minute))
        changes.append(change and (change.state, (change.changed_at - change.since).seconds))
    assert changes == [None, None, ("raised", 0), None, ("cleared", 120), None, None]


def test_of_several_values_the_worst_counts_and_without_one_nothing_changes() -> None:
    threshold = Threshold("a", "m", "above", 5, 1, "look")
    watch, change = judge(threshold, Watch(), [Measurement("m", 9, "s", {"hop": "lake"}), Measurement("m", 1, "s"), Measurement("x", 99, "s")], NOON)
    assert change
    assert change.detail == "m (hop lake) is 9 s, limit 5"
    assert judge(threshold, watch, [Measurement("x", 1, "s")], NOON) == (watch, None)


def test_a_warehouse_is_awake_from_a_session_s_begin_to_a_minute_after_the_last() -> None:
    assert awake_s([]) == 0
    assert awake_s([(at(10), 10), (at(40), 5), (at(300), 20)]) == 100 + 80
