"""Rules against hand-worked prices, against a brute-force oracle, and cut at any point."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake.alerts import alert
from ticklake.alerts.conditions import PARTS
from ticklake.alerts.rule import Kind, Rule
from ticklake.alerts.watch import AHEAD_US, MOST_TIES, Memory, Seen, Tally, Watch, to_us

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOON_US = to_us(NOON)
SECOND = 1_000_000
IBM = "IBM", "simulator"


def rule(kind: Kind = Kind.CROSS_UP, rule_id: str = "r", **more: object) -> Rule:
    """A rule on IBM of the simulator: at 100, or by 2 % in 10 minutes."""
    needed = {"level": Decimal(100)} if kind.is_crossing else {"percent": Decimal(2), "window_s": 600}
    usual = {"rule_id": rule_id, "version": 1, "owner": "ana", "symbol": "IBM", "source": "simulator", "kind": kind, "since": NOON, **needed}
    return Rule(**usual | more)  # type: ignore[arg-type]


def seen(price: str | Decimal, at_s: float = 0, tick_id: str = "", sequence: int = 0, kafka_s: float | None = None, key: tuple[str, str] = IBM) -> Seen:
    """A tick `at_s` seconds after noon, taken by the broker then or at `kafka_s`."""
    event_us, kafka_us = (NOON_US + int(each * SECOND) for each in (at_s, at_s if kafka_s is None else kafka_s))
    return Seen(tick_id or f"t-{at_s}-{sequence}", key, event_us, sequence, Decimal(price), kafka_us)


def fired(one: Rule, *ticks: Seen) -> list[str]:
    """The prices at which a rule fires."""
    return [str(each.price) for each in Watch([one]).judge(ticks)]


def every_second(*prices: str) -> list[Seen]:
    return [seen(price, second) for second, price in enumerate(prices)]


@pytest.mark.parametrize(
    ("kind", "prices", "expected"),
    [
        (Kind.CROSS_UP, "99 101", ["101"]),
        (Kind.CROSS_UP, "101 102", []),  # beyond already
        (Kind.CROSS_UP, "101 99 100.5 103 99.99 100", ["100.5", "100"]),  # armed again by a price on the near side; reaching counts
        (Kind.CROSS_UP, "99 100 100 99 100", ["100", "100"]),
        (Kind.CROSS_UP, "100 101", []),  # the level itself is beyond
        (Kind.CROSS_DOWN, "101 99", ["99"]),
        (Kind.CROSS_DOWN, "99 98", []),
        (Kind.CROSS_DOWN, "101 100 101 102 100", ["100", "100"]),
        (Kind.CROSS_UP, "99.99999999 100.00000001", ["100.00000001"]),
    ],
)
def test_a_crossing_fires_once_for_each_time_the_level_is_reached(kind: Kind, prices: str, expected: list[str]) -> None:
    assert fired(rule(kind), *every_second(*prices.split())) == expected


@pytest.mark.parametrize(
    ("kind", "steps", "expected"),
    [
        (Kind.MOVE_UP, [(0, "100"), (60, "101.9"), (120, "102")], ["102"]),
        (Kind.MOVE_UP, [(0, "100"), (700, "102")], []),  # too slow: the window is 600 s and a sixtieth
        (Kind.MOVE_UP, [(0, "101"), (60, "100"), (120, "102")], ["102"]),  # from the lowest, not from the first
        (Kind.MOVE_UP, [(0, "100"), (60, "102"), (70, "104"), (80, "101.5"), (90, "102")], ["102"]),  # 1.5 % is not back below half
        (Kind.MOVE_UP, [(0, "100"), (60, "102"), (80, "100.9"), (90, "102.5")], ["102", "102.5"]),  # 0.9 % is
        (Kind.MOVE_UP, [(0, "100"), (60, "102"), (400, "104"), (700, "107")], ["102", "107"]),  # it goes on a window later
        (Kind.MOVE_DOWN, [(0, "100"), (60, "98.1"), (120, "98")], ["98"]),
        (Kind.MOVE_DOWN, [(0, "100"), (60, "102")], []),
        (Kind.MOVE_EITHER, [(0, "100"), (60, "102"), (120, "99.9")], ["102", "99.9"]),
        (Kind.MOVE_UP, [(0, "102")], []),
    ],
)
def test_a_move_fires_from_the_extreme_and_again_only_after_falling_back_or_a_window(kind: Kind, steps: list[tuple[float, str]], expected: list[str]) -> None:
    assert fired(rule(kind), *(seen(price, at) for at, price in steps)) == expected


def test_an_alert_says_what_was_moved_away_from_and_by_how_much() -> None:
    (said,) = Watch([rule(Kind.MOVE_DOWN)]).judge([seen("104"), seen("100", 30)])
    assert (said.reference, said.moved) == (Decimal(104), Decimal("-3.8462"))
    assert (said.event_time, said.kafka_time, said.tick_id) == (NOON + timedelta(seconds=30), NOON + timedelta(seconds=30), "t-30-0")
    assert alert.decode(alert.encode(said)) == said


def test_the_largest_move_of_all_can_be_told() -> None:
    (said,) = Watch([rule(Kind.MOVE_UP)]).judge([seen("0.00000001"), seen("999999999999.99999999", 30)])
    assert said.moved == Decimal("9999999999999999999800")


def test_late_repeated_and_ill_dated_ticks_fire_nothing_and_move_nothing() -> None:
    tally = Tally()
    watch = Watch([rule()], tally=tally)
    ticks = [
        seen("99", 10),
        seen("101", 5),  # late
        seen("101", 10),  # the first one again
        seen("101", 10, "other", sequence=-1),  # late by its sequence
        seen("101", AHEAD_US / SECOND + 100, "ahead", kafka_s=20),
        seen("99.5", 30, kafka_s=20),  # a clock that differs a little
        seen("98", 30, "tie", kafka_s=20),
        seen("100", 31, kafka_s=21),
    ]
    assert [each.tick_id for each in watch.judge(ticks)] == ["t-31-0"]
    assert tally.ticks == {"counted": 4, "late": 2, "repeated": 1, "ahead": 1}
    assert tally.judged == 4


def test_ties_are_bounded() -> None:
    tally = Tally()
    Watch(tally=tally).judge(seen("1", 0, f"t{n}") for n in range(MOST_TIES + 5))
    assert tally.ticks == {"counted": MOST_TIES, "repeated": 5}


def test_sources_never_meet_and_a_replay_is_judged_on_its_own_clock() -> None:
    old = -10 * 365 * 86_400.0
    replayed = [seen(price, old + second, f"r{second}", kafka_s=second, key=("IBM", "replay")) for second, price in enumerate(("99", "101"))]
    ticks = [seen("99", 0), replayed[0], seen("99.5", 1), replayed[1]]
    both = Watch([rule(), rule(rule_id="on-replay", source="replay")])
    assert [(each.rule_id, each.tick_id) for each in both.judge(ticks)] == [("on-replay", "r1")]


def test_a_rule_looks_at_nothing_that_the_broker_took_before_it_was_made() -> None:
    waiting = [seen("99", 0), seen("101", 1), seen("99", 2), seen("101", 3)]
    assert fired(rule(since=NOON + timedelta(seconds=1.5)), *waiting) == ["101"]
    assert fired(rule(since=NOON + timedelta(seconds=2.5)), *waiting) == []


def test_a_rule_told_once_is_spent_also_for_who_goes_on() -> None:
    watch = Watch([rule(once=True)])
    assert len(watch.judge(every_second("99", "101", "99", "101"))) == 1
    assert not onward(watch, [rule(once=True)]).judge([seen("99", 10), seen("101", 11)])
    again = rule(once=True, version=2)
    watch.use([again])
    assert [each.version for each in watch.judge([seen("99", 10), seen("101", 11)])] == [2]


def test_a_changed_rule_begins_anew_and_others_go_on() -> None:
    watch = Watch([rule(), rule(rule_id="other")])
    watch.judge([seen("99")])
    watch.use([rule(version=2), rule(rule_id="other")])
    assert [each.rule_id for each in watch.judge([seen("101", 1)])] == ["other"]


def test_ids_tell_rules_versions_and_ticks_apart() -> None:
    ids = {alert.alert_id(rule(rule_id=name, version=version), tick) for name in ("a", "a1") for version in (1, 11) for tick in ("1", "x")}
    assert len(ids) == 8


@pytest.mark.parametrize("values", [{"level": None}, {"level": Decimal(0)}, {"kind": Kind.MOVE_UP}, {"kind": "unknown"}])
def test_a_rule_without_what_its_kind_needs_is_none(values: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(rule()) | values, Rule)


def onward(watch: Watch, rules: Sequence[Rule]) -> Watch:
    """Another watch that goes on from what this one remembers, through JSON."""
    return Watch(rules, msgspec.json.decode(msgspec.json.encode(watch.memory()), type=Memory))


# What follows holds for any sequence of ticks.

KEYS = [IBM, ("IBM", "replay"), ("SPY", "simulator")]

steps = st.tuples(
    st.sampled_from(KEYS),
    st.integers(-20, 150),  # seconds of event time since the tick before; below 0 it is late
    st.integers(0, 1),
    st.integers(950, 1050),  # price in tenths
    st.sampled_from(["new", "new", "new", "again", "ahead"]),
)


def ticks_of(drawn: list[tuple[tuple[str, str], int, int, int, str]]) -> list[Seen]:
    """Ticks a second of broker's time apart; `again` repeats one of those before."""
    ticks: list[Seen] = []
    at = 0
    for n, (key, step, sequence, tenths, how) in enumerate(drawn):
        kafka_s = 10_000 + 150 * n
        if how == "again" and ticks:
            ticks.append(ticks[(step * 7) % len(ticks)]._replace(kafka_us=NOON_US + kafka_s * SECOND))
            continue
        at = max(0, at + step)
        event_s = kafka_s + 1_000 if how == "ahead" else at
        ticks.append(seen(Decimal(tenths) / 10, event_s, f"t{n}", sequence, kafka_s, key))
    return ticks


ticks_drawn = st.lists(steps, max_size=60).map(ticks_of)


@st.composite
def rules_drawn(draw: st.DrawFn) -> list[Rule]:
    def one(n: int) -> Rule:
        symbol, source = draw(st.sampled_from(KEYS))
        return rule(
            draw(st.sampled_from(Kind)),
            f"r{n}",
            symbol=symbol,
            source=source,
            since=NOON + timedelta(seconds=draw(st.sampled_from([0, 10_500]))),
            level=Decimal(draw(st.integers(960, 1040))) / 10,
            percent=Decimal(draw(st.integers(1, 40))) / 10,
            window_s=draw(st.sampled_from([60, 300, 3_600])),
            once=draw(st.booleans()),
        )

    return [one(n) for n in range(draw(st.integers(1, 6)))]


def counted(ticks: list[Seen]) -> list[Seen]:
    """The oracle: ticks that are the newest of their symbol and source when they come."""
    found: list[Seen] = []
    for tick in ticks:
        before = [each for each in found if each.key == tick.key]
        newest = max(((each.event_us, each.sequence) for each in before), default=(0, 0))
        repeated = any(each.tick_id == tick.tick_id for each in before)
        if tick.event_us <= tick.kafka_us + AHEAD_US and (tick.event_us, tick.sequence) >= newest and not repeated:
            found.append(tick)
    return found


def beyond(one: Rule, price: Decimal) -> bool:
    assert one.level is not None
    return price >= one.level if one.kind is Kind.CROSS_UP else price <= one.level


def crossings(one: Rule, ticks: list[Seen]) -> list[Seen]:
    return [now for before, now in pairwise(ticks) if beyond(one, now.price) and not beyond(one, before.price)]


def moves(one: Rule, ticks: list[Seen]) -> list[Seen]:
    """The oracle: each direction looks at all prices of the window for each tick."""
    assert one.percent is not None
    assert one.window_s is not None
    window_us, fires = one.window_s * SECOND, set()
    for sign in {Kind.MOVE_UP: (1,), Kind.MOVE_DOWN: (-1,), Kind.MOVE_EITHER: (1, -1)}[one.kind]:
        told: int | None = None
        for place, tick in enumerate(ticks):
            part = tick.event_us * PARTS // window_us
            window = [Fraction(each.price) for each in ticks[: place + 1] if each.event_us * PARTS // window_us >= part - PARTS]
            moved = sign * (Fraction(tick.price) / (min(window) if sign > 0 else max(window)) - 1) * 100
            if told is not None and (tick.event_us - told > window_us or moved < Fraction(one.percent) / 2):
                told = None
            if told is None and moved >= Fraction(one.percent):
                told = tick.event_us
                fires.add(place)
    return [ticks[place] for place in sorted(fires)]


def expected(rules: list[Rule], ticks: list[Seen]) -> set[str]:
    """The oracle's alert ids."""
    ids = set()
    for one in rules:
        mine = [each for each in counted(ticks) if each.key == one.key and each.kafka_us >= to_us(one.since)]
        hits = crossings(one, mine) if one.kind.is_crossing else moves(one, mine)
        ids |= {alert.alert_id(one, each.tick_id) for each in (hits[:1] if one.once else hits)}
    return ids


@given(rules_drawn(), ticks_drawn)
def test_it_says_what_a_brute_force_search_says(rules: list[Rule], ticks: list[Seen]) -> None:
    said = [each.alert_id for each in Watch(rules).judge(ticks)]
    assert len(said) == len(set(said))
    assert set(said) == expected(rules, ticks)


@given(rules_drawn(), ticks_drawn, st.lists(st.integers(0, 60), max_size=5))
def test_cut_anywhere_and_begun_again_from_an_earlier_memory_it_says_the_same(rules: list[Rule], ticks: list[Seen], cuts: list[int]) -> None:
    watch, said, saved_at = Watch(rules), set(), 0
    for cut in sorted(cuts):
        said |= {each.alert_id for each in watch.judge(ticks[saved_at:cut])}
        kept, saved_at = onward(watch, rules), max(saved_at, cut)
        said |= {each.alert_id for each in watch.judge(ticks[cut : cut + 7])}  # after the last save, and again by the next life
        watch = kept
    said |= {each.alert_id for each in watch.judge(ticks[saved_at:])}
    assert said == {each.alert_id for each in Watch(rules).judge(ticks)}
