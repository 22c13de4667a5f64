"""What arrived late counts with its delay, what has not arrived with its present age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake_cli.facts import percentile
from ticklake_cli.latency import Arrival, measure

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def arrival(age_s: float, to_lake_s: float | None, to_warehouse_s: float | None) -> Arrival:
    received = NOW - timedelta(seconds=age_s)
    lake, warehouse = (None if took is None else received + timedelta(seconds=took) for took in (to_lake_s, to_warehouse_s))
    return Arrival(received, lake, warehouse)


def test_what_has_not_arrived_counts_at_its_present_age() -> None:
    report = measure([*(arrival(100, 2, 20) for _ in range(98)), arrival(100, None, None), arrival(100, 2, None)], NOW, 300)
    assert report["ticks"] == 100
    assert report["to_lake"] == {"p50": 2.0, "p95": 2.0, "p99": 2.0}
    assert report["to_warehouse"] == {"p50": 20.0, "p95": 20.0, "p99": 100.0}


@pytest.mark.parametrize(
    ("age_s", "lake", "warehouse"), [(5, False, False), (7, True, False), (29, True, False), (31, True, True), (305, True, True), (307, False, True)]
)
def test_each_hop_looks_at_the_window_that_ended_one_target_ago(age_s: float, lake: bool, warehouse: bool) -> None:
    report = measure([arrival(age_s, 1, 2)], NOW, 300)
    assert (report["to_lake"] is not None, report["to_warehouse"] is not None) == (lake, warehouse)


def test_nothing_received_is_nothing_measured() -> None:
    assert measure([], NOW, 300) == {"ticks": 0, "window_s": 300, "to_lake": None, "to_warehouse": None, "to_screen": None}


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_the_smallest_value_that_covers_its_share(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)
