"""The market in words, around Thanksgiving 2026, whose Friday closes early, and in other places of the world."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.frame.market import exchange_zone, is_open, market_line

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("at", "line"),
    [
        ("2026-11-23T15:00", "NYSE open, closes in 6 h 0 min"),
        ("2026-11-23T13:30", "NYSE closed, opens 09:30 EST, in 60 min"),
        ("2026-11-22T17:00", "NYSE closed, opens Mon 09:30 EST"),
        ("2026-11-25T22:00", "NYSE closed, opens Fri 09:30 EST after Thanksgiving, closes early"),
        ("2026-11-26T17:00", "NYSE closed for Thanksgiving, opens Fri 09:30 EST, closes early"),
        ("2026-11-27T15:00", "NYSE open, closes early at 13:00 EST, in 3 h 0 min"),
        ("2026-11-27T18:00", "NYSE closed, opens Mon 09:30 EST"),
        ("2026-03-07T12:00", "NYSE closed, opens Mon 09:30 EDT"),  # clocks go forward on Sunday
    ],
)
def test_new_york(at: str, line: str) -> None:
    assert market_line("XNYS", datetime.fromisoformat(at).replace(tzinfo=UTC), NEW_YORK) == line


def test_times_are_written_in_the_readers_zone() -> None:
    at = datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert market_line("XNYS", at, UTC) == "NYSE closed, opens Mon 14:30 UTC"
    assert market_line("XNYS", at, ZoneInfo("Asia/Seoul")) == "NYSE closed, opens 23:30 KST, in 21 h 30 min"  # it is Monday there


def test_an_opening_further_away_than_a_week_has_its_date() -> None:
    assert market_line("XKRX", datetime(2025, 10, 2, 12, tzinfo=UTC), ZoneInfo("Asia/Seoul")).startswith(
        "Korea Exchange closed, opens Fri 10 Oct 09:00 KST after "
    )


def test_what_has_no_hours_or_unknown_ones_says_so_and_excuses_no_silence() -> None:
    at = datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert market_line("24/7", at, UTC) == market_line(None, at, UTC) == "Trades around the clock"
    assert market_line("NOWHERE", at, UTC) == "Hours of NOWHERE are not known"
    assert [is_open(name, at) for name in ("XNYS", "24/7", None, "NOWHERE")] == [False, True, True, True]
    assert [exchange_zone(name) for name in ("XNYS", "24/7", None, "NOWHERE")] == ["America/New_York", None, None, None]
