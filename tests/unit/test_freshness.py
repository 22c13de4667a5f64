"""One hop is to blame for what is late; those behind it say what they wait for."""

from __future__ import annotations

import pytest

from ticklake.freshness import HOPS, Reading, State, judge

TARGETS = {"event": 10.0, "lake": 15.0, "warehouse": 60.0}


@pytest.mark.parametrize(
    ("waiting", "states"),
    [
        ((0.0, 0.0, 0.0), ("fresh", "fresh", "fresh")),
        ((10.0, 15.0, 60.0), ("fresh", "fresh", "fresh")),
        ((11.0, 0.0, 0.0), ("cause", "waiting", "waiting")),
        ((0.0, 16.0, 0.0), ("fresh", "cause", "waiting")),
        ((0.0, 16.0, 61.0), ("fresh", "cause", "cause")),
        ((0.0, 0.0, 61.0), ("fresh", "fresh", "cause")),
        ((None, None, None), ("unknown", "unknown", "unknown")),
        ((0.0, 16.0, None), ("fresh", "cause", "unknown")),
    ],
)
def test_who_is_to_blame(waiting: tuple[float | None, ...], states: tuple[State, ...]) -> None:
    hops = judge({name: Reading(1.0, each) for name, each in zip(HOPS, waiting, strict=True)}, TARGETS)
    assert tuple(hop.state for hop in hops) == states


def test_a_hop_that_waits_names_the_cause() -> None:
    event, lake, warehouse = judge({"event": Reading(1.0, 0.0), "lake": Reading(40.0, 40.0), "warehouse": Reading(45.0, 50.0)}, TARGETS)
    assert event.says == "up to date"
    assert lake.says == "late: the oldest has waited 40 s, target 15 s"
    assert warehouse.says == "waiting for lake"
