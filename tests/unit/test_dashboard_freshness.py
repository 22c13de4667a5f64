from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.freshness import Hop, Level, Targets, hops, is_trading, market_line
from dashboard.market_data import Arrivals, Snapshot
from tests.fakes.market_data import NOW, latest_frame, snapshot

TARGETS = Targets(lake_s=15, warehouse_s=60)
NIGHT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def by_name(shown: Snapshot | None, now: datetime = NOW, every_s: float | None = 2.0, targets: Targets = TARGETS) -> dict[str, Hop]:
    line = hops(shown, now, targets, every_s)
    assert [hop.name for hop in line] == ["event", "lake", "warehouse", "screen"]
    return {hop.name: hop for hop in line}


def test_fresh_data_is_ok_on_every_hop() -> None:
    line = by_name(snapshot(latest_frame({})))
    assert {hop.level for hop in line.values()} == {Level.OK}
    assert line["event"].text == "14:59:57 UTC"
    assert (line["lake"].text, line["warehouse"].text, line["screen"].text) == ("in 5.0 s", "2 s", "0 s")


def test_only_the_warehouse_is_stale_when_nothing_is_loaded() -> None:
    shown = snapshot(latest_frame({}))
    later = NOW + timedelta(minutes=3)
    line = by_name(replace(shown, read_at=later), later)
    assert line["warehouse"].text == "STALE 3 min: no newer tick loaded"
    assert [line[name].level for name in ("event", "lake", "screen")] == [Level.OK] * 3


def test_objects_that_wait_for_the_merge_are_named() -> None:
    shown = snapshot(latest_frame({}))
    later = NOW + timedelta(minutes=3)
    line = by_name(replace(shown, read_at=later, arrivals=shown.arrivals._replace(unmerged=4)), later)
    assert line["warehouse"].text == "STALE 3 min: 4 objects copied, not merged"


def test_only_the_lake_is_late_when_records_waited_for_it() -> None:
    shown = snapshot(latest_frame({}))
    slow = shown.arrivals._replace(first_kafka_time=NOW - timedelta(seconds=41))
    line = by_name(replace(shown, arrivals=slow))
    assert (line["lake"].level, line["lake"].text) == (Level.STALE, "LATE: records waited 40 s")
    assert line["warehouse"].level == Level.OK


def test_a_silent_warehouse_makes_the_screen_stale() -> None:
    line = by_name(snapshot(latest_frame({})), NOW + timedelta(seconds=45))
    assert line["screen"].text == "STALE 45 s: no answer"
    assert line["warehouse"].level == Level.OK


@pytest.mark.parametrize(("every_s", "age_s", "level"), [(2.0, 9, Level.OK), (2.0, 11, Level.STALE), (30.0, 80, Level.OK), (30.0, 91, Level.STALE)])
def test_the_screen_is_judged_by_its_interval(every_s: float, age_s: int, level: Level) -> None:
    assert by_name(snapshot(latest_frame({})), NOW + timedelta(seconds=age_s), every_s)["screen"].level == level


def test_a_paused_screen_says_of_when_it_is() -> None:
    assert by_name(snapshot(latest_frame({})), every_s=None)["screen"].text == "paused at 15:00:00 UTC"


def test_nothing_is_claimed_of_an_empty_warehouse() -> None:
    line = by_name(Snapshot(snapshot(latest_frame()).board, Arrivals(), NOW, NOW))
    assert [line[name].level for name in ("event", "lake", "warehouse")] == [Level.UNKNOWN] * 3
    assert line["screen"].level == Level.OK
    assert by_name(None)["screen"].text == "no data"


def test_a_closed_exchange_is_never_stale() -> None:
    friday = datetime(2026, 11, 20, 21, 0)  # noqa: DTZ001 - as the warehouse gives it
    shown = snapshot(latest_frame({"FEED": "realtime", "EVENT_TIME": friday, "RECEIVED_AT": friday}), read_at=NIGHT)
    line = by_name(shown, NIGHT)
    assert (line["warehouse"].level, line["warehouse"].text) == (Level.QUIET, "CLOSED, last tick 2 d 6 h ago")
    assert by_name(replace(shown, read_at=NOW), NOW)["warehouse"].level == Level.STALE


def test_a_simulator_around_the_clock_is_never_closed() -> None:
    shown = snapshot(latest_frame({}))
    assert is_trading(shown, NIGHT, TARGETS)
    assert not is_trading(shown, NIGHT, TARGETS._replace(simulator_always=False))


def test_a_symbol_off_the_list_trades_around_the_clock() -> None:
    assert is_trading(snapshot(latest_frame({"FEED": "realtime", "CALENDAR": None})), NIGHT, TARGETS)


def test_an_unknown_calendar_excuses_nothing() -> None:
    assert is_trading(snapshot(latest_frame({"FEED": "realtime", "CALENDAR": "NOWHERE"})), NIGHT, TARGETS)


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (NOW, "NYSE open, closes in 6 h 0 min"),
        (NIGHT, "NYSE closed, opens in 11 h 30 min"),
        (datetime(2026, 11, 27, 17, 59, tzinfo=UTC), "NYSE open, closes in 60 s"),  # the early close after Thanksgiving
    ],
)
def test_the_market_line_knows_the_sessions(now: datetime, line: str) -> None:
    assert market_line("XNYS", "NYSE", now) == line
