"""Every number of the analytics tables against numpy, on random and on real bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import combinations, groupby, pairwise
from typing import Any

import numpy as np
import pytest

from tests.fixtures import reference_analytics as reference
from tests.fixtures.analytics_market import MINUTE, Day, Market, random_minutes, real_days, real_minutes
from tests.fixtures.load_platform import load_platform
from tests.fixtures.reference_analytics import Minute

CLOCK_5M: Callable[[datetime], datetime] = lambda start: start - timedelta(minutes=start.minute % 5)  # noqa: E731
CLOCK_1H: Callable[[datetime], datetime] = lambda start: start.replace(minute=0)  # noqa: E731
MIDNIGHT = datetime.min.time()
NEAR = 1e-9


def new_york_day(start: datetime) -> datetime:
    """The trading day of a time in a week of October 2013, Monday's first hours aside: from eight hours after a close."""
    return datetime.combine(start - timedelta(hours=4), MIDNIGHT)


def utc_day(start: datetime) -> datetime:
    return datetime.combine(start, MIDNIGHT)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with load_platform(tmp_path_factory.mktemp("analytics")) as ready:
        yield Market(ready)


def stored(market: Market, interval: str, symbol: str) -> list[Minute]:
    rows = market.rows(f"SELECT * FROM CURATED.BARS WHERE BAR_INTERVAL = '{interval}' AND SYMBOL = '{symbol}' ORDER BY BAR_START")
    return [Minute(*list(row.values())[1:]) for row in rows]


def check_bars(market: Market, minutes: list[Minute], day: Callable[[datetime], datetime]) -> None:
    symbol = minutes[0].symbol
    for interval, place in (("5M", CLOCK_5M), ("1H", CLOCK_1H), ("1D", day)):
        placed = [(place(each.start), each) for each in sorted(minutes, key=lambda each: each.start)]
        expected = [reference.rolled(start, [each for _, each in group]) for start, group in groupby(placed, lambda each: each[0])]
        assert stored(market, interval, symbol) == expected


def check_indicators(market: Market, symbol: str, day: Callable[[datetime], datetime]) -> None:
    for interval in ("1M", "5M", "1H", "1D"):
        bars = stored(market, interval, symbol)
        rows = market.rows(f"SELECT * FROM CURATED.INDICATORS WHERE BAR_INTERVAL = '{interval}' AND SYMBOL = '{symbol}' ORDER BY BAR_START")
        assert [row["BAR_START"] for row in rows] == [bar.start for bar in bars]
        close, vwap = (np.array([float(value or 0) for value in values]) for values in ([bar.close for bar in bars], [bar.vwap for bar in bars]))
        volume = np.array([float(bar.volume or 0) if bar.vwap is not None else 0.0 for bar in bars])
        days = [bar.start if interval == "1D" else day(bar.start) for bar in bars]
        for row, expected in zip(rows, reference.indicators(close, vwap, volume, days), strict=True):
            same({name: row[name] for name in expected}, expected)


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert {name for name, value in found.items() if value is None} == {name for name, value in expected.items() if value is None}
    assert {name: value for name, value in found.items() if value is not None} == pytest.approx(
        {name: value for name, value in expected.items() if value is not None}, rel=NEAR, abs=1e-14
    )


def check_intraday(market: Market, minutes: list[Minute], place: Callable[[datetime], datetime], annualisation: dict[str, float]) -> None:
    """Volatility of one symbol, from its regular minutes and the bars made of them."""
    last = max(place(each.start) for each in minutes)
    for interval, step in (("1M", MINUTE), ("5M", 5 * MINUTE)):
        bars = [
            bar for bar in stored(market, interval, minutes[0].symbol) if bar.session in (None, "regular") and (interval == "5M" or place(bar.start) == last)
        ]
        returns = np.array(
            [np.log(float(b.close) / float(a.close)) for a, b in pairwise(bars) if b.start - a.start == step and place(a.start) == place(b.start)]
        )
        ranges = np.array([np.log(float(bar.high) / float(bar.low)) for bar in bars])
        rows = market.rows(f"SELECT * FROM CURATED.VOLATILITY WHERE BAR_INTERVAL = '{interval}' AND SYMBOL = '{minutes[0].symbol}'")
        assert {row["METHOD"] for row in rows} == {"close", "parkinson", "ewma"}
        for row in rows:
            assert row["OBSERVATIONS"] == (len(ranges) if row["METHOD"] == "parkinson" else len(returns))
            assert row["ANNUALISATION"] == annualisation[interval]
            assert row["AS_OF"] == bars[-1].start
            assert row["VOLATILITY"] == pytest.approx(reference.volatility(row["METHOD"], returns, ranges, row["ANNUALISATION"]), rel=NEAR)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_minutes(market: Market, seed: int) -> None:
    random = np.random.default_rng(seed)
    market.empty(NY="XNYS", COIN="24/7")
    opens = [datetime(2013, 10, day, 13, 30) for day in (7, 8)]  # noqa: DTZ001 - as the warehouse stores them
    regular = [start + MINUTE * int(at) for start in opens for at in np.flatnonzero(random.random(390) < 0.95)]
    extended = [datetime(2013, 10, 8, 0, 0) + MINUTE * int(at) for at in np.flatnonzero(random.random(300) < 0.1)]  # noqa: DTZ001
    new_york = random_minutes(random, "NY", regular) + random_minutes(random, "NY", extended, "extended")
    around_the_clock = random_minutes(random, "COIN", [datetime(2013, 10, 7, 22) + MINUTE * at for at in range(400)])  # noqa: DTZ001
    unknown = random_minutes(random, "NEW", [datetime(2013, 10, 7, 20) + MINUTE * at for at in range(400)], session=None)  # noqa: DTZ001
    market.put(new_york + around_the_clock + unknown)
    market.refresh()
    for minutes, place, year in ((new_york, new_york_day, 252 * 390.0), (around_the_clock, utc_day, 365 * 1440.0), (unknown, utc_day, 365 * 1440.0)):
        check_bars(market, minutes, place)
        check_indicators(market, minutes[0].symbol, place)
        check_intraday(market, minutes, place, {"1M": year, "5M": year / 5})


def test_real_minutes(market: Market) -> None:
    minutes = real_minutes("2013-10-07") + real_minutes("2013-10-08")
    symbols = sorted({each.symbol for each in minutes})
    market.empty(**dict.fromkeys(symbols, "XNYS"))
    market.put(minutes)
    market.refresh()
    returns = {}
    for symbol in symbols:
        mine = [each for each in minutes if each.symbol == symbol]
        check_bars(market, mine, new_york_day)
        check_indicators(market, symbol, new_york_day)
        check_intraday(market, mine, new_york_day, {"1M": 252 * 390.0, "5M": 252 * 78.0})
        bars = [bar for bar in stored(market, "5M", symbol) if bar.session == "regular"]
        pairs = pairwise(bars)
        returns[symbol] = {b.start: np.log(float(b.close) / float(a.close)) for a, b in pairs if b.start - a.start == 5 * MINUTE}
    check_correlation(market, "5M", 5, returns)


def check_correlation(market: Market, interval: str, window: int, returns: dict[str, dict[Any, float]]) -> None:
    rows = market.rows(f"SELECT * FROM CURATED.CORRELATION WHERE BAR_INTERVAL = '{interval}' AND WINDOW_DAYS = {window} ORDER BY SYMBOL_A, SYMBOL_B")
    assert [(row["SYMBOL_A"], row["SYMBOL_B"]) for row in rows] == list(combinations(sorted(returns), 2))
    for row in rows:
        a, b = returns[row["SYMBOL_A"]], returns[row["SYMBOL_B"]]
        common = sorted(a.keys() & b.keys())
        assert (row["N_COMMON"], row["AS_OF"]) == (len(common), common[-1][1] if interval == "1D" else common[-1])
        assert row["CORRELATION"] == pytest.approx(np.corrcoef([a[at] for at in common], [b[at] for at in common])[0, 1], rel=NEAR)


def check_daily(market: Market, days: list[Day]) -> None:
    """Every daily figure of `days`, all of symbols with a calendar of 252 days a year."""
    by_symbol = {symbol: sorted(group, key=lambda each: each.day)[-253:] for symbol, group in groupby(days, lambda each: each.symbol)}
    closes = {symbol: np.array([float(each.close) for each in group]) for symbol, group in by_symbol.items()}
    figures = {row["SYMBOL"]: row for row in market.rows("SELECT * FROM CURATED.RISK")}
    simple: dict[str, dict[Any, float]] = {}
    for symbol, group in by_symbol.items():
        close, starts = closes[symbol], [utc_day(datetime.combine(each.day, MIDNIGHT)) for each in group]
        steps = list(pairwise(starts))
        simple[symbol] = dict(zip(steps, close[1:] / close[:-1] - 1, strict=True))
        expected = reference.risk(close)
        same({name: figures[symbol][name] for name in expected}, expected)
        common = sorted(simple[symbol].keys() & simple.get("SPY", simple[symbol]).keys())
        assert figures[symbol]["OBSERVATIONS"] == len(close) - 1
        assert common
        ranges = np.array([np.log(float(each.high) / float(each.low)) for each in group])
        for row in market.rows(f"SELECT * FROM CURATED.VOLATILITY WHERE BAR_INTERVAL = '1D' AND SYMBOL = '{symbol}'"):
            window = row["WINDOW_DAYS"]
            value = reference.volatility(row["METHOD"], np.diff(np.log(close))[-window:], ranges[-window:], 252.0)
            assert (row["OBSERVATIONS"], row["ANNUALISATION"], row["AS_OF"]) == (window, 252.0, starts[-1])
            assert row["VOLATILITY"] == pytest.approx(value, rel=NEAR)
    for symbol, returns in simple.items():
        common = sorted(returns.keys() & simple["SPY"].keys())
        assert (figures[symbol]["BENCHMARK"], figures[symbol]["BETA_OBSERVATIONS"]) == ("SPY", len(common))
        expected_beta = reference.beta(np.array([returns[at] for at in common]), np.array([simple["SPY"][at] for at in common]))
        assert figures[symbol]["BETA"] == pytest.approx(expected_beta, rel=NEAR)
    for window in (60, 252):
        check_correlation(
            market, "1D", window, {symbol: {at: np.log1p(value) for at, value in list(returns.items())[-window:]} for symbol, returns in simple.items()}
        )


def test_twenty_years_of_daily_bars(market: Market) -> None:
    days = real_days()
    market.empty(**dict.fromkeys({each.symbol for each in days}, "XNYS"))
    market.put_days(days)
    report = market.refresh()
    assert report.daily_symbols == 10
    check_daily(market, days)
    assert market.refresh().daily_symbols == 0


def test_daily_bars_with_holes(market: Market) -> None:
    random = np.random.default_rng(3)
    market.empty(SPY="XNYS", B="XNYS", C="XNYS")
    days = [each for each in real_days() if each.symbol == "SPY"][-400:]
    holed = [each._replace(symbol=symbol) for symbol in ("B", "C") for each in days if random.random() > 0.05]
    noisy = [each._replace(close=each.close * 1 + round(each.low - each.close, 2) * int(random.integers(0, 2)) / 2) for each in holed]
    market.put_days(days + noisy)
    market.refresh()
    check_daily(market, sorted(days + noisy))
