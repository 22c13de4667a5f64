"""What can be wrong for whoever looks: each state is one line of cause and action, and what can still be shown is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.frame import sources
from dashboard.market_data import Snapshot
from dashboard.shared import Reading
from tests.fakes.market_data import NOW, FakeMarketData, latest_frame, minute_bars, snapshot
from tests.fakes.tables import FakeTables
from ticklake_io.producing import Producing, SourceLine

SATURDAY = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
NO_PLAN = "alphavantage: the plan does not include this; see TICKLAKE_ALPHAVANTAGE_PLAN and TICKLAKE_ALPHAVANTAGE_ENTITLEMENT"


def page(data: object, tables: object, now: object, producing: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard import frame
    from dashboard.freshness import Targets
    from dashboard.views import live
    from ticklake.roles import Role, User

    targets = Targets(15, 60)
    look = frame.bar(data, tables, lambda: now, targets, lambda: producing)
    live.render(look, data, lambda: now, targets, None, User("ana", Role.ANALYST))


class Live:
    """The Live page with the bar above it."""

    def __init__(self, reading: Reading[Snapshot], *lines: SourceLine, now: datetime = NOW, quota: float = 5.0, **address: str) -> None:
        quotas = pd.DataFrame({"LABELS": ['{"source": "alphavantage"}'], "VALUE": [quota], "MEASURED_AT": [now.replace(tzinfo=None)]})
        values = {"data": FakeMarketData(reading, minute_bars(5)), "tables": FakeTables({"quotas": quotas}), "now": now, "producing": Producing(lines)}
        self.test = AppTest.from_function(page, kwargs=values, default_timeout=30)
        for name, value in address.items():
            self.test.query_params[name] = value
        self.test.run()
        assert not self.test.exception

    @property
    def text(self) -> str:
        return "\n".join(element.proto.body for element in self.test.get("html"))

    @property
    def chip(self) -> str:
        label: Any = self.test.get("popover")[0].proto.popover.label
        return str(label)

    @property
    def watched(self) -> list[str]:
        """The symbols on the watchlist."""
        return [row[0] for element in self.test.get("bidi_component") for row in json.loads(element.proto.bytes)["rows"]]


def line(name: str, state: str, detail: str = "", calls_left: int | None = None) -> SourceLine:
    return SourceLine(name, state, 3, steady=True, calls_left=calls_left, errors={}, detail=detail)


BOARD = Reading(snapshot(latest_frame({})))


def test_no_data_yet() -> None:
    shown = Live(Reading(snapshot(latest_frame())))
    assert "No ticks yet. The first load takes about a minute after make up." in shown.text


def test_market_closed_is_no_fault() -> None:
    last = {"EVENT_TIME": datetime(2026, 11, 20, 21, 0), "RECEIVED_AT": datetime(2026, 11, 20, 21, 0), "FEED": "realtime", "SOURCE": "finnhub"}  # noqa: DTZ001  as the warehouse has it
    friday = snapshot(latest_frame(last), read_at=SATURDAY)
    shown = Live(Reading(replace(friday, stream=replace(friday.stream, expected_since=None))), now=SATURDAY)
    assert "NYSE closed, opens Mon 09:30 EST" in shown.text
    assert "silent" not in shown.text
    assert shown.chip.startswith("❚❚ event CLOSED, last tick 18 h")
    assert shown.watched == ["IBM"]


def test_symbol_unknown() -> None:
    shown = Live(BOARD, symbol="IBN")
    assert "IBN is not on the board: no tick of it has arrived. Did you mean IBM?" in shown.text
    assert shown.watched == ["IBM"]


@pytest.mark.parametrize("delivers", [True, False])
def test_not_entitled(delivers: bool) -> None:
    board = Reading(snapshot(latest_frame({"SOURCE": "alphavantage", "FEED": "delayed"} if delivers else {})))
    shown = Live(board, line("alphavantage", "refused", NO_PLAN), line("simulator", "ok"))
    assert f'{"DELAYED" if delivers else "NO DATA"} <span class="tl-source">alphavantage, not entitled</span>' in shown.text
    assert (
        "alphavantage is not entitled to what is asked of it: the plan does not include this; see TICKLAKE_ALPHAVANTAGE_PLAN and "
        "TICKLAKE_ALPHAVANTAGE_ENTITLEMENT. Correct that in .env and restart the producer" in shown.text
    )
    assert shown.watched == ["IBM"]


def test_quota_exhausted_is_said_once() -> None:
    shown = Live(BOARD, line("alphavantage", "waiting", "no call left today", 0), quota=0.0)
    assert "No call left of the plan of alphavantage (at 10:00 EST)" in shown.text
    assert "does not answer" not in shown.text
    assert shown.watched == ["IBM"]


def test_source_down() -> None:
    shown = Live(BOARD, line("finnhub", "waiting", "finnhub: <refused>; asked again in 30 s"), line("coinbase", "down", "KeyError"), line("replay", "ended"))
    assert "finnhub does not answer: &lt;refused&gt;; asked again in 30 s. Nothing to do: its prices go on by themselves when it does." in shown.text
    assert "coinbase has failed: KeyError. It is tried again by itself; ticklake logs producer says more." in shown.text
    assert "replay" not in shown.text
    assert shown.watched == ["IBM"]


def test_warehouse_unreachable_and_the_stream_still_shown() -> None:
    only_tail = snapshot(latest_frame({"RECEIVED_AT": (NOW - timedelta(seconds=1)).replace(tzinfo=None)}))
    shown = Live(Reading(only_tail, "The warehouse does not answer. Run ticklake status to see what is down; this recovers by itself."))
    assert "The warehouse does not answer. Run ticklake status to see what is down; this recovers by itself. The last good data stays below." in shown.text
    assert shown.watched == ["IBM"]
    assert len(shown.test.get("vega_lite_chart")) == 1


def test_slow_query_is_said_and_the_other_panels_go_on() -> None:
    def slow_page(tables: object, look: object) -> None:
        from dashboard.components.answers import rows_of
        from ticklake.changes import Subject

        for name, what in (("slow", "The loads"), ("quick", "The alarms")):
            rows_of(tables.read(name, Subject.TICKS), what, f"No row of {name}.")

    class Tables(FakeTables):
        def read(self, name: str, *args: Any, **params: Any) -> Reading[pd.DataFrame]:
            return Reading() if name == "slow" else super().read(name, *args, **params)

    test = AppTest.from_function(slow_page, kwargs={"tables": Tables({"quick": pd.DataFrame()}), "look": None}, default_timeout=30).run()
    told = "\n".join(element.proto.body for element in test.get("html"))
    assert "The loads: the warehouse is being asked." in told
    assert "No row of quick." in told


@pytest.mark.parametrize("state", ["ok", "ended", "of a later version"])
def test_a_source_that_is_well_is_not_spoken_of(state: str) -> None:
    assert sources.troubled(Producing((line("finnhub", state),))) == {}
    assert sources.sentences(Producing((line("finnhub", state),))) == []
