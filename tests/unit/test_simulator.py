"""The simulated market: one pure path, plausible statistics, and trades that never repeat."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.producer.sources.simulator import Simulator
from tests.fakes.clock import ManualClock
from ticklake.columns import decode
from ticklake.errors import ConfigError
from ticklake.instruments import Instrument
from ticklake.simulated.bridge import keys_of, paths
from ticklake.simulated.market import Market, activity
from ticklake.tick import Tick, encode

SECTORS = ("Energy", "Financials", "Utilities")
LISTED = [Instrument(symbol=f"S{i}", name=f"S{i}", primary="simulator", sector=SECTORS[i % 3], calendar="XNYS") for i in range(12)]
KEYS = keys_of(1, ["a", "b"])
MINUTE, DAY = 60_000_000, 86_400_000_000
START = 1_795_444_200_000_000  # 2026-11-23T14:30Z, when New York opens

times = st.integers(0, 2**52)


def simulator(clock: ManualClock | None = None, rate: float = 12.0, **options: object) -> Simulator:
    arguments = {"seed": 7, "rate": rate, "exchange_hours": False, "clock": clock or ManualClock()} | options
    return Simulator(LISTED, **arguments)  # type: ignore[arg-type]


def waiting(clock: ManualClock) -> Callable[[float], bool]:
    def wait(seconds: float) -> bool:
        clock.advance(seconds)
        return False

    return wait


@given(st.lists(times, min_size=1, max_size=30), st.randoms())
@settings(max_examples=50)
def test_a_path_is_the_same_in_any_order_and_any_partition(at: list[int], random: object) -> None:
    whole = paths(KEYS, np.array(at))
    order = list(range(len(at)))
    random.shuffle(order)  # type: ignore[attr-defined]
    cut = len(at) // 2
    for part in (order[:cut], order[cut:]):
        if part:
            assert (paths(KEYS, np.array(at)[part]) == whole[:, part]).all()


@given(times, st.integers(0, 40))
def test_a_path_is_continuous(at: int, bits: int) -> None:
    step = 2**bits
    boundary = at // step * step
    near = paths(KEYS, np.array([boundary - 1, boundary, boundary + 1]))
    assert np.abs(np.diff(near)).max() < 1e-5


def test_a_path_goes_through_its_refined_points() -> None:
    grid = START // 2**15 * 2**15 + np.arange(3) * 2**15
    left, middle, right = paths(KEYS, grid).T
    halfway = paths(KEYS, grid[:2] + 2**14)
    assert np.allclose(halfway[:, 0], (left + middle) / 2)
    assert np.allclose(halfway[:, 1], (middle + right) / 2)


def test_symbols_do_not_depend_on_each_other_but_on_the_seed() -> None:
    at = np.array([START, START + DAY])
    assert (Market(7, LISTED).prices(at)[3] == Market(7, LISTED[3:4]).prices(at)[0]).all()
    assert (Market(7, LISTED).prices(at) != Market(8, LISTED).prices(at)).any()


def test_returns_look_like_a_market() -> None:
    prices = np.concatenate([Market(seed, LISTED).prices(START + np.arange(1200) * DAY) for seed in range(4)])
    returns = np.diff(np.log(prices / 100.0), axis=1)
    volatility = returns.std(axis=1) * np.sqrt(365.25)
    assert ((volatility > 0.12) & (volatility < 0.5)).all()
    correlations = np.concatenate([np.corrcoef(returns[i : i + 12])[np.triu_indices(12, 1)] for i in range(0, 48, 12)])
    assert ((correlations > 0.15) & (correlations < 0.75)).all()
    scores = (returns - returns.mean(axis=1, keepdims=True)) / returns.std(axis=1, keepdims=True)
    assert (scores**4).mean() > 3.3


def test_shares_have_a_sensible_beta_against_what_tracks_the_market() -> None:
    index = Instrument(symbol="INDEX", name="Index", primary="simulator", calendar="XNYS", tracks_market=True)
    at = START + np.arange(1200) * DAY
    alone, prices = Market(7, LISTED).prices(at), Market(7, [*LISTED, index]).prices(at)
    assert (prices[:-1] == alone).all()
    returns = np.diff(np.log(prices / 100.0), axis=1)
    covariance = np.cov(returns)
    betas, correlations = covariance[:-1, -1] / covariance[-1, -1], np.corrcoef(returns)[:-1, -1]
    assert ((betas > 0.3) & (betas < 2.2)).all()
    assert ((correlations > 0.4) & (correlations < 0.8)).all()
    assert 0.8 < betas.mean() < 1.3


def test_prices_stay_sane_for_decades() -> None:
    prices = Market(7, LISTED).prices(np.arange(0, 60 * 365, 30, dtype=np.int64) * DAY)
    assert prices.min() > 500
    assert (prices.max(axis=1) / prices.min(axis=1) < 20).all()


@pytest.mark.parametrize("date", ["2026-07-06", "2026-11-23"])
def test_volume_is_u_shaped_in_new_york_in_summer_and_winter(date: str) -> None:
    noon = datetime.fromisoformat(f"{date}T00:00Z")
    opens = int(noon.timestamp() * 1e6) + int((13.5 if "07" in date else 14.5) * 3600e6)
    before, first, middle, last, after = activity(opens + np.array([-1, 0, 195 * MINUTE, 390 * MINUTE - 1, 390 * MINUTE]))
    assert first > 2 * middle
    assert last > 2 * middle
    assert before == after < middle


def test_trades_keep_the_contract_and_their_quotes() -> None:
    ticks = list(simulator().history(START, START + 30_000_000))
    decoded = decode([tick.symbol.encode() for tick in ticks], [encode(tick) for tick in ticks])
    assert decoded.reasons.null_count == len(ticks) == 360
    for tick in ticks:
        bid, price, ask = (float(value or 0) for value in (tick.bid, tick.price, tick.ask))
        assert 0 < bid <= price <= ask
        assert ask - bid > 0.0099
        assert tick.prev_close
        assert (tick.size or 0) > 0


@given(st.lists(st.integers(0, 20_000_000), max_size=5))
@settings(max_examples=25)
def test_any_partition_of_the_past_gives_the_same_trades_once(cuts: list[int]) -> None:
    whole = [tick.tick_id for tick in simulator().history(START, START + 20_000_000)]
    edges = [START, *(START + cut for cut in sorted(cuts)), START + 20_000_000]
    pieces = [tick.tick_id for begin, end in itertools.pairwise(edges) for tick in simulator().history(begin, end)]
    assert pieces == whole
    assert len(set(whole)) == len(whole)


def test_ids_differ_between_seeds_and_slot_lengths() -> None:
    runs = [simulator(), simulator(seed=8), simulator(rate=24.0)]
    ids = [{tick.tick_id for tick in run.history(START, START + 10_000_000)} for run in runs]
    assert not (ids[0] & ids[1])
    assert not (ids[0] & ids[2])


def test_the_live_stream_is_even_and_never_ahead_of_its_time() -> None:
    clock = ManualClock()
    ticks = list(itertools.islice(simulator(clock).ticks(waiting(clock)), 240))
    gaps = [(b.event_time - a.event_time) / timedelta(seconds=1) for a, b in itertools.pairwise(ticks)]
    assert all(abs(gap - 1 / 12) < 0.001 for gap in gaps)
    assert all(timedelta(0) <= tick.received_at - tick.event_time < timedelta(seconds=0.1) for tick in ticks)


def test_a_restart_goes_on_at_the_present_and_repeats_nothing() -> None:
    clock = ManualClock()
    first = list(itertools.islice(simulator(clock).ticks(waiting(clock)), 50))
    killed_at = clock.now()
    second = list(itertools.islice(simulator(clock).ticks(waiting(clock)), 50))
    assert second[0].event_time > killed_at >= first[-1].event_time
    history = simulator().history(_us(first[0]), _us(second[-1]) + 1)
    assert [tick.tick_id for tick in history] == [tick.tick_id for tick in first + second]


def test_a_pause_is_skipped_without_a_burst() -> None:
    clock = ManualClock()
    stream = simulator(clock).ticks(waiting(clock))
    before = list(itertools.islice(stream, 20))
    clock.advance(3600)
    after = list(itertools.islice(stream, 20))
    assert after[1].event_time - before[-1].event_time > timedelta(seconds=3599)


def test_a_stop_ends_the_stream() -> None:
    assert list(simulator().ticks(lambda seconds: True)) == []


@pytest.mark.parametrize(("begin", "trading"), [("2026-11-27T17:59:58Z", (0, 2)), ("2026-11-30T14:29:58Z", (2, 7)), ("2026-11-26T15:00:00Z", (0, 0))])
def test_exchange_hours_honour_holidays_and_early_closes(begin: str, trading: tuple[int, int]) -> None:
    start = datetime.fromisoformat(begin)
    clock = ManualClock(start)

    def wait(seconds: float) -> bool:
        clock.advance(seconds)
        return clock.now() > start + timedelta(seconds=6)

    ticks = list(simulator(clock, exchange_hours=True).ticks(wait))
    seconds = [(tick.event_time - start) / timedelta(seconds=1) for tick in ticks]
    assert len(ticks) == pytest.approx(12 * (min(trading[1], 6) - trading[0]), abs=1)
    assert all(trading[0] <= second < trading[1] for second in seconds)


def test_the_previous_close_is_the_path_at_the_early_close() -> None:
    monday = int(datetime(2026, 11, 30, 15, tzinfo=UTC).timestamp() * 1e6)
    close = int(datetime(2026, 11, 27, 18, tzinfo=UTC).timestamp() * 1e6)
    expected = Market(7, LISTED).prices(np.array([close]))[:, 0]
    for tick in simulator().history(monday, monday + 1_000_000):
        assert round(float(tick.prev_close or 0) * 100) == expected[int(tick.symbol[1:])]


def test_no_symbols_and_an_absurd_rate_are_refused() -> None:
    with pytest.raises(ConfigError, match="no symbols"):
        Simulator([], seed=1, rate=1.0, exchange_hours=False, clock=ManualClock())
    with pytest.raises(ConfigError, match="1000000"):
        simulator(rate=5e7)


def _us(tick: Tick) -> int:
    return (tick.event_time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
