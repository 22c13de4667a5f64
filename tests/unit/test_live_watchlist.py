"""What the watchlist's script is given."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.components import watchlist
from dashboard.components.palette import LIGHT
from dashboard.components.watchlist import TOP, Row, payload, rows_json, sparkline
from dashboard.look import Look, Zone
from tests.fakes.market_data import NOW, days_frame, latest_frame, snapshot, trends_frame

NAMES = ["BRK.B", "^GSPC", "BTC-USD", "005930.KS", "X" * 40, "<script>alert(1)</script>", 'it\'s "quoted"', "🚀", "A\\B\n"]


def rows(*latest: dict[str, object], days: Any = None, trends: Any = None) -> list[Row]:
    board = snapshot(latest_frame(*latest), days, trends).board
    return msgspec.json.decode(rows_json(board), type=list[Row])


@pytest.mark.parametrize("symbol", NAMES)
def test_a_name_arrives_as_it_is(symbol: str) -> None:
    (row,) = rows({"SYMBOL": symbol, "NAME": symbol})
    assert (row.symbol, row.name) == (symbol, symbol)


def test_figures_are_written_as_everywhere_and_sorted_as_numbers() -> None:
    small, large = rows(
        {"SYMBOL": "A", "PRICE": 0.00000123, "PREV_CLOSE": 0.00000120},
        {"SYMBOL": "B", "PRICE": 620_000.0, "PREV_CLOSE": 625_000.0},
        days=days_frame(("B", "simulator", 2**31 + 5, 1.0)),
    )
    assert (small.last, small.percent, small.side) == ("0.00000123", "▲ +2.50 %", 1)
    assert (large.last, large.change, large.percent, large.side) == ("620,000.00", "-5,000.00", "▼ -0.80 %", -1)
    assert (large.volume, large.sort) == ("2,147,483,653", (620_000.0, -5_000.0, -0.8, 2_147_483_653.0))


def test_what_is_unknown_is_written_so_and_never_a_number() -> None:
    (row,) = rows({"PREV_CLOSE": None})
    assert (row.change, row.percent, row.volume, row.side) == ("n/a", "n/a", "n/a", 0)
    assert row.sort == (100.0, None, None, None)
    assert row.spark == []


def test_a_session_adds_its_view_to_rows_that_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    board = snapshot(latest_frame({}, {"SYMBOL": "SPY"}), trends=trends_frame(("IBM", "simulator", 1.0), ("IBM", "simulator", 2.0))).board
    look = Look(("IBM", "simulator"), Zone.UTC, 1.0, LIGHT, NOW, motion=False)
    first = msgspec.json.decode(payload(look, board, NOW, 60.0))
    assert {name: first[name] for name in ("stale_s", "motion", "chosen")} == {"stale_s": 60.0, "motion": False, "chosen": ["IBM", "simulator"]}
    monkeypatch.setattr(watchlist, "_row", None)
    later = msgspec.json.decode(payload(look, board, NOW + timedelta(seconds=1), 60.0))
    assert later["at"] - first["at"] == 1000.0
    assert later["rows"] == first["rows"]
    received = msgspec.convert(first["rows"][0], Row).received_ms
    assert first["at"] - received == 2000.0
    assert first["at"] == NOW.astimezone(UTC).timestamp() * 1000


@given(st.lists(st.floats(1e-8, 1e9), min_size=2, max_size=60))
def test_a_sparkline_touches_top_and_bottom_or_is_flat(closes: list[float]) -> None:
    line = sparkline(closes)
    assert len(line) == len(closes)
    if max(closes) > min(closes):
        assert (min(line), max(line)) == (0, TOP)
        assert line[closes.index(max(closes))] == TOP
    else:
        assert set(line) == {TOP // 2}
