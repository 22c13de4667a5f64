"""What stands beside candles: labels, shades, corporate actions, the strip and its brush, ranges by name and by address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.chart import axis, marks
from dashboard.chart.rebase import rebased
from dashboard.chart.rungs import FIXED_MARKS, LADDER, Rung
from dashboard.chart.span import PRESETS, Span, addressed, preset, written
from dashboard.components.comparison import comparison_data
from dashboard.components.linked import brushed, strip_data
from dashboard.components.overlays import OVERLAYS, RSI, legend, lines
from dashboard.components.palette import DARK, LIGHT
from tests.fakes.market_history import walk
from ticklake.calendars import calendar

NYSE = calendar("XNYS")
NEW_YORK = ZoneInfo("America/New_York")
NEWEST = datetime(2026, 11, 23, 15, 0, 30, tzinfo=UTC)


def minutes(start: str, count: int, step: str = "1min") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq=step, tz="UTC").as_unit("us")


@given(st.integers(1, 600), st.sampled_from(LADDER), st.datetimes(datetime(1995, 1, 1), datetime(2190, 1, 1)))  # noqa: DTZ001
def test_few_bars_bear_a_label_at_any_range(count: int, rung: Rung, start: datetime) -> None:
    step = pd.Timedelta(minutes=rung.length) if rung.intraday else pd.Timedelta(days=1)
    times = rung.starts(pd.date_range(pd.Timestamp(start, tz="UTC"), periods=count, freq=step).as_unit("us")).unique()
    texts = axis.labels(times, rung, NEW_YORK)
    assert len(texts) == len(times)
    assert sum(map(bool, texts)) <= axis.MAX_LABELS


def test_labels_are_hours_and_where_a_day_begins_its_date() -> None:
    times = minutes("2026-11-20T19:00Z", 120).append(minutes("2026-11-23T14:30Z", 60))
    texts = [text for text in axis.labels(times, LADDER[0], NEW_YORK) if text]
    assert texts == ["14:30", "15:00", "15:30", "Nov 23", "10:00"]
    assert [text for text in axis.labels(minutes("2026-10-20", 100, "1D"), LADDER[5], NEW_YORK) if text] == ["Nov", "Dec", "Jan 2027"]


def test_an_hour_that_comes_twice_is_two_hours() -> None:
    """The clocks of New York went back at 06:00 UTC on 2026-11-01."""
    moments = axis.moments(minutes("2026-11-01T05:30Z", 3, "1h"), LADDER[3], NEW_YORK)
    assert moments == ["Sun 2026-11-01 01:30 EDT", "Sun 2026-11-01 01:30 EST", "Sun 2026-11-01 02:30 EST"]


def test_hours_outside_of_sessions_are_shaded_run_by_run() -> None:
    times = minutes("2026-11-27T13:30Z", 6 * 60)  # a Friday that closes at 13:00 in New York
    shades = marks.shades(times, NYSE, LADDER[0])
    assert np.flatnonzero(~np.isnan(shades)).tolist() == [0, 270]
    assert shades[[0, 270]].tolist() == [59.0, 359.0]
    assert np.isnan(marks.shades(times, None, LADDER[0])).all()
    assert np.isnan(marks.shades(times, NYSE, LADDER[5])).all()


def test_shades_and_actions_keep_to_the_marks_set_aside() -> None:
    times = minutes("2006-01-02", 7_000, "1D")
    found = pd.DataFrame({"BAR_START": times[::10], "KIND": "dividend", "RATIO": np.nan, "AMOUNT": 0.1})
    letters, _ = marks.actions(times, found, LADDER[5])
    assert sum(letter is not None for letter in letters) == marks.MAX_ACTIONS
    assert 2 * marks.MAX_ACTIONS + marks.MAX_SHADES + 2 * axis.MAX_LABELS + 3 <= FIXED_MARKS


def test_actions_stand_in_the_bar_that_they_fall_in() -> None:
    found = pd.DataFrame(
        {"BAR_START": pd.to_datetime(["2020-08-31", "2026-11-05", "2026-11-21"], utc=True).as_unit("us"), "KIND": ["split", "dividend", "dividend"]}
    )
    found = found.assign(RATIO=[4.0, np.nan, np.nan], AMOUNT=[np.nan, 0.25, 0.3])
    months = LADDER[7].starts(minutes("2026-09-15", 3, "31D"))
    letters, words = marks.actions(months, found, LADDER[7])
    assert letters == [None, None, "D"]
    assert words[2] == "Dividend 0.25 on 2026-11-05; Dividend 0.3 on 2026-11-21"
    week = minutes("2026-11-20T20:00Z", 60).append(minutes("2026-11-23T14:30Z", 60))
    letters, _ = marks.actions(week, found, LADDER[0])
    assert letters.index("D") == 60  # ex on a Saturday: the first bar after it


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("known", [NYSE, None])
def test_a_preset_ends_now_and_does_not_slide_with_each_tick(name: str, known: Any) -> None:
    span, later = preset(name, NEWEST, known), preset(name, NEWEST + timedelta(seconds=20), known)
    assert span == later
    assert span.until is None
    assert (span.since is None) == (name == "All")
    assert span.since is None or span.since < NEWEST


def test_days_of_an_exchange_are_trading_days() -> None:
    assert preset("1 d", NEWEST, NYSE).since == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    weekend = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert preset("1 d", weekend, NYSE).since == datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # eight hours after the close before
    assert preset("5 d", NEWEST, NYSE).since == datetime(2026, 11, 17, 5, 0, tzinfo=UTC)
    assert preset("1 d", NEWEST, None).since == datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    assert preset("6 mo", NEWEST, NYSE).since == datetime(2026, 5, 23, tzinfo=UTC)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2190, 1, 1)), st.integers(1, 10**6))  # noqa: DTZ001
def test_a_range_comes_back_from_its_address(start: datetime, length: int) -> None:
    since = start.replace(second=0, microsecond=0, tzinfo=UTC)
    span = Span(since, since + timedelta(minutes=length))
    address = written(span)
    assert addressed(address["from"], address["to"]) == span
    assert addressed(written(Span(since))["from"], None) == Span(since)


@pytest.mark.parametrize(("since", "until"), [(None, "2026-11-18"), ("2026-11-18", "2026-11-17"), ("x", None), ("9999-12-31", None), ("0001-01-01", None)])
def test_what_is_no_range_is_none(since: str | None, until: str) -> None:
    assert addressed(since, until) is None


TIMES = [NEWEST.replace(second=0) + timedelta(minutes=minute) for minute in range(10)]


@pytest.mark.parametrize(
    ("places", "span"),
    [
        ([1.6, 4.2], Span(TIMES[2], TIMES[5])),
        ([4.2, 1.6], Span(TIMES[2], TIMES[5])),
        ([-3.0, 99.0], Span(TIMES[0])),
        ([6.0, 9.4], Span(TIMES[6])),
        ([2.1, 2.2], None),
        ([], None),
    ],
)
def test_a_brush_says_a_range_and_one_to_the_right_edge_goes_on(places: list[float], span: Span | None) -> None:
    assert brushed({"selection": {"brush": {"X": places}}}, TIMES) == span


def test_a_brush_that_is_gone_says_nothing() -> None:
    assert brushed({"selection": {}}, TIMES) is None
    assert brushed({"selection": {"brush": {"X": [1, 2]}}}, []) is None


def test_the_strip_shows_which_part_is_on_screen() -> None:
    data = pd.DataFrame({"X": range(10), "AT": "", "LABEL": "", "CLOSE": 1.0})
    part = strip_data(data, TIMES, Span(TIMES[2], TIMES[5])).iloc[0]
    assert (part["PART_FROM"], part["PART_TO"]) == (2, 4)
    assert strip_data(data, TIMES, Span(None))["PART_FROM"].isna().all()


def test_instruments_are_rebased_at_their_own_first_bar() -> None:
    one, other = walk(minutes("2026-11-23T14:30Z", 5)), walk(minutes("2026-11-23T14:32Z", 5), seed=2, start=7.0)
    rows = rebased({"A": one, "B": other, "C": one.head(0)})
    assert rows.groupby("NAME")["REBASED"].first().to_dict() == {"A": 100.0, "B": 100.0}
    b = rows[rows["NAME"] == "B"]
    assert b["X"].tolist() == [2.0, 3.0, 4.0, 5.0, 6.0]
    np.testing.assert_allclose(b["REBASED"] / 100, other["CLOSE"] / other["CLOSE"].iloc[0])
    data = comparison_data(rows, LADDER[0], NEW_YORK)
    assert data["NEWEST"].sum() == 2
    assert data.loc[data["X"] == 2, "AT"].tolist() == ["Mon 2026-11-23 09:32 EST"] * 2
    assert rebased({"C": one.head(0)}).empty


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_no_two_lines_differ_by_colour_alone(palette: Any) -> None:
    drawn = [line for line in lines(list(OVERLAYS)) if line.column != "BOLLINGER_LOWER"]
    assert len({line.dash for line in drawn}) == len(drawn)
    text = legend((*drawn, RSI), {"SMA_20": 101.5, "RSI_14": 55.55}, palette)
    assert "SMA 20 <b>101.50</b>" in text
    assert "RSI 14 <b>55.5</b>" in text
    assert "SESSION VWAP <b>n/a</b>" in text
    assert legend((), {}, palette) == ""
