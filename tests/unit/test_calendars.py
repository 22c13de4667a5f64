"""Sessions of the New York Stock Exchange around Thanksgiving 2026, whose Friday closes early."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake.calendars import Session, calendar
from ticklake.errors import ConfigError

THANKSGIVING = datetime(2026, 11, 26, 17, tzinfo=UTC)
EARLY_CLOSE = datetime(2026, 11, 27, 18, tzinfo=UTC)  # 13:00 in New York
NEXT_OPEN = datetime(2026, 11, 30, 14, 30, tzinfo=UTC)
WEDNESDAY_CLOSE = datetime(2026, 11, 25, 21, tzinfo=UTC)


def test_sessions_of_the_week_leave_out_the_holiday_and_close_early() -> None:
    days = calendar("XNYS").sessions(date(2026, 11, 25), date(2026, 11, 30))
    assert [each.day.day for each in days] == [25, 27, 30]
    assert days[1] == Session(date(2026, 11, 27), datetime(2026, 11, 27, 14, 30, tzinfo=UTC), EARLY_CLOSE)


def test_thanksgiving_is_closed_until_friday_morning() -> None:
    state = calendar("XNYS").state(THANKSGIVING)
    assert (state.is_open, state.closes_at, state.opens_at) == (False, None, datetime(2026, 11, 27, 14, 30, tzinfo=UTC))
    assert calendar("XNYS").previous_close(THANKSGIVING) == WEDNESDAY_CLOSE


def test_a_day_without_a_session_has_the_name_of_its_holiday() -> None:
    nyse = calendar("XNYS")
    assert [nyse.holiday(date(2026, 11, day)) for day in (25, 26, 27, 28)] == [None, "Thanksgiving", None, None]
    assert [nyse.closes_early(date(2026, 11, day)) for day in (25, 27)] == [False, True]
    assert calendar("XTKS").holiday(date(2026, 11, 23)) == "Labor Thanksgiving Day"
    assert calendar("XTKS").holiday(date(2026, 7, 20)) == "Marine Day"
    assert calendar("24/7").holiday(date(2026, 12, 25)) is None


def test_a_calendar_knows_its_zone() -> None:
    assert [calendar(name).zone.key for name in ("XNYS", "XKRX", "24/7")] == ["America/New_York", "Asia/Seoul", "UTC"]


def test_open_includes_the_open_and_excludes_the_early_close() -> None:
    nyse, moment = calendar("XNYS"), timedelta(microseconds=1)
    opens = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    assert [nyse.is_open(at) for at in (opens - moment, opens, EARLY_CLOSE - moment, EARLY_CLOSE)] == [False, True, True, False]
    assert nyse.state(EARLY_CLOSE - moment).closes_at == EARLY_CLOSE
    assert nyse.state(EARLY_CLOSE).opens_at == NEXT_OPEN
    assert nyse.previous_close(EARLY_CLOSE) == EARLY_CLOSE
    assert nyse.previous_close(EARLY_CLOSE - moment) == WEDNESDAY_CLOSE


@given(st.datetimes(datetime(1990, 6, 1), datetime(2027, 6, 1)).map(lambda at: at.replace(tzinfo=UTC)))  # noqa: DTZ001
def test_state_and_mask_agree(at: datetime) -> None:
    nyse = calendar("XNYS")
    state = nyse.state(at)
    assert state.is_open == nyse.is_open(at)
    assert (state.closes_at or state.opens_at or at) > at
    assert nyse.previous_close(at) <= at


def test_what_is_unknown_names_itself() -> None:
    with pytest.raises(ConfigError, match="NOPE"):
        calendar("NOPE")
    with pytest.raises(ConfigError, match="before 1990"):
        calendar("XNYS").previous_closes(np.array([0]))
    with pytest.raises(ConfigError, match="no session after"):
        calendar("XNYS").state(datetime(2100, 1, 1, tzinfo=UTC))
