"""The source Alpha Vantage: days of it against a provider that counts, its failures, its restarts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr

from streaming.producer.source import Checkable, Observed, Request, create, is_synthetic
from streaming.producer.sources.alphavantage import build
from streaming.producer.sources.alphavantage.feed import Feed
from tests.fakes.clock import ManualClock
from tests.fakes.provider import FakeProvider, Reply
from tests.fixtures import services
from tests.fixtures.alphavantage import KEY, answer
from ticklake.calendars import calendar
from ticklake.errors import BadPayload, ConfigError, QuotaSpent, Reject, Retry, SourceRefused, SourceUnavailable, Stop
from ticklake.instruments import Instrument, Instruments, SourceSymbols
from ticklake.tick import Tick
from ticklake_io.alphavantage.client import AlphaVantage
from ticklake_io.alphavantage.settings import AlphaVantageSettings
from ticklake_io.budget import US_EASTERN
from ticklake_io.http import Answer

MONDAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
"""The beginning of a day of the plan: midnight in New York."""
OPEN = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CLOSE = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
DAY_S = 86_400.0
FORTY = tuple(f"S{number:02}" for number in range(1, 41))


def listed(*symbols: str, **aliases: str) -> Instruments:
    instruments = (
        Instrument(symbol=each, name=each, calendar="XNYS", primary="alphavantage", aliases={"alphavantage": aliases[each]} if each in aliases else {})
        for each in symbols
    )
    return Instruments(tuple(instruments), {"alphavantage": SourceSymbols(symbols)})


class Market:
    """Replies with a quote that is never the same twice: of the trading day that `clock` has reached, `known_s` after its close or open."""

    def __init__(self, clock: ManualClock, *, at_open: bool = False, known_s: float = 0.0) -> None:
        self._clock, self._at_open, self._known_s = clock, at_open, known_s
        self._volume = 0

    def __call__(self, params: Mapping[str, str]) -> Answer:
        assert params["apikey"] == KEY
        rows = [self._row(symbol) for symbol in params["symbol"].split(",")]
        if params["function"] == "REALTIME_BULK_QUOTES":
            return Answer(200, {}, json.dumps({"message": "success", "data": rows}).encode())
        day = {"01. symbol": rows[0]["symbol"], "05. price": rows[0]["close"], "06. volume": rows[0]["volume"], "07. latest trading day": self._day()}
        return Answer(200, {}, json.dumps({"Global Quote": day}).encode())

    def _row(self, symbol: str) -> dict[str, Any]:
        self._volume += 1
        eastern = self._clock.now() - timedelta(hours=5)
        return {"symbol": symbol, "timestamp": eastern.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3], "close": "10.5", "volume": str(self._volume)}

    def _day(self) -> str:
        seen = self._clock.now() - timedelta(seconds=self._known_s)
        sessions = calendar("XNYS").sessions(seen.date() - timedelta(days=7), seen.date())
        return str([each.day for each in sessions if (each.opens_at if self._at_open else each.closes_at) <= seen][-1])


class Day:
    """A source with its clock and provider."""

    def __init__(
        self, path: Path, *, start: datetime = MONDAY, symbols: tuple[str, ...] = FORTY, reply: Reply | None = None, known_s: float = 0.0, **own: Any
    ) -> None:
        self.path, self.clock = path, ManualClock(start)
        self.own = AlphaVantageSettings(**({"key": SecretStr(KEY)} | own))
        self.instruments = listed(*symbols)
        intraday = self.own.entitlement != "eod"
        self.provider = FakeProvider(self.clock, reply or Market(self.clock, at_open=intraday, known_s=known_s))
        self.wanted: Callable[[], frozenset[str]] | None = None
        self.items: list[Tick | Reject] = []
        self.errors: list[Retry | Stop] = []
        self.restart()

    def restart(self) -> None:
        self.feed = build(Request(wanted=self.wanted), self.own, self.path, self.instruments, self.clock, self.provider)

    def run(self, seconds: float = DAY_S, *, calls: int | None = None) -> None:
        """Let time pass; a source that raised is asked again, as the producer does. Ends early after so many calls."""
        end = self.clock.monotonic() + seconds

        def over() -> bool:
            return self.clock.monotonic() >= end or (calls is not None and len(self.provider.asked) >= calls)

        def wait(pause_s: float) -> bool:
            self.clock.advance(max(min(pause_s, end - self.clock.monotonic()), 0.0))
            return over()

        while not over():
            try:
                for item in self.feed.ticks(wait):
                    self.items.append(item)
                    if over():
                        break
            except Retry as error:
                self.errors.append(error)
            except Stop as error:
                self.errors.append(error)
                return

    @property
    def hours(self) -> list[datetime]:
        """When the provider was asked, by the wall clock."""
        return [each.on for each in self.provider.asked]


@given(
    plan=st.sampled_from(["free", "75"]),
    entitlement=st.sampled_from(["eod", "delayed", "realtime"]),
    hour=st.integers(0, 7 * 24),
    symbols=st.integers(1, 45),
    lives=st.lists(st.floats(60, 20 * 3600), min_size=1, max_size=5),
)
@example(plan="free", entitlement="delayed", hour=33, symbols=1, lives=[60.0, 2640.6953125, 60.890625])
@hypothesis_settings(max_examples=20)
def test_any_week_of_any_plan_with_any_restarts(plan: str, entitlement: str, hour: int, symbols: int, lives: list[float]) -> None:
    """The week of Thanksgiving. Polls are few where the plan is large, or this would take long."""
    with TemporaryDirectory() as state:
        day = Day(Path(state), start=MONDAY + timedelta(hours=hour), symbols=FORTY[:symbols], plan=plan, entitlement=entitlement, poll_s=3600)
        for life in lives:
            day.run(life)
            day.restart()
    times, hours = day.provider.times(), day.hours
    assert all(gap >= 0.8 for gap in gaps(times))
    if plan == "free":
        assert all(gap >= 1 for gap in gaps(times))
        assert max(Counter(at.astimezone(US_EASTERN).date() for at in hours).values(), default=0) <= 25
    exchange = calendar("XNYS")
    if entitlement != "eod":
        late = timedelta(minutes=15 if entitlement == "delayed" else 0)
        assert all(exchange.is_open(at - late) for at in hours)
    ticks = [item for item in day.items if isinstance(item, Tick)]
    assert all(tick.event_time <= tick.received_at for tick in ticks)


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


def busiest(times: list[float], window_s: float) -> int:
    """The most calls in any window of that length."""
    return max(sum(begin <= at < begin + window_s for at in times) for begin in times)


def test_a_day_of_the_free_plan_asks_after_the_close_for_what_matters_most(tmp_path: Path) -> None:
    day = Day(tmp_path)
    day.run()
    assert day.provider.symbols() == list(FORTY[:25])
    assert min(gaps(day.provider.times())) >= 1
    assert min(day.hours) >= CLOSE + timedelta(hours=1)
    assert [(item.symbol, item.event_time) for item in day.items if isinstance(item, Tick)] == [(symbol, CLOSE) for symbol in FORTY[:25]]
    assert day.feed.health().calls_left == 25  # the next day has begun
    assert day.errors == []


def test_a_day_of_the_free_plan_survives_a_restart_in_the_middle(tmp_path: Path) -> None:
    day = Day(tmp_path)
    day.run(calls=12)
    day.restart()
    day.run(DAY_S / 6)
    asked = day.provider.symbols()
    assert len(asked) == 25
    assert set(FORTY[:24]) <= set(asked)  # the one on whose answer it was killed was asked for again
    assert min(gaps(day.provider.times())) >= 1
    assert day.feed.health().calls_left == 0
    assert day.feed.health().state == "waiting"


def test_the_free_plan_spread_over_a_session(tmp_path: Path) -> None:
    """The same calls where the plan's prices were younger: all day long, more of them for what matters more."""
    day = Day(tmp_path, entitlement="delayed")
    day.run()
    asked = Counter(day.provider.symbols())
    assert len(day.provider.asked) == 25
    assert min(gaps(day.provider.times())) >= 600
    assert min(day.hours) >= OPEN + timedelta(minutes=15)
    assert CLOSE - timedelta(minutes=15) <= max(day.hours) <= CLOSE + timedelta(minutes=15)
    assert asked[FORTY[0]] > asked[FORTY[1]] > asked[FORTY[2]] > asked[FORTY[8]]
    assert [asked[symbol] for symbol in FORTY] == sorted((asked[symbol] for symbol in FORTY), reverse=True)


def test_restarts_do_not_hurry_a_session(tmp_path: Path) -> None:
    """Each restart would like to ask at once; the day's calls must last all the same."""
    day = Day(tmp_path, entitlement="delayed", start=OPEN)
    for _ in range(40):
        day.run(600)
        day.restart()
    assert len(day.provider.asked) <= 25
    assert min(gaps(day.provider.times())) >= 600
    assert max(day.hours) >= CLOSE - timedelta(minutes=15)


def test_a_premium_plan_asks_for_five_hundred_symbols_every_five_seconds_in_bulk(tmp_path: Path) -> None:
    symbols = tuple(f"S{number:03}" for number in range(500))
    day = Day(tmp_path, start=OPEN - timedelta(minutes=1), symbols=symbols, plan="75", entitlement="realtime")
    day.run(6 * 60)
    assert {each.params["function"] for each in day.provider.asked} == {"REALTIME_BULK_QUOTES"}
    assert {each.params["entitlement"] for each in day.provider.asked} == {"realtime"}
    assert {each.count(",") for each in day.provider.symbols()} == {99}
    times = day.provider.times()
    assert busiest(times, 60) <= 75
    assert min(day.hours) >= OPEN
    assert len(times) == 5 * 60  # five calls every five seconds, for five minutes
    by_symbol = [at for at, each in zip(times, day.provider.symbols(), strict=True) if "S000" in each]
    assert all(4.999 <= gap < 6 for gap in gaps(by_symbol))
    assert len({item.tick_id for item in day.items if isinstance(item, Tick)}) == len(day.items) == 100 * len(times)


def test_a_plan_that_is_too_small_serves_what_matters_more(tmp_path: Path) -> None:
    symbols = tuple(f"S{number:03}" for number in range(60))
    day = Day(tmp_path, start=OPEN + timedelta(minutes=15), symbols=symbols, plan="75", entitlement="delayed")
    day.run(600)
    asked = Counter(day.provider.symbols())
    assert busiest(day.provider.times(), 60) <= 75
    assert len(day.provider.asked) >= 9 * 73
    assert asked["S000"] > asked["S010"] > asked["S050"]
    assert min(asked[symbol] for symbol in symbols) > 0
    first = [at for at, symbol in zip(day.provider.times(), day.provider.symbols(), strict=True) if symbol == "S000"]
    assert min(gaps(first)) >= 5


@pytest.mark.parametrize("plan", ["free", "75"])
@pytest.mark.parametrize("entitlement", ["eod", "delayed", "realtime"])
def test_a_closed_exchange_is_not_asked(tmp_path: Path, plan: str, entitlement: str) -> None:
    """Thanksgiving; the day before is settled already."""
    day = Day(tmp_path, start=datetime(2026, 11, 25, 21, 30, tzinfo=UTC), symbols=FORTY[:3], plan=plan, entitlement=entitlement)
    day.run(8 * 3600)
    before = len(day.provider.asked)
    assert before == (3 if entitlement == "eod" else 0)
    day.run(DAY_S)
    assert len(day.provider.asked) == before
    assert day.feed.health().state == "ok"


def test_an_early_close_ends_the_session(tmp_path: Path) -> None:
    day = Day(tmp_path, start=datetime(2026, 11, 27, 17, 59, tzinfo=UTC), symbols=FORTY[:2], plan="75", entitlement="realtime")
    day.run(3600)
    assert max(day.hours) < datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


def test_a_weekend_fills_what_the_week_had_no_calls_for(tmp_path: Path) -> None:
    day = Day(tmp_path, start=datetime(2026, 11, 27, 5, 0, tzinfo=UTC))
    day.run(3 * DAY_S)
    assert day.provider.symbols() == list(FORTY)
    assert [at.weekday() for at in day.hours] == [4] * 25 + [5] * 15


def test_calls_are_kept_for_the_closes_to_come(tmp_path: Path) -> None:
    """A first start on a Monday morning: Friday's prices of few symbols are fetched, of many they are not."""
    many = Day(tmp_path / "many", start=MONDAY)
    many.run(8 * 3600)
    assert many.provider.asked == []
    few = Day(tmp_path / "few", start=MONDAY, symbols=FORTY[:10])
    few.run()
    assert few.provider.symbols() == list(FORTY[:10]) * 2


def test_prices_that_are_late_are_asked_for_again_without_wasting_the_plan(tmp_path: Path) -> None:
    day = Day(tmp_path, known_s=3.5 * 3600)
    day.run()
    asked = day.provider.symbols()
    assert len(asked) == 25
    ticks = [item for item in day.items if isinstance(item, Tick) and item.event_time == CLOSE]
    assert len(ticks) >= 22


def test_a_symbol_that_does_not_trade_does_not_hold_up_the_others(tmp_path: Path) -> None:
    day = Day(tmp_path)
    market = Market(day.clock)
    halted = answer("global_quote").body.replace(b'"IBM"', b'"S01"').replace(b"2026-11-23", b"2026-11-20")
    day.provider = FakeProvider(day.clock, lambda params: Answer(200, {}, halted) if params["symbol"] == "S01" else market(params))
    day.restart()
    day.run()
    fresh = {item.symbol for item in day.items if isinstance(item, Tick) and item.event_time == CLOSE}
    assert len(fresh) >= 22
    assert "S02" in fresh


def test_the_same_quote_is_sent_once(tmp_path: Path) -> None:
    day = Day(tmp_path, start=OPEN, symbols=("IBM",), reply=lambda _: answer("global_quote_delayed"), plan="75", entitlement="delayed")
    day.run(3600)
    assert len(day.provider.asked) > 400
    assert [item.price for item in day.items if isinstance(item, Tick)] == ["304.12"]


def test_aliases_are_the_providers_and_symbols_are_ours(tmp_path: Path) -> None:
    day = Day(tmp_path, start=CLOSE, symbols=("BRK.B",), reply=lambda _: answer("global_quote_alias"))
    day.instruments = listed("BRK.B", **{"BRK.B": "BRK-B"})
    day.restart()
    day.run(2 * 3600)
    assert day.provider.symbols() == ["BRK-B"]
    assert [item.symbol for item in day.items if isinstance(item, Tick)] == ["BRK.B"]


def test_a_quote_of_another_symbol_is_no_answer(tmp_path: Path) -> None:
    day = Day(tmp_path, start=CLOSE, symbols=("AAPL",), reply=lambda _: answer("global_quote"))
    day.run(2 * 3600)
    assert [type(item) for item in day.items] == [BadPayload]


def test_an_unknown_symbol_is_told_once_and_tried_twice_a_day(tmp_path: Path) -> None:
    day = Day(tmp_path, start=CLOSE, symbols=("NOSUCH",), reply=lambda _: answer("no_data"))
    day.run()
    assert len(day.provider.asked) == 2
    assert gaps(day.provider.times()) == [pytest.approx(4 * 3600, abs=60)]
    assert day.items == []
    assert day.feed.health().errors == {"no_data": 1}


def test_what_is_wanted_now_is_asked_for_now(tmp_path: Path) -> None:
    day = Day(tmp_path, start=OPEN, symbols=FORTY[:3], plan="75", entitlement="delayed")
    now: set[str] = set()
    day.wanted = lambda: frozenset(now)
    day.restart()
    day.clock.advance(3600)
    day.run(600)
    assert day.provider.asked == []
    now |= {"S02", "XYZ"}
    day.run(11)
    assert day.provider.symbols()[:2] == ["S02", "XYZ"]
    now -= {"S02"}
    day.run(60)
    assert set(day.provider.symbols()[-5:]) == {"XYZ"}


def test_the_provider_that_says_the_day_is_spent_is_believed(tmp_path: Path) -> None:
    day = Day(tmp_path, start=CLOSE, reply=lambda _: answer("daily"))
    day.run(7 * 3600)
    assert len(day.provider.asked) == 1
    assert [type(each) for each in day.errors] == [QuotaSpent]
    health = day.feed.health()
    assert (health.state, health.calls_left) == ("waiting", 0)
    assert KEY not in health.detail


def test_a_burst_is_waited_out(tmp_path: Path) -> None:
    replies = iter(["burst", "burst"])
    day = Day(tmp_path, start=CLOSE, symbols=("IBM",))
    day.provider = FakeProvider(day.clock, lambda _: answer(next(replies, "global_quote")))
    day.restart()
    day.run(2 * 3600)
    assert [type(each) for each in day.errors] == [SourceUnavailable] * 2
    assert all(2 <= gap < 10 for gap in gaps(day.provider.times()))
    assert len(day.items) == 1
    assert day.feed.health().state == "ok"


def test_retry_after_is_honoured_and_failures_open_the_breaker(tmp_path: Path) -> None:
    day = Day(tmp_path, start=OPEN, symbols=FORTY[:5], plan="1200", entitlement="realtime", reply=lambda _: Answer(503, {"retry-after": "20"}, b""))
    day.run(3600)
    waits = gaps(day.provider.times())
    assert all(wait >= 20 for wait in waits)
    assert all(wait >= 60 for wait in waits[4:])
    assert day.feed.health().state == "waiting"


def test_while_the_provider_does_not_answer_the_source_is_not_ok(tmp_path: Path) -> None:
    """Not even while it is asked again, which takes seconds: who stands in would be sent home at each try."""
    states: list[str] = []
    day = Day(tmp_path, start=OPEN, symbols=("IBM",), plan="75", entitlement="delayed")

    def reply(_: Mapping[str, str]) -> SourceUnavailable:
        states.append(day.feed.health().state)
        return SourceUnavailable("no answer")

    day.provider = FakeProvider(day.clock, reply)
    day.restart()
    day.run(3600)
    assert len(states) > 10
    assert set(states[5:]) == {"waiting"}


def test_garbage_at_first_is_not_the_last_word_of_a_day(tmp_path: Path) -> None:
    replies = iter([Answer(200, {}, b"<html>")])
    day = Day(tmp_path, start=CLOSE, symbols=("IBM",))
    day.provider = FakeProvider(day.clock, lambda _: next(replies, answer("global_quote")))
    day.restart()
    day.run(7 * 3600)
    assert [type(item) for item in day.items] == [BadPayload, Tick]


def test_a_key_that_is_refused_ends_the_source(tmp_path: Path) -> None:
    day = Day(tmp_path, start=CLOSE, reply=lambda _: answer("bad_key"))
    day.run(2 * 3600)
    assert [type(each) for each in day.errors] == [SourceRefused]
    assert len(day.provider.asked) == 1
    assert day.feed.health().state == "refused"
    assert "TICKLAKE_ALPHAVANTAGE_KEY" in day.feed.health().detail


def test_garbage_is_set_aside_and_the_next_symbol_asked(tmp_path: Path) -> None:
    day = Day(tmp_path, start=CLOSE, symbols=FORTY[:3], reply=lambda _: Answer(200, {}, b"<html>"))
    day.run(3 * 3600)
    assert [type(item) for item in day.items] == [BadPayload] * 3
    assert day.provider.symbols() == list(FORTY[:3])


def test_a_stop_is_prompt(tmp_path: Path) -> None:
    day = Day(tmp_path, start=CLOSE)
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return True

    assert list(day.feed.ticks(wait)) == []
    assert len(waits) == 1
    assert waits[0] <= 60


def check(day: Day) -> tuple[str, Tick | None]:
    checkup = day.feed.check(lambda seconds: day.clock.advance(seconds) is not None)
    return " | ".join(checkup.says), checkup.sample


def test_a_check_says_what_the_key_may_do_and_spends_one_call(tmp_path: Path) -> None:
    day = Day(tmp_path, symbols=("IBM",), reply=lambda _: answer("global_quote"))
    assert isinstance(day.feed, Checkable)
    assert isinstance(day.feed, Observed)
    says, sample = check(day)
    assert says == "plan free, prices: eod, one symbol a call | 24 calls left today"
    assert sample is not None
    assert len(day.provider.asked) == 1


def test_a_check_of_a_symbol_that_is_refused_says_so(tmp_path: Path) -> None:
    says, sample = check(Day(tmp_path, symbols=("IBM",), reply=lambda _: answer("bad_call")))
    assert "the question is refused" in says
    assert sample is None


@pytest.mark.parametrize(("name", "error"), [("bad_key", SourceRefused), ("burst", SourceUnavailable), ("daily", QuotaSpent)])
def test_a_check_raises_what_stands_in_its_way(tmp_path: Path, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        check(Day(tmp_path, symbols=("IBM",), reply=lambda _: answer(name)))


def test_vendor_bars_share_the_plan(tmp_path: Path) -> None:
    day = Day(tmp_path, symbols=("IBM",), reply=lambda _: answer("intraday"))
    provider: AlphaVantage = day.feed._provider
    assert len(provider.bars("IBM", month="2026-11", full=True)) == 2
    asked = day.provider.asked[0].params
    assert (asked["function"], asked["interval"], asked["adjusted"], asked["extended_hours"]) == ("TIME_SERIES_INTRADAY", "1min", "false", "false")
    assert (asked["month"], asked["outputsize"]) == ("2026-11", "full")
    with pytest.raises(SourceUnavailable) as early:
        provider.market_status()
    assert early.value.after_s == pytest.approx(1.1)
    assert day.feed._budget.calls_left() == 24


def test_more_than_a_hundred_symbols_are_not_silently_cut(tmp_path: Path) -> None:
    day = Day(tmp_path, plan="75", entitlement="realtime")
    with pytest.raises(ValueError, match="at most 100"):
        day.feed._provider.bulk([f"S{number}" for number in range(101)])


def test_create_needs_a_key_and_symbols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="TICKLAKE_ALPHAVANTAGE_KEY"):
        create("alphavantage", Request(), services.settings(), listed("IBM"), ManualClock())
    monkeypatch.setenv("TICKLAKE_ALPHAVANTAGE_KEY", KEY)
    with pytest.raises(ConfigError, match="alphavantage has no symbols"):
        create("alphavantage", Request(), services.settings(), Instruments(), ManualClock())
    source = create("alphavantage", Request(), services.settings(), listed("IBM"), ManualClock())
    assert source.name == "alphavantage"
    assert not is_synthetic("alphavantage")
    assert isinstance(source, Feed)
    assert KEY not in repr(source._own)


def test_a_key_is_not_sent_in_clear() -> None:
    with pytest.raises(ValueError, match="url"):
        AlphaVantageSettings(key=SecretStr(KEY), url="http://www.alphavantage.co/query")


def test_only_a_realtime_premium_plan_asks_in_bulk() -> None:
    bulk = {
        (plan, entitlement)
        for plan in ("free", "75", "1200")
        for entitlement in ("eod", "delayed", "realtime")
        if AlphaVantageSettings(key=SecretStr(KEY), plan=plan, entitlement=entitlement).bulk
    }
    assert bulk == {("75", "realtime"), ("1200", "realtime")}
