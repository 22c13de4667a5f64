"""Concentration, limits, stress and the order of clusters, worked by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake.risk import stress, sufficiency
from ticklake.risk.clusters import cluster_order
from ticklake.risk.concentration import concentration
from ticklake.risk.holdings import Exposure, Exposures
from ticklake.risk.limits import HOUSE_LIMITS, Limit, Metric, Status, check, observed
from ticklake.risk.portfolio import basis, portfolio_risk

SQL = Path(__file__).parents[2] / "dags" / "sql" / "refresh_analytics"


def held(**values: tuple[float, str, str]) -> Exposures:
    """By symbol: value, sector, currency."""
    return Exposures(tuple(Exposure((symbol, "test"), value, currency, sector) for symbol, (value, sector, currency) in values.items()), ())


FOUR = held(A=(400, "Tech", "USD"), B=(-300, "Tech", "USD"), C=(200, "Energy", "EUR"), D=(100, "unknown", "EUR"))


def test_concentration_counts_shorts_as_legs() -> None:
    found = concentration(FOUR)
    assert found is not None
    assert found.positions == pytest.approx({"A": 0.4, "B": 0.3, "C": 0.2, "D": 0.1})
    assert found.herfindahl == pytest.approx(0.16 + 0.09 + 0.04 + 0.01)
    assert found.top_five == pytest.approx(1)
    assert found.sectors == pytest.approx({"Tech": 0.7, "Energy": 0.2, "unknown": 0.1})
    assert found.currencies == pytest.approx({"USD": 0.7, "EUR": 0.3})
    assert concentration(Exposures((), ())) is None


def test_limits_name_what_breaches_worst_first() -> None:
    found = observed(concentration(FOUR), None, FOUR.net)
    checks = check(
        [Limit(Metric.POSITION, 0.1, 0.25), Limit(Metric.SECTOR, 0.5, 0.8), Limit(Metric.HERFINDAHL, 0.3, 0.4), Limit(Metric.VAR_95, 0.01, 0.02)], found
    )
    assert [(each.limit.metric, each.status) for each in checks] == [
        (Metric.POSITION, Status.RED),
        (Metric.SECTOR, Status.AMBER),
        (Metric.HERFINDAHL, Status.GREEN),
        (Metric.VAR_95, Status.UNKNOWN),
    ]
    assert [name for name, _ in checks[0].offenders] == ["A", "B"]
    assert [name for name, _ in checks[1].offenders] == ["Tech"]
    assert (checks[3].value, checks[3].why) == (None, "nothing is held")


def test_a_limit_is_kept_up_to_its_very_value() -> None:
    (exactly,) = check([Limit(Metric.POSITION, 0.25, 0.5)], observed(concentration(held(A=(1, "", ""), B=(1, "", ""), C=(1, "", ""), D=(1, "", ""))), None, 4))
    assert exactly.status is Status.GREEN


def test_an_insufficient_figure_neither_keeps_nor_breaches() -> None:
    risk = portfolio_risk(basis(FOUR, {}, datetime(2026, 11, 23, tzinfo=UTC)), {}, None)
    checks = {each.limit.metric: each for each in check(HOUSE_LIMITS, observed(concentration(FOUR), risk, FOUR.net))}
    assert checks[Metric.VAR_95].status is Status.UNKNOWN
    assert checks[Metric.VAR_95].why == "insufficient: 0 of 60 observations"


def test_a_market_move_goes_through_betas_and_what_has_none_is_named() -> None:
    found = stress.by_betas(FOUR, {("A", "test"): 1.5, ("B", "test"): 1.0, ("C", "test"): 6.0}, -0.2)
    profits = {hit.exposure.key[0]: hit.profit for hit in found.hits}
    assert profits == pytest.approx({"A": -120.0, "B": 60.0, "C": -200.0, "D": None})  # C loses all, not more
    assert found.profit == pytest.approx(-260)
    assert found.unknown == (("D", "test"),)
    assert [hit.exposure.key[0] for hit in found.hits] == ["C", "A", "B", "D"]


def test_an_own_shock_is_one_for_all_but_for_the_sectors_named() -> None:
    found = stress.by_groups(FOUR, -0.1, {"Tech": 0.05})
    assert found.profit == pytest.approx(400 * 0.05 - 300 * 0.05 - 20 - 10)
    assert found.unknown == ()


def test_a_scenario_that_says_nothing_has_no_sum() -> None:
    assert stress.outcome(FOUR, {}).profit is None


@given(st.dictionaries(st.sampled_from("ABCD"), st.floats(-2, 2)))
def test_hits_sum_to_the_outcome(moves: dict[str, float]) -> None:
    found = stress.outcome(FOUR, {(symbol, "test"): move for symbol, move in moves.items()})
    assert sum(hit.profit or 0 for hit in found.hits) == pytest.approx(found.profit or 0)
    assert len(found.hits) == 4


def test_clusters_stand_together() -> None:
    """Two blocks, shuffled: neighbours of the order are of one block, but for one step."""
    block = np.array([0, 1, 0, 1, 1, 0, 0, 1])
    matrix = np.where(block[:, None] == block, 0.9, 0.1)
    np.fill_diagonal(matrix, 1)
    order = cluster_order(matrix)
    assert sorted(order) == list(range(8))
    assert np.abs(np.diff(block[order])).sum() == 1


def test_a_chain_is_laid_out_end_to_end() -> None:
    """Correlation falls with the distance on a line: the order is the line, whatever order the symbols come in."""
    place = np.array([3, 0, 4, 1, 2])
    matrix = 0.9 ** np.abs(place[:, None] - place)
    ordered = place[cluster_order(matrix)].tolist()
    assert ordered in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0])


@given(st.integers(0, 12), st.integers(0, 2**31))
def test_each_symbol_has_one_place_whatever_is_unknown(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    matrix = random.uniform(-1, 1, (count, count))
    matrix[random.random((count, count)) < 0.3] = np.nan
    assert sorted(cluster_order((matrix + matrix.T) / 2)) == list(range(count))


@pytest.mark.parametrize(("statement", "known"), [("make_volatility", sufficiency.LEAST_VOLATILITY), ("make_correlation", sufficiency.LEAST_CORRELATION)])
def test_the_least_observations_are_those_of_the_tables(statement: str, known: dict[tuple[str, int], int]) -> None:
    found = re.findall(r"'(\w+)' AS BAR_INTERVAL,\s+(\d+) AS WINDOW_DAYS,\s+(\d+) AS LEAST_OBSERVATIONS", (SQL / f"{statement}.sql").read_text())
    assert {(interval, int(window)): int(least) for interval, window, least in found} == known
