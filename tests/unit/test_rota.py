"""The rota: the best real source is on duty, nobody flaps, and nothing synthetic stands in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.producer.rota import Change, Rota, Sight, check_sources
from streaming.producer.source import State, is_synthetic
from ticklake.errors import ConfigError
from ticklake.instruments import Instrument, Instruments, SourceSymbols

SILENCE_S = 30.0
MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""The exchange of New York is open."""


def instrument(*sources: str, symbol: str = "A", calendar: str = "24/7") -> Instrument:
    return Instrument(symbol=symbol, name=symbol, calendar=calendar, primary=sources[0], standby=sources[1:])


class Day:
    """A rota and what happens to its sources; time is in seconds since `MONDAY`."""

    def __init__(self, *listed: Instrument, running: tuple[str, ...] = ("p", "s", "t"), asked: dict[str, SourceSymbols] | None = None) -> None:
        self.rota = Rota(Instruments(listed, asked), running, silence_s=SILENCE_S, begin=0.0, synthetic=lambda name: name == "fake")
        self.states: dict[str, State] = dict.fromkeys(running, "ok")
        self.last: dict[str, dict[str, float]] = {name: {} for name in running}
        self.paces: dict[str, float] = {}
        self.at = 0.0

    def passes(self, seconds: float, *, ticking: str = "") -> list[Change]:
        """That time passes, a turn each second, while the sources `ticking` give a tick of A before each; all changes."""
        changes: list[Change] = []
        end = self.at + seconds
        while self.at < end:
            self.at += 1.0
            for name in ticking:
                self.last[name]["A"] = self.at
            seen = {name: Sight(state, self.last[name], self.paces.get(name, 0.0)) for name, state in self.states.items()}
            changes += self.rota.turn(MONDAY + timedelta(seconds=self.at), self.at, seen)
        return changes

    @property
    def on_duty(self) -> str:
        return self.rota.standing_in.get("A", "p")


def test_a_silent_primary_is_stood_in_for_until_it_is_back_for_good() -> None:
    day = Day(instrument("p", "s"))
    assert day.passes(20, ticking="p") == []
    assert day.passes(30) == []
    assert day.passes(1) == [Change("A", "p", "s", "p has been silent for 31 s")]
    assert (day.rota.wanted("s"), day.rota.wanted("p")) == ({"A"}, {"A"})
    assert day.passes(30, ticking="ps") == []
    assert day.passes(2, ticking="ps") == [Change("A", "s", "p", "p is back")]
    assert day.rota.wanted("s") == frozenset()


def test_silence_is_measured_by_the_pace_that_a_source_ordinarily_has() -> None:
    day = Day(instrument("p", "s"))
    day.paces["p"] = 300.0
    assert day.passes(300) == []
    assert [change.why for change in day.passes(1)] == ["p has been silent for 301 s"]
    eod = Day(instrument("p", "s"))
    eod.paces["p"] = float("inf")
    assert eod.passes(3600) == []
    eod.states["p"] = "refused"
    assert [change.after for change in eod.passes(1)] == ["s"]


def test_a_primary_that_is_ordinarily_silent_is_stood_in_for_when_it_does_not_answer() -> None:
    day = Day(instrument("p", "s"))
    day.paces["p"] = float("inf")
    for _ in range(3):
        day.states["p"] = "waiting"
        assert day.passes(SILENCE_S) == []
        day.states["p"] = "ok"
        assert day.passes(1) == []
    day.states["p"] = "waiting"
    assert day.passes(SILENCE_S + 1) == [Change("A", "p", "s", "p has been waiting for 31 s")]
    day.states["p"] = "ok"
    assert [change.after for change in day.passes(SILENCE_S + 2)] == ["p"]


def test_a_closed_exchange_waits_for_nobody() -> None:
    day = Day(instrument("p", "s", calendar="XNYS"))
    day.paces["p"], day.states["p"] = float("inf"), "waiting"
    opens = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    day.at = (opens - MONDAY).total_seconds() - 600
    assert day.passes(600 + SILENCE_S) == []
    assert [change.after for change in day.passes(2)] == ["s"]


def test_a_primary_that_speaks_now_and_then_does_not_make_the_duty_flap() -> None:
    day = Day(instrument("p", "s"))
    changes = [change for _ in range(20) for change in (*day.passes(1, ticking="p"), *day.passes(44))]
    assert [change.after for change in changes] == ["s"]


@pytest.mark.parametrize("state", ["refused", "down", "ended"])
def test_a_primary_that_is_gone_is_stood_in_for_at_once(state: State) -> None:
    day = Day(instrument("p", "s"))
    day.passes(5, ticking="p")
    day.states["p"] = state
    assert day.passes(1) == [Change("A", "p", "s", f"p is {state}")]


def test_a_primary_that_does_not_run_is_stood_in_for() -> None:
    day = Day(instrument("p", "s"), running=("s",))
    assert [change.why for change in day.passes(1)] == ["p does not run"]


def test_a_closed_exchange_is_never_silent() -> None:
    closes = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    day = Day(instrument("p", "s", calendar="XNYS"))
    day.at = (closes - MONDAY).total_seconds() - 10
    day.last["p"]["A"] = day.at
    assert day.passes(600) == []


def test_when_the_exchange_opens_the_primary_has_its_time() -> None:
    day = Day(instrument("p", "s", calendar="XNYS"))
    day.at = -1800.0 - 60
    assert day.passes(60 + SILENCE_S) == []
    assert [change.after for change in day.passes(2)] == ["s"]


def test_the_next_standby_takes_over_from_one_that_fails_and_hands_back() -> None:
    day = Day(instrument("p", "s", "t"))
    day.states["p"] = "refused"
    day.passes(1)
    day.states["s"] = "waiting"
    assert [change.after for change in day.passes(1)] == ["t"]
    day.states["s"] = "ok"
    assert [change.after for change in day.passes(32)] == ["s"]


def test_without_anybody_better_nothing_changes() -> None:
    day = Day(instrument("p", "s"))
    day.states["s"] = "waiting"
    assert day.passes(100) == []
    day.states["s"] = "ok"
    day.passes(1)
    day.states["s"] = "waiting"
    assert day.passes(100) == []
    assert day.on_duty == "s"
    day.states["s"] = "refused"
    assert [change.after for change in day.passes(1)] == ["p"]


def test_a_source_delivers_what_it_is_primary_for_what_is_asked_of_it_and_where_it_stands_in() -> None:
    listed = instrument("p", "s"), instrument("s", symbol="B"), instrument("p", symbol="C")
    day = Day(*listed, asked={"s": SourceSymbols(("C", "A", "UNLISTED"))})
    assert day.rota.wanted("p") == {"A", "C"}
    assert day.rota.wanted("s") == {"B", "C", "UNLISTED"}
    assert day.rota.wanted("t") == frozenset()
    day.passes(40)
    assert day.rota.wanted("s") == {"A", "B", "C", "UNLISTED"}


@pytest.mark.parametrize("sources", [("p", "fake"), ("p", "s", "fake"), ("fake", "s")])
def test_nothing_synthetic_stands_in_or_is_stood_in_for(sources: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="instrument A: fake is synthetic"):
        Day(instrument(*sources))


def test_a_synthetic_primary_without_a_standby_is_fine() -> None:
    assert Day(instrument("fake"), running=("fake",)).passes(100) == []


def test_each_source_says_whether_it_is_synthetic() -> None:
    assert is_synthetic("simulator")
    assert is_synthetic("replay")
    with pytest.raises(ConfigError, match="'nope' is unknown"):
        is_synthetic("nope")


def test_a_source_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError, match="a source 'nope' that does not exist; there are"):
        check_sources(Instruments((instrument("simulator"), instrument("nope", symbol="B"))), ["simulator"])


def test_a_source_that_runs_without_a_symbol_is_named() -> None:
    listed = Instruments((instrument("simulator"),))
    check_sources(listed, ["simulator"])
    with pytest.raises(ConfigError, match="replay has no symbols"):
        check_sources(listed, ["simulator", "replay"])


States = st.sampled_from(get_args(State))
Step = st.tuples(st.fixed_dictionaries({"p": States, "s": States, "t": States}), st.integers(1, 90), st.sampled_from(["", "p", "s", "ps", "pst"]))


@given(st.lists(Step, min_size=1, max_size=6), st.permutations(["s", "t"]))
def test_whatever_happened_the_best_fit_source_is_on_duty_in_the_end_and_one_only(steps: list[tuple[dict[str, State], int, str]], standby: list[str]) -> None:
    day = Day(instrument("p", *standby))
    for states, seconds, ticking in steps:
        day.states.update(states)
        day.passes(seconds, ticking=ticking)
        assert sum("A" in day.rota.wanted(name) for name in standby) == (day.on_duty != "p")
    ticking = steps[-1][2]
    day.passes(2 * SILENCE_S + 2, ticking=ticking)
    gone = [name for name in "pst" if day.states[name] in ("refused", "down", "ended")]
    fit = ["p"] if "p" in ticking and "p" not in gone else []
    fit += [name for name in standby if day.states[name] == "ok"]
    assert (day.on_duty == fit[0]) if fit else (day.on_duty == "p" or day.on_duty not in gone)
    assert day.passes(100, ticking=ticking) == [], "it has settled"
