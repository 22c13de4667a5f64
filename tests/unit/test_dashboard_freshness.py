"""With each hop frozen in turn, exactly that hop is named, in time, and those behind it say what they wait for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dashboard.freshness import SCREEN_TARGET_S, Hop, Level, Targets, hops
from dashboard.market_data import Snapshot
from tests.fakes.market_data import NOW, latest_frame, snapshot

TARGETS = Targets(lake_s=15, warehouse_s=60)


def by_name(shown: Snapshot | None, now: datetime = NOW, every_s: float | None = 2.0) -> dict[str, Hop]:
    line = hops(shown, now, TARGETS, every_s)
    assert [hop.name for hop in line] == ["event", "lake", "warehouse", "screen"]
    return {hop.name: hop for hop in line}


def frozen(hop: str, seconds: float) -> tuple[Snapshot, datetime]:
    """The board and the time, `seconds` after a hop has stopped and all others have gone on."""
    now = NOW + timedelta(seconds=seconds)
    shown = snapshot(latest_frame({}))
    flowing = replace(shown.stream, at=now, received_at=now, lake_since=now - timedelta(seconds=4), warehouse_since=now - timedelta(seconds=8))
    match hop:
        case "event":  # what was sent before has gone through
            return replace(shown, at=now, stream=replace(flowing, received_at=NOW, lake_since=None, warehouse_since=None)), now
        case "lake":
            return replace(shown, at=now, stream=replace(flowing, lake_since=NOW, warehouse_since=None)), now
        case "warehouse":
            return replace(shown, at=now, stream=replace(flowing, warehouse_since=NOW)), now
        case "screen":
            return shown, now
        case _:
            return replace(shown, at=now, stream=flowing, received_at=now - timedelta(seconds=15)), now


@pytest.mark.parametrize(
    ("hop", "target_s"), [("event", TARGETS.event_s), ("lake", TARGETS.lake_s), ("warehouse", TARGETS.warehouse_s), ("screen", SCREEN_TARGET_S)]
)
def test_a_frozen_hop_is_named_within_twice_its_target_and_alone(hop: str, target_s: float) -> None:
    line = by_name(*frozen(hop, 2 * target_s))
    assert [name for name, each in line.items() if each.level is Level.STALE] == [hop]
    order = list(line)
    for behind in order[order.index(hop) + 1 :]:
        assert line[behind].text == f"waiting for {hop}"
    for before in order[: order.index(hop)]:
        assert line[before].level is Level.OK


@pytest.mark.parametrize(
    ("hop", "target_s"), [("event", TARGETS.event_s), ("lake", TARGETS.lake_s), ("warehouse", TARGETS.warehouse_s), ("screen", SCREEN_TARGET_S)]
)
def test_no_hop_is_late_before_its_target(hop: str, target_s: float) -> None:
    assert not any(each.level is Level.STALE for each in by_name(*frozen(hop, target_s)).values())


def test_a_stream_that_flows_is_fresh_on_every_hop() -> None:
    assert {hop.level for hop in by_name(*frozen("nothing", 600)).values()} == {Level.OK}


def test_a_closed_exchange_is_never_late() -> None:
    shown = snapshot(latest_frame({}))
    weekend = NOW + timedelta(days=2)
    closed = replace(shown, at=weekend, stream=replace(shown.stream, at=weekend, expected_since=None))
    line = by_name(closed, weekend)
    assert (line["event"].level, line["event"].text) == (Level.QUIET, "CLOSED, last tick 2 d 0 h ago")
    assert not any(each.level is Level.STALE for each in line.values())


def test_an_exchange_that_has_just_opened_has_its_time() -> None:
    shown = snapshot(latest_frame({}))
    opening = NOW + timedelta(hours=18)
    opened = replace(shown, at=opening, stream=replace(shown.stream, at=opening, expected_since=opening - timedelta(seconds=5)))
    assert by_name(opened, opening)["event"].level is Level.OK
    late = opening + timedelta(seconds=20)
    assert by_name(replace(opened, at=late), late)["event"].level is Level.STALE


def test_a_broker_that_does_not_answer_is_said_and_nobody_is_blamed() -> None:
    shown = snapshot(latest_frame({}))
    lost = replace(shown, stream=replace(shown.stream, problem="The broker does not answer. Run ticklake status."))
    line = by_name(lost)
    assert {line[name].level for name in ("event", "lake", "warehouse")} == {Level.UNKNOWN}
    assert line["event"].detail.startswith("The broker does not answer.")
    assert line["screen"].level is Level.OK


def test_a_tail_that_still_reads_says_so() -> None:
    shown = snapshot(latest_frame({}))
    line = by_name(replace(shown, stream=replace(shown.stream, caught_up=False)))
    assert "being read" in line["event"].detail


def test_nothing_is_claimed_of_nothing() -> None:
    assert {hop.level for hop in by_name(None).values()} == {Level.UNKNOWN}
    empty = snapshot(latest_frame())
    assert by_name(empty)["event"].text == "LATE 60 min"
    assert by_name(replace(empty, stream=replace(empty.stream, expected_since=None)))["warehouse"].text == "none yet"


def test_a_paused_screen_says_of_when_it_is() -> None:
    assert by_name(snapshot(latest_frame({})), every_s=None)["screen"].text == "paused at 15:00:00 UTC"
