"""Adjusted prices: their changes are the returns of who holds the share, and splits move nobody."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ticklake.adjustment import Segment, segments
from ticklake.daily import Action

START = date(2026, 1, 1)
CLOSES = st.lists(st.decimals("1", "1000", places=2), min_size=2, max_size=12)
RATIOS = st.sampled_from([Decimal(text) for text in ("2", "3", "1.5", "0.1", "0.33333333", "20")])


def day(number: int) -> date:
    return START + timedelta(days=number)


def adjusted(closes: list[Decimal], actions: list[Action]) -> list[Fraction]:
    """The adjusted closes, not rounded."""
    found, unusable = segments(actions, {day(number): closes[number - 1] for number in range(1, len(closes))})
    assert unusable == []
    return [Fraction(close) * Fraction(factor(found, day(number)).price) for number, close in enumerate(closes)]


def factor(found: list[Segment], at: date) -> Segment:
    (one,) = [each for each in found if (each.first is None or each.first <= at) and (each.end is None or at < each.end)]
    return one


def near(one: Fraction, other: Fraction) -> bool:
    """Factors have 18 decimals; the smallest here is about 10^-13."""
    return abs(one / other - 1) < Fraction(1, 10**4)


@given(CLOSES, st.data())
def test_adjusted_returns_are_those_of_who_reinvests_each_dividend(closes: list[Decimal], data: st.DataObject) -> None:
    actions: list[Action] = []
    wealth, shares = [Fraction(closes[0])], Fraction(1)
    for number in range(1, len(closes)):
        ratio, dividend = Decimal(1), Decimal(0)
        if data.draw(st.booleans()):
            ratio = data.draw(st.sampled_from([Decimal(2), Decimal("1.5")]))
            actions.append(Action(day(number), "split", ratio))
        if data.draw(st.booleans()):
            dividend = (closes[number - 1] / ratio * data.draw(st.decimals("0.01", "0.5", places=2))).quantize(Decimal("0.0001"))
            actions += [Action(day(number), "dividend", dividend)] if dividend else []
        # The holder has `ratio` shares for one, is paid for each, and buys more at the close before, as it is worth without the dividend.
        before = Fraction(closes[number - 1]) / Fraction(ratio) - Fraction(dividend)
        shares = shares * Fraction(ratio) * (1 + Fraction(dividend) / before)
        wealth.append(shares * Fraction(closes[number]))
    prices = adjusted(closes, actions)
    for number in range(1, len(closes)):
        assert near(prices[number] / prices[number - 1], wealth[number] / wealth[number - 1])


@given(st.decimals("10", "500", places=2), st.lists(RATIOS, min_size=1, max_size=3))
def test_a_split_moves_neither_returns_nor_turnover(price: Decimal, ratios: list[Decimal]) -> None:
    closes, volumes = [Fraction(price)], [Fraction(1000)]
    actions = []
    for number, ratio in enumerate(ratios, 1):
        actions.append(Action(day(number), "split", ratio))
        closes.append(closes[-1] / Fraction(ratio))
        volumes.append(volumes[-1] * Fraction(ratio))
    found, _ = segments(actions, {})
    for number, (close, volume) in enumerate(zip(closes, volumes, strict=True)):
        assert near(close * Fraction(factor(found, day(number)).price), closes[-1])
        assert near(volume * Fraction(factor(found, day(number)).volume), volumes[-1])


def test_what_a_textbook_says() -> None:
    found, unusable = segments(
        [Action(day(1), "dividend", Decimal("0.17")), Action(day(2), "split", Decimal(2))], {day(1): Decimal(100), day(2): Decimal("102.79")}
    )
    assert unusable == []
    assert [(each.first, each.end, each.price, each.volume) for each in found] == [
        (day(2), None, Decimal(1), Decimal(1)),
        (day(1), day(2), Decimal("0.5"), Decimal(2)),
        (None, day(1), Decimal("0.49915"), Decimal(2)),
    ]


def test_a_dividend_on_the_day_of_a_split_is_for_a_new_share() -> None:
    found, _ = segments([Action(day(1), "dividend", Decimal(1)), Action(day(1), "split", Decimal(4))], {day(1): Decimal(100)})
    assert factor(found, day(0)).price == Decimal("0.24")


def test_what_cannot_be_applied_is_told_and_changes_nothing() -> None:
    too_much, none, early = Action(day(2), "dividend", Decimal(50)), Action(day(3), "split", Decimal(0)), Action(day(1), "dividend", Decimal(1))
    found, unusable = segments([too_much, none, early], {day(2): Decimal(50)})
    assert sorted(unusable) == [too_much, none]
    assert {each.price for each in found} == {Decimal(1)}


def test_without_actions_nothing_changes() -> None:
    assert segments([], {}) == ([Segment(None, None, Decimal(1), Decimal(1))], [])
