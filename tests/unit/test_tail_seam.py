"""Warehouse plus tail is every tick once: whatever the watermarks, the repeats, and the order in which partitions are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import seam
from dashboard.tail import tail as tail_module
from dashboard.tail.bar import MINUTE_US, Bar
from dashboard.tail.ids import KEPT_MS
from dashboard.tail.tail import Tail
from dashboard.tail.ticks import Keys
from tests.fakes.made_ticks import START_MS, Made, bars_at_once, records
from ticklake_io.records import Records

PARTITIONS = 3

Log = dict[int, list[Made | None]]
"""Records by partition; None is poison."""


def below(log: Log, marks: Mapping[int, int]) -> list[Made]:
    return [made for partition, each in log.items() for made in each[: marks.get(partition, 0)] if made]


def assert_seamless(tail: Tail, log: Log, marks: Mapping[int, int], read: Mapping[int, int]) -> None:
    """Base and tail are what all records that were read, or are loaded, make at once."""
    base = bars_at_once(below(log, marks))
    every = bars_at_once(below(log, {partition: max(end, marks.get(partition, 0)) for partition, end in read.items()}))
    for symbol in {"A", "B"}:
        minutes = tail.bars.get(tail.keys.number((symbol, "x")), {})
        both = seam.bars(base.get(symbol, {}), minutes)
        expected = every.get(symbol, {})
        assert list(both) == sorted(expected)
        for minute, bar in both.items():
            assert told(bar) == told(expected[minute])


def told(bar: Bar) -> list[object]:
    """The values of a bar; what is not known is None, which equals itself."""
    return [None if isinstance(each, float) and math.isnan(each) else each for each in bar]


made_ticks = st.builds(
    Made,
    number=st.integers(0, 25),
    symbol=st.sampled_from(["A", "B"]),
    second=st.integers(0, 150),
    quarters=st.integers(1, 4000),
    size=st.none() | st.integers(0, 100),
    is_trade=st.sampled_from([True, True, True, False]),
)


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Ticks in partitions, some more than once and anywhere, and poison among them."""
    originals = {each.number: each for each in draw(st.lists(made_ticks, max_size=30))}
    repeated = draw(st.lists(st.sampled_from(sorted(originals)), max_size=8)) if originals else []
    order = draw(st.permutations([*originals.values(), *(originals[number] for number in repeated), *[None] * draw(st.integers(0, 2))]))
    log: Log = {partition: [] for partition in range(PARTITIONS)}
    for each in order:
        log[draw(st.integers(0, PARTITIONS - 1))].append(each)
    return log


@given(logs(), st.data())
@settings(max_examples=150)
def test_every_tick_counts_once_whatever_the_watermarks_and_the_order(log: Log, data: st.DataObject) -> None:
    def marks_from(least: Mapping[int, int]) -> dict[int, int]:
        return {partition: data.draw(st.integers(least.get(partition, 0), len(each))) for partition, each in log.items()}

    marks = marks_from({})
    tail = Tail(Keys(), dict.fromkeys(log, 0), marks)
    read = dict.fromkeys(log, 0)
    while any(read[partition] < len(log[partition]) for partition in log):
        polled = {}
        for partition in data.draw(st.permutations(sorted(log))):
            end = data.draw(st.integers(read[partition], len(log[partition])))
            if end > read[partition]:
                polled[partition] = records(log[partition], read[partition], end)
                read[partition] = end
        if not polled:
            continue
        tail.append(polled)
        if all(read[partition] >= marks[partition] for partition in log):
            assert_seamless(tail, log, marks, read)
            further = {partition: min(read[partition], mark) for partition, mark in marks_from(marks).items()}
            assert tail.advance(further)
            marks = further
            assert_seamless(tail, log, marks, read)
    assert len(tail) == sum(len([made for made in each[marks[partition] :] if made]) for partition, each in log.items())


def test_a_repeat_of_the_last_hour_counts_nowhere_and_an_older_one_does() -> None:
    for age_ms, counted in ((KEPT_MS - 60_000, 0), (KEPT_MS + 600_000, 1)):
        tail = Tail(Keys(), {0: 0}, {0: 1})
        tail.append({0: Records([0], [START_MS - age_ms], [b"A"], [Made(1).value])})
        assert len(tail.append({0: Records([1], [START_MS], [b"A"], [Made(2).value])})) == 1
        assert len(tail.append({0: Records([2], [START_MS], [b"A"], [Made(1).value])})) == counted


def test_a_watermark_before_the_first_record_read_asks_for_another_reading() -> None:
    tail = Tail(Keys(), {0: 5})
    assert not tail.advance({0: 4})
    assert tail.advance({0: 5})


def test_too_many_ticks_are_kept_as_bars_until_the_next_watermark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "MOST_TICKS", 3)
    log: Log = {0: [Made(number) for number in range(8)]}
    tail = Tail(Keys(), {0: 0}, {0: 0})
    for offset in range(8):
        tail.append({0: records(log[0], offset, offset + 1)})
    assert_seamless(tail, log, {0: 0}, {0: 8})
    assert tail.oldest_ms({}) == START_MS
    assert tail.advance({0: 0})
    assert not tail.advance({0: 4})


def test_the_newest_tick_is_that_of_event_time_and_sequence_and_the_tails_where_they_are_equal() -> None:
    tail = Tail(Keys(), {0: 0})
    late, early = Made(1, second=50, quarters=8), Made(2, second=40, quarters=4)
    tail.append({0: records([late, early], 0, 2)})
    latest = tail.latest[tail.keys.number(("A", "x"))]
    assert (latest.price, latest.moment) == (2.0, late.moment)
    assert seam.latest(latest._replace(price=9.0, offset=-1), latest) is latest
    older = latest._replace(moment=(0, 0))
    assert seam.latest(latest, older) is latest
    assert seam.latest(None, latest) is seam.latest(latest, None) is latest
    tail.advance({0: 1})
    assert not tail.latest


def test_a_frozen_contract_makes_a_tick_with_new_fields_none() -> None:
    value = Made(1).value[:-1] + b',"mood":"good"}'
    for freezes, counted in ((False, 1), (True, 0)):
        assert len(Tail(Keys(), {0: 0}, freezes=freezes).append({0: Records([0], [START_MS], [b"A"], [value])})) == counted


def test_quotes_move_the_price_and_make_no_bar() -> None:
    tail = Tail(Keys(), {0: 0})
    tail.append({0: records([replace(Made(1), is_trade=False)], 0, 1)})
    assert not tail.bars
    assert tail.latest[0].price == 100.0


def test_trades_replace_a_vendors_bar() -> None:
    minute = Made(1).moment[0]
    vendor = Bar(1.0, 9.0, 1.0, 9.0, 900.0, math.nan, math.nan, (minute, -1), (minute, -1), "vendor")
    trade = Bar(5.0, 5.0, 5.0, 5.0, 10.0, 1.0, 50.0, (minute, 1), (minute, 1))
    assert seam.bars({minute: vendor}, {minute: trade}) == {minute: trade}
    day = seam.Day(minute // seam.DAY_US * seam.DAY_US, minute, 1.0, 9.0, 1.0, 1000.0)
    shown = seam.day(day, {minute: vendor}, {minute: trade})
    assert shown is not None
    assert shown.volume == 110.0


def test_a_new_day_begins_with_the_tails_first_bar() -> None:
    minute = Made(1).moment[0]
    bar = Bar(5.0, 6.0, 4.0, 5.5, 10.0, 2.0, 50.0, (minute, 1), (minute, 2))
    yesterday = seam.Day(minute // seam.DAY_US * seam.DAY_US - seam.DAY_US, minute - seam.DAY_US, 1.0, 9.0, 1.0, 1000.0)
    assert seam.day(yesterday, {}, {minute: bar}) == seam.Day(minute // seam.DAY_US * seam.DAY_US, minute, 5.0, 6.0, 4.0, 10.0)
    assert seam.day(yesterday, {}, {}) is yesterday
    today = seam.day(yesterday, {}, {minute: bar})
    assert seam.day(today, {}, {minute - MINUTE_US: bar._replace(open=3.0)}) == seam.Day(
        minute // seam.DAY_US * seam.DAY_US, minute - MINUTE_US, 3.0, 6.0, 4.0, 20.0
    )
