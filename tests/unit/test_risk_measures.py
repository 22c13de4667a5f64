"""Figures of one series against numpy and against cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures import reference_analytics as reference
from ticklake.risk import measures
from ticklake.risk.history import Closes, aligned, converted, inverted
from ticklake.risk.measures import Method

NEAR = 1e-9


def closes(first: str, *prices: float) -> Closes:
    """A close on each day from `first` on; NaN: no close on that day."""
    days = np.arange(np.datetime64(first), np.datetime64(first) + len(prices))
    values = np.array(prices)
    return Closes(days[~np.isnan(values)], values[~np.isnan(values)])


def walk(seed: int, days: int = 253) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, days)))


@pytest.mark.parametrize("days", [61, 101, 253])
@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_what_the_tables_have(seed: int, days: int) -> None:
    prices = walk(seed, days)
    returns = prices[1:] / prices[:-1] - 1
    expected = reference.risk(prices)
    for level in (95, 99):
        for method in Method:
            at_risk, shortfall = measures.tail(returns, level, method)
            assert at_risk == pytest.approx(expected[f"{method.upper()}_VAR_{level}"], rel=NEAR)
            assert shortfall == pytest.approx(expected[f"{method.upper()}_ES_{level}"], rel=NEAR)
    assert measures.drawdowns(prices).max() == pytest.approx(expected["MAX_DRAWDOWN"], rel=NEAR)
    logs, market = np.log1p(returns), np.random.default_rng(seed + 9).normal(size=days - 1)
    assert measures.volatility(logs, 252) == pytest.approx(reference.volatility("close", logs, logs, 252), rel=NEAR)
    assert measures.ewma_volatility(logs, 252) == pytest.approx(reference.volatility("ewma", logs, logs, 252), rel=NEAR)
    assert measures.beta(returns, market) == pytest.approx(reference.beta(returns, market), rel=NEAR)
    assert measures.correlation(returns, market) == pytest.approx(np.corrcoef(returns, market)[0, 1], rel=NEAR)


def test_a_hundred_days_worked_by_hand() -> None:
    returns = np.arange(-50, 50) / 1000.0  # -5.0 %, -4.9 %, ... 4.9 %
    assert tuple(measures.tail(returns, 95, Method.HISTORICAL)) == pytest.approx((0.04505, 0.048))  # position 99 x 0.05 = 4.95; five worst
    assert tuple(measures.tail(returns, 99, Method.HISTORICAL)) == pytest.approx((0.04901, 0.05))  # position 0.99; the worst one


def test_a_drawdown_worked_by_hand() -> None:
    assert measures.drawdowns(np.array([100.0, 120.0, 90.0, 130.0, 117.0])) == pytest.approx([0, 0, 0.25, 0, 0.1])


def test_what_does_not_move_has_neither_beta_nor_correlation() -> None:
    still, moving = np.full(60, 0.001), walk(1, 61)[1:]
    assert measures.beta(moving, still) is None
    assert measures.correlation(moving, still) is None
    assert measures.rolling_correlation(still, moving, 59) == [None, None]


def test_a_rolling_correlation_looks_at_its_window_only() -> None:
    one, other = walk(1, 30), walk(2, 30)
    rolled = measures.rolling_correlation(one, other, 10)
    assert rolled == pytest.approx([np.corrcoef(one[at : at + 10], other[at : at + 10])[0, 1] for at in range(21)], rel=NEAR)
    assert measures.rolling_correlation(one, other, 31) == []


def test_returns_span_the_days_that_all_have() -> None:
    share = closes("2026-11-19", 100, 110, np.nan, np.nan, 121)  # Thursday, Friday, Monday
    coin = closes("2026-11-19", 10, 11, 12, 13, 22)
    history = aligned([share, coin], 252)
    assert history.observations == 2
    assert history.returns == pytest.approx(np.array([[0.1, 0.1], [0.1, 1.0]]))


def test_a_window_takes_the_newest_returns() -> None:
    assert aligned([closes("2026-01-01", 1, 2, 4, 8)], 2).returns[:, 0] == pytest.approx([1, 1])
    assert str(aligned([closes("2026-01-01", 1, 2, 4, 8)], 2).days[0]) == "2026-01-02"


def test_nothing_in_common_is_no_observation() -> None:
    assert aligned([], 252).observations == 0
    assert aligned([closes("2026-01-01", 1, 2), closes("2027-01-01", 1, 2)], 252).observations == 0


def test_closes_in_another_currency_follow_the_rate_of_their_day() -> None:
    euros, dollars_a_euro = closes("2026-01-01", 10, 11, 12), closes("2026-01-02", 1.25, 1.5)
    assert converted(euros, dollars_a_euro).prices == pytest.approx([13.75, 18])
    assert converted(euros, inverted(dollars_a_euro)).prices == pytest.approx([8.8, 8])


@given(st.integers(2, 400), st.sampled_from([95, 99]))
def test_a_tail_is_the_days_that_are_at_least_so_bad(days: int, level: int) -> None:
    worst = measures.worst_days(days, level)
    assert (worst - 1) * 100 < days * (100 - level) <= worst * 100
