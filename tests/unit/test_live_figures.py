"""The strip of key figures and the heat map: figures in, HTML out."""

from __future__ import annotations

import re
from datetime import UTC
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from dashboard.board import by_key
from dashboard.components import heatmap, movers, quote
from dashboard.components.movers import Breadth
from tests.fakes.market_data import NOW, days_frame, latest_frame, snapshot


def board_of(**percents: float | None) -> pd.DataFrame:
    """A board on which each symbol has changed by so many per cent."""
    return snapshot(
        latest_frame(
            *({"SYMBOL": symbol, "PRICE": 100 + (percent or 0), "PREV_CLOSE": None if percent is None else 100.0} for symbol, percent in percents.items())
        )
    ).board


def test_breadth_counts_what_is_written() -> None:
    assert movers.breadth(board_of(A=1.0, B=0.004, C=-0.004, D=-0.02, E=None)["PERCENT"]) == Breadth(rising=1, falling=1, level=2, unknown=1)


def test_movers_are_those_that_moved_the_greatest_first() -> None:
    board = board_of(A=1.0, B=3.0, C=-2.0, D=0.0, E=2.0, F=4.0, G=5.0, H=6.0, I=None)
    rising, falling = movers.movers(list(by_key(board).values()))
    assert [row["SYMBOL"] for row in rising] == ["H", "G", "F", "B", "E"]
    assert [row["SYMBOL"] for row in falling] == ["C"]


def test_sources_are_never_mixed() -> None:
    latest = latest_frame({"SYMBOL": "A", "PRICE": 101, "PREV_CLOSE": 100.0}, {"SYMBOL": "B", "SOURCE": "replay", "PRICE": 99, "PREV_CLOSE": 100.0})
    strips, maps = movers.strips(snapshot(latest).board), heatmap.heatmaps(snapshot(latest).board)
    assert ("<b>A</b>" in strips["simulator"], "<b>B</b>" in strips["simulator"]) == (True, False)
    assert ("<b>A</b>" in maps["replay"], "<b>B</b>" in maps["replay"]) == (False, True)


@pytest.mark.parametrize(
    ("percent", "shade"),
    [
        (0.0, "up-0"),
        (0.24, "up-0"),
        (0.25, "up-1"),
        (1.0, "up-2"),
        (2.0, "up-3"),
        (-0.1, "down-0"),
        (-1.5, "down-2"),
        (-40.0, "down-3"),
        (float("nan"), "none"),
    ],
)
def test_a_shade_says_how_much(percent: float, shade: str) -> None:
    assert heatmap.shade(percent) == shade


def test_the_heat_map_says_in_words_what_it_shows_in_colour() -> None:
    latest = latest_frame(
        {"SYMBOL": "A", "PRICE": 103.0, "PREV_CLOSE": 100.0},
        {"SYMBOL": "B", "PRICE": 101.0, "PREV_CLOSE": 100.0},
        {"SYMBOL": "SPY", "SECTOR": None, "PREV_CLOSE": None},
    )
    html = heatmap.heatmaps(snapshot(latest).board)["simulator"]
    assert re.findall(r"<b>([^<]+)</b>", html) == ["Information Technology", "A", "B", "Other", "SPY"]
    assert "▲ +2.00 %</span></div>" in html  # the mean of the sector
    assert "n/a</span></li>" in html


def test_the_quote_has_its_range_and_its_age() -> None:
    row = snapshot(latest_frame({"PRICE": 100.5, "PREV_CLOSE": 100.0}), days_frame(("IBM", "simulator", 5_000, 100.0))).board.to_dict("records")[0]
    html = quote.quote(row, NOW, ZoneInfo("America/New_York"))
    for text in ("100.50", "+0.50 (▲ +0.50 %)", "99.00 to 101.00", "left:75%", "5,000", "2026-11-23 09:59:57 EST, received 2 s ago"):
        assert text in html


def test_what_is_unknown_is_said_and_no_name_is_html() -> None:
    symbol = "<script>'\"&"
    row = snapshot(latest_frame({"SYMBOL": symbol, "NAME": symbol, "CURRENCY": None})).board.to_dict("records")[0]
    html = quote.quote(row, NOW, UTC)
    assert "n/a to n/a" in html
    assert "nan" not in html.lower()
    for made in (html, heatmap.heatmaps(snapshot(latest_frame({"SYMBOL": symbol, "NAME": symbol})).board)["simulator"]):
        assert "<script" not in made
        assert "&lt;script&gt;&#x27;&quot;&amp;" in made
