from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.components import candles
from dashboard.components.palette import DARK, LIGHT
from tests.fakes.market_data import NOW, minute_bars


def marks_a_bar(layers: list[dict[str, object]]) -> int:
    """Marks that are drawn for each bar: the leaves of the layers that do not aggregate."""
    total = 0
    for layer in layers:
        inner = layer.get("layer")
        if isinstance(inner, list):
            total += marks_a_bar(inner)
        else:
            total += "aggregate" not in json.dumps(layer.get("transform", [])).replace("joinaggregate", "")
    return total


def test_a_chart_stays_below_two_thousand_marks() -> None:
    data = candles.candle_data(minute_bars(5_000))
    assert marks_a_bar(candles.candle_spec(LIGHT, 2)["layer"]) * len(data) <= 2_000
    assert data["BAR_START"].iloc[-1] == f"{NOW + timedelta(minutes=5_000 - 120 - 1):%Y-%m-%d %H:%M}"


def test_every_field_of_the_chart_is_in_its_data() -> None:
    spec = json.dumps(candles.candle_spec(LIGHT, 2))
    for field in candles.FIELDS:
        assert f'"{field}"' in spec
    assert list(candles.candle_data(minute_bars(3)).columns) == candles.FIELDS


def test_the_chart_is_made_once_and_holds_no_data() -> None:
    spec = candles.candle_spec(LIGHT, 2)
    assert candles.candle_spec(LIGHT, 2) is spec
    assert candles.candle_spec(DARK, 2) != spec
    assert '"data"' not in json.dumps(spec)
    assert '"datasets"' not in json.dumps(spec)


def test_nights_take_no_room() -> None:
    days = pd.concat([minute_bars(2, NOW - timedelta(days=1)), minute_bars(2, NOW)])
    assert list(candles.candle_data(days)["BAR_START"]) == ["2026-11-22 15:00", "2026-11-22 15:01", "2026-11-23 15:00", "2026-11-23 15:01"]


def test_the_chart_is_told_in_words() -> None:
    told = candles.describe("IBM", minute_bars(120))
    assert told.startswith("Minute candles with volume of IBM, 120 bars from 2026-11-23 13:00 to 14:59 UTC: low ")
    assert candles.describe("IBM", minute_bars(0)) == "No minute bars of IBM."


def test_times_are_the_readers() -> None:
    new_york, bars = ZoneInfo("America/New_York"), minute_bars(120)
    assert candles.candle_data(bars, new_york)["BAR_START"].iloc[0] == "2026-11-23 08:00"
    assert "from 2026-11-23 08:00 to 09:59 EST: low " in candles.describe("IBM", bars, new_york)
