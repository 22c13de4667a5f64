"""A portfolio's figures of risk: parts that sum to the total, and no number where there should be none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.fixtures import reference_analytics as reference
from ticklake.calendars import calendar
from ticklake.risk.attribution import attribution
from ticklake.risk.history import Closes
from ticklake.risk.holdings import Exposures, Key, exposures
from ticklake.risk.measures import Method, tail
from ticklake.risk.portfolio import NO_SHARE, PortfolioRisk, Series, basis, portfolio_risk
from ticklake.risk.sufficiency import fresh_from

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
"""A Monday in New York's morning."""

NEAR = 1e-9
SESSIONS = np.array([each.day for each in calendar("XNYS").sessions(date(2025, 9, 1), date(2026, 11, 20))], "datetime64[D]")


class Held(NamedTuple):
    """A holding that a test sets."""

    symbol: str
    quantity: Decimal
    price: Decimal | None = Decimal(100)
    rate: Decimal | None = Decimal(1)
    currency: str | None = "USD"
    sector: str | None = "Energy"
    source: str = "test"


def random_closes(seed: int, days: int = 253, days_of: np.ndarray[tuple[int], np.dtype[np.datetime64]] = SESSIONS) -> Closes:
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.015, days)))
    return Closes(days_of[-days:], prices)


def measured(held: list[Held], series: Mapping[Key, Series], benchmark: Closes | None = None) -> PortfolioRisk:
    return portfolio_risk(basis(exposures(held), series, NOW), series, benchmark)


LONG_SHORT = [Held("A", Decimal(10)), Held("B", Decimal(-4)), Held("C", Decimal(7), rate=Decimal("1.25"))]
SERIES = {(name, "test"): Series(random_closes(seed), "XNYS") for seed, name in enumerate("ABC")}
VALUES = np.array([1000.0, -400.0, 875.0])


def test_values_are_quantity_times_price_times_rate() -> None:
    found = exposures([*LONG_SHORT, Held("D", Decimal(5), price=None), Held("E", Decimal(5), rate=None), Held("F", Decimal(0))])
    assert [each.value for each in found.known] == list(VALUES)
    assert (found.net, found.gross) == (1475, 2275)
    assert found.unpriced == (("D", "test"), ("E", "test"))


def test_figures_are_those_of_todays_values_over_the_days_that_were() -> None:
    benchmark = random_closes(9)
    risk = measured(LONG_SHORT, SERIES, benchmark)
    returns = np.column_stack([each.closes.prices[1:] / each.closes.prices[:-1] - 1 for each in SERIES.values()])
    relative, market = returns @ VALUES / 1475, benchmark.prices[1:] / benchmark.prices[:-1] - 1
    path = np.column_stack([each.closes.prices / each.closes.prices[-1] for each in SERIES.values()]) @ VALUES
    falls = 1 - path / np.maximum.accumulate(path)
    assert risk.volatility.value == pytest.approx(np.std(relative, ddof=1) * np.sqrt(252), rel=NEAR)
    assert risk.ewma.value == pytest.approx(reference.volatility("ewma", relative, relative, 252), rel=NEAR)
    assert (risk.drawdown.value, risk.deepest.value) == pytest.approx((falls[-1], falls.max()), rel=NEAR)
    assert risk.beta.value == pytest.approx(reference.beta(relative, market), rel=NEAR)
    for (level, method), found in risk.tails.items():
        assert (found.value_at_risk.value, found.shortfall.value) == pytest.approx(tuple(tail(returns @ VALUES, level, method)), rel=NEAR)
        assert (found.value_at_risk.observations, found.value_at_risk.as_of) == (252, date(2026, 11, 20))


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("level", [95, 99])
@given(
    st.integers(1, 6).flatmap(
        lambda m: st.tuples(arrays(float, m, elements=st.integers(-(10**8), 10**8).map(lambda cents: cents / 100)), st.integers(0, 2**31))
    ),
    st.integers(2, 300),
)
def test_parts_sum_to_the_total(level: int, method: Method, held: tuple[np.ndarray[tuple[int], np.dtype[np.float64]], int], days: int) -> None:
    values, seed = held
    returns = np.random.default_rng(seed).normal(0, 0.02, (days, len(values)))
    found = attribution(values, returns, level, method)
    size = float(np.abs(values).sum()) or 1.0
    assert found.value_at_risk.sum() == pytest.approx(found.total.value_at_risk, abs=NEAR * size)
    assert found.shortfall.sum() == pytest.approx(found.total.shortfall, abs=NEAR * size)
    assert tuple(found.total) == pytest.approx(tuple(tail(returns @ values, level, method)), abs=NEAR * size)


def test_marginal_is_what_one_more_unit_adds() -> None:
    returns = np.random.default_rng(4).normal(0, 0.02, (252, 3))
    found = attribution(VALUES, returns, 95, Method.PARAMETRIC)
    for place in range(3):
        more = VALUES + 1e-3 * np.eye(3)[place]
        slope = (tail(returns @ more, 95, Method.PARAMETRIC).value_at_risk - found.total.value_at_risk) / 1e-3
        assert found.marginal[place] == pytest.approx(slope, rel=1e-5)


def test_two_holdings_worked_by_hand() -> None:
    """Deviations 1 % and 2 %, uncorrelated, 100 of each: z sqrt(1 + 4), of which a fifth and four fifths."""
    returns = np.array([[1, 2], [1, -2], [-1, 2], [-1, -2]]) / 100 * np.sqrt(3 / 4)
    found = attribution(np.array([100.0, 100.0]), returns, 95, Method.PARAMETRIC)
    assert found.total.value_at_risk == pytest.approx(1.6448536269514722 * np.sqrt(5))
    assert found.value_at_risk / found.total.value_at_risk == pytest.approx([0.2, 0.8])


def test_cash_does_not_move_and_halves_every_share() -> None:
    without = measured(LONG_SHORT, SERIES)
    held = exposures(LONG_SHORT, Decimal(1475))
    risk = portfolio_risk(basis(held, SERIES, NOW), SERIES, None)
    assert (risk.volatility.value or 0) * 2 == pytest.approx(without.volatility.value, rel=NEAR)
    assert risk.tails[95, Method.HISTORICAL].value_at_risk == without.tails[95, Method.HISTORICAL].value_at_risk
    assert held.net == 2950


def test_too_few_days_in_common_are_counted_and_the_shortest_is_named() -> None:
    series = SERIES | {("B", "test"): Series(random_closes(1, 13), "XNYS")}
    risk = measured(LONG_SHORT, series)
    assert (risk.volatility.value, risk.volatility.why) == (None, "insufficient: 12 of 60 observations")
    assert risk.tails[99, Method.HISTORICAL].value_at_risk.why == "insufficient: 12 of 100 observations"
    assert all(each.parts is None for each in risk.tails.values())
    assert basis(exposures(LONG_SHORT), series, NOW).shortest == ("B", "test")


@pytest.mark.parametrize(("days", "why"), [(60, "insufficient: 59 of 60 observations"), (61, None)])
def test_exactly_enough_days_are_enough(days: int, why: str | None) -> None:
    risk = measured(LONG_SHORT[:1], {("A", "test"): Series(random_closes(1, days), "XNYS")})
    assert risk.volatility.why == risk.tails[95, Method.HISTORICAL].value_at_risk.why == why
    assert (risk.volatility.value is None) == (why is not None)


def test_a_hundredth_needs_a_hundred_days() -> None:
    series = {key: Series(each.closes._replace(days=each.closes.days[-81:], prices=each.closes.prices[-81:]), "XNYS") for key, each in SERIES.items()}
    risk = measured(LONG_SHORT, series)
    assert risk.tails[99, Method.PARAMETRIC].value_at_risk.value
    assert risk.tails[99, Method.HISTORICAL].value_at_risk.why == "insufficient: 80 of 100 observations"


def test_what_stopped_weeks_ago_is_stale_and_named() -> None:
    series = SERIES | {("C", "test"): Series(random_closes(2, days_of=SESSIONS[:-20]), "XNYS")}
    of = basis(exposures(LONG_SHORT), series, NOW)
    assert of.oldest == ("C", "test")
    assert portfolio_risk(of, series, None).volatility.why == "stale since 2026-10-23"


@pytest.mark.parametrize(
    ("name", "now", "fresh"),
    [
        ("XNYS", datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 16)),  # Sunday: as on Friday night
        ("XNYS", datetime(2026, 11, 20, 21, 30, tzinfo=UTC), date(2026, 11, 16)),
        ("XNYS", datetime(2026, 11, 23, 15, tzinfo=UTC), date(2026, 11, 16)),  # Monday's session has not ended
        ("XNYS", datetime(2026, 11, 27, 18, 30, tzinfo=UTC), date(2026, 11, 20)),  # Thanksgiving is none; Friday closed early at 13:00
        ("XNYS", datetime(2026, 11, 27, 17, 30, tzinfo=UTC), date(2026, 11, 19)),
        ("24/7", datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 17)),
        (None, datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 17)),
        ("NOWHERE", datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 17)),
    ],
)
def test_staleness_counts_sessions(name: str | None, now: datetime, fresh: date) -> None:
    assert fresh_from(name, now) == fresh


def test_a_share_beside_a_coin_is_stale_by_the_exchange() -> None:
    always = np.arange(np.datetime64("2026-01-01"), np.datetime64("2026-11-23"))
    series = {("A", "test"): Series(random_closes(1), "XNYS"), ("B", "test"): Series(random_closes(2, 300, always), "24/7")}
    of = basis(exposures(LONG_SHORT[:2]), series, NOW)
    assert (of.annualisation, of.fresh_from) == (252, date(2026, 11, 16))
    alone = basis(exposures(LONG_SHORT[1:2]), series, NOW)
    assert (alone.annualisation, alone.fresh_from) == (365, date(2026, 11, 18))


def test_a_short_portfolio_has_amounts_but_no_shares() -> None:
    risk = measured([Held("A", Decimal(-10))], SERIES, random_closes(9))
    assert risk.volatility.why == risk.beta.why == NO_SHARE
    assert risk.tails[95, Method.HISTORICAL].value_at_risk.value


def test_what_has_no_closes_is_named_and_nothing_held_is_no_figure() -> None:
    of = basis(exposures([*LONG_SHORT, Held("NEW", Decimal(1))]), SERIES, NOW)
    assert of.missing == (("NEW", "test"),)
    nothing = portfolio_risk(basis(Exposures(()), {}, NOW), {}, random_closes(9))
    assert nothing.volatility.why == "insufficient: 0 of 60 observations"
    assert nothing.beta.why == "insufficient: 0 of 60 observations"
