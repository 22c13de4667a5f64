"""Daily bars of Alpha Vantage: what is asked of which plan, within its calls, and what the answers mean."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.fakes.clock import ManualClock
from tests.fakes.provider import FakeProvider
from ticklake.daily import Action
from ticklake.errors import BadPayload, QuotaSpent, SourceUnavailable
from ticklake.instruments import Instruments
from ticklake.patience import Patience
from ticklake_airflow.batch.sources import VendorBars
from ticklake_io.alphavantage import daily
from ticklake_io.alphavantage.client import AlphaVantage
from ticklake_io.alphavantage.settings import AlphaVantageSettings
from ticklake_io.budget import QuotaBudget
from ticklake_io.http import Answer

NOW = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # a Monday
ROW = {"1. open": "10.0", "2. high": "12.0", "3. low": "9.5", "4. close": "11.0", "5. volume": "1000"}
ADJUSTED = {
    **{name: value for name, value in ROW.items() if "volume" not in name},
    "5. adjusted close": "5.4",
    "6. volume": "1000",
    "7. dividend amount": "0.2500",
    "8. split coefficient": "2.0",
}
ANSWERS: dict[str, dict[str, Any]] = {
    "TIME_SERIES_DAILY": {"Meta Data": {}, "Time Series (Daily)": {"2026-11-23": ROW, "2026-11-20": ROW}},
    "TIME_SERIES_DAILY_ADJUSTED": {"Meta Data": {}, "Time Series (Daily)": {"2026-11-23": ADJUSTED}},
    "SPLITS": {"symbol": "IBM", "data": [{"effective_date": "2020-08-31", "split_factor": "4.0000"}]},
    "DIVIDENDS": {
        "symbol": "IBM",
        "data": [
            {"ex_dividend_date": "2026-11-10", "amount": "1.5"},
            {"ex_dividend_date": "2026-11-10", "amount": "0.5"},
            {"ex_dividend_date": "None", "amount": "1"},
        ],
    },
}


def reply(params: Mapping[str, str]) -> Answer:
    return Answer(200, {}, json.dumps(ANSWERS[params["function"]]).encode())


def source(tmp_path: Path, plan: str = "free") -> tuple[VendorBars, FakeProvider]:
    clock = ManualClock(NOW)
    own = AlphaVantageSettings(_env_file=None, key=SecretStr("k"), plan=plan)  # type: ignore[call-arg, arg-type]
    provider = FakeProvider(clock, reply)
    client = AlphaVantage(provider, own, QuotaBudget(tmp_path / "count.json", own.budget, clock), Instruments(), clock)
    return VendorBars(client, clock, Patience(clock, random.Random(1)), premium=plan != "free"), provider


def functions(provider: FakeProvider) -> list[str]:
    return [each.params["function"] for each in provider.asked]


def test_a_free_plan_asks_for_actions_once_a_week_and_waits_between_calls(tmp_path: Path) -> None:
    vendor, provider = source(tmp_path)
    monday = vendor.bars("IBM", date(2026, 11, 21), date(2026, 11, 23))
    assert functions(provider) == ["TIME_SERIES_DAILY", "SPLITS", "DIVIDENDS"]
    assert set(monday.actions) == {Action(date(2020, 8, 31), "split", Decimal(4)), Action(date(2026, 11, 10), "dividend", Decimal(2))}
    assert monday.actions_from is not None
    assert all(later - earlier >= 1.1 for earlier, later in zip(provider.times(), provider.times()[1:], strict=False))
    friday = vendor.bars("IBM", date(2026, 11, 20), date(2026, 11, 20))
    assert functions(provider)[3:] == ["TIME_SERIES_DAILY"]
    assert (len(friday.bars), friday.actions_from) == (2, None)


def test_a_premium_plan_tells_all_in_one_call(tmp_path: Path) -> None:
    vendor, provider = source(tmp_path, "75")
    found = vendor.bars("IBM", date(2006, 1, 1), date(2026, 11, 23))
    assert [(each.params["function"], each.params["outputsize"]) for each in provider.asked] == [("TIME_SERIES_DAILY_ADJUSTED", "full")]
    day = date(2026, 11, 23)
    assert found.actions == (Action(day, "dividend", Decimal("0.25")), Action(day, "split", Decimal(2)))
    assert found.bars[0].adjusted is None
    assert found.actions_from == day


def test_calls_are_of_the_shared_budget_and_none_is_made_for_days_out_of_reach(tmp_path: Path) -> None:
    vendor, provider = source(tmp_path)
    with pytest.raises(SourceUnavailable, match="free plan"):
        vendor.bars("IBM", date(2020, 1, 1), date(2020, 12, 31))
    assert provider.asked == []
    for _ in range(25):
        vendor.bars("IBM", date(2026, 11, 20), date(2026, 11, 20))
    with pytest.raises(QuotaSpent):
        vendor.bars("IBM", date(2026, 11, 20), date(2026, 11, 20))
    assert len(provider.asked) == 25


def test_a_bad_day_is_named_and_the_others_count() -> None:
    rows = {"2026-11-23": ROW, "2026-11-20": ROW | {"2. high": "1"}, "2026-11-19": {}, "2026-11-18": "x", "never": ROW}
    bars, actions, rejects = daily.daily({"Time Series (Daily)": rows})
    assert [each.day for each in bars] == [date(2026, 11, 23)]
    assert actions == []
    assert len(rejects) == 4
    assert daily.daily({}) == ([], [], [])


@pytest.mark.parametrize("content", [{"x": 1}, {"data": [{"effective_date": "soon", "split_factor": "2"}]}, {"data": [1]}])
def test_an_answer_of_another_shape_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(BadPayload):
        daily.splits(content)
