"""The Chart page as people use it, over minutes and a board that a test sets."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.chart.reader import BarReader
from dashboard.chart.rungs import MAX_MARKS
from dashboard.chart.series import Charts
from dashboard.components.palette import LIGHT
from dashboard.look import Look, Zone
from dashboard.shared import Reading
from tests.fakes.market_data import NOW, latest_frame, snapshot
from tests.fakes.market_history import MarketHistory, walk
from ticklake.calendars import calendar
from ticklake.roles import Role, User

NYSE = calendar("XNYS")
END = datetime(2026, 11, 20, 20, 59, 30, tzinfo=NOW.tzinfo)
DAYS = [f"2026-11-{day}" for day in (16, 17, 18, 19, 20)]
MINUTES = walk(pd.DatetimeIndex([at for day in DAYS for at in pd.date_range(f"{day} 13:30", f"{day} 20:59", freq="min", tz="UTC")]))
ROW = {"EVENT_TIME": END.replace(tzinfo=None), "PRICE": 101.5, "PREV_CLOSE": 100.0}
BOARD = snapshot(latest_frame(ROW, {**ROW, "SYMBOL": "MSFT", "NAME": "Microsoft"}, {**ROW, "SYMBOL": "BTC-USD", "CALENDAR": "24/7"}))
ACTIONS = pd.DataFrame({"BAR_START": [pd.Timestamp("2026-11-18")] * 2, "KIND": ["dividend", "split"], "RATIO": [None, 4.0], "AMOUNT": [0.24, None]})


def page(look: object, charts: object, board: object, user: object, now: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard.views import chart

    chart.render(look, charts, lambda: board, None, user, lambda: now)  # type: ignore[arg-type,return-value]


def shown(history: MarketHistory | None = None, *, key: tuple[str, str] | None = ("IBM", "simulator"), board: Any = BOARD, **address: Any) -> AppTest:
    history = history or MarketHistory(MINUTES, NYSE, actions=ACTIONS)
    look = Look(key, Zone.EXCHANGE, None, LIGHT, END)
    values = {"look": look, "charts": Charts(BarReader(history, history)), "board": Reading(board), "user": User("ada", Role.ANALYST), "now": END}
    test = AppTest.from_function(page, kwargs=values, default_timeout=60)
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def texts(test: AppTest) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def charts(test: AppTest) -> list[Any]:
    return [element.proto for element in test.get("vega_lite_chart")]


def data(chart: Any) -> pd.DataFrame:
    frame: pd.DataFrame = pa.ipc.open_stream(io.BytesIO(chart.data.data)).read_pandas()
    return frame


FILTERS = {
    "isValid(datum.SHADE_TO)": lambda rows: rows["SHADE_TO"].notna(),
    "isValid(datum.PART_FROM)": lambda rows: rows["PART_FROM"].notna(),
    "isValid(datum.ACTION)": lambda rows: rows["ACTION"].notna(),
    "datum.LABEL != ''": lambda rows: rows["LABEL"] != "",
    "datum.NEWEST": lambda rows: rows["NEWEST"],
    "datum.X == 0": lambda rows: rows["X"] == 0,
}


def marks(spec: dict[str, Any], rows: pd.DataFrame) -> int:
    """Marks that a specification makes of its rows: filters are applied, an aggregate leaves one row, each vertex of a line counts."""
    for step in spec.get("transform", []):
        if "filter" in step:
            rows = rows[FILTERS[step["filter"]](rows)]
        if "aggregate" in step:
            rows = rows.head(1)
    return sum(marks(inner, rows) for inner in spec["layer"]) if "layer" in spec else len(rows)


def test_candles_of_the_last_session_with_shades_strip_and_words() -> None:
    test = shown()
    candles, strip = charts(test)
    rows = data(candles)
    assert len(rows) == 450
    assert rows["SHADE_TO"].dropna().tolist() == [59.0]  # 13:30 to 14:30 UTC, before New York opens
    assert rows["AT"].iloc[0] == "Fri 2026-11-20 08:30 EST"
    assert candles.alt.startswith("Candles of 1 m with volume of IBM, 450 bars from Fri 2026-11-20 08:30 EST to Fri 2026-11-20 15:59 EST: low ")
    assert "1 m candles · shaded: outside of sessions · times in EST" in texts(test)
    assert "IBM over the whole range" in strip.alt
    assert 0 < (rows["LABEL"] != "").sum() <= 10


@pytest.mark.parametrize("overlays", [[], ["SMA"], ["SMA", "EMA", "VWAP", "Bollinger", "RSI"]])
@pytest.mark.parametrize("preset", ["1 h", "1 d", "5 d", "6 mo", "All"])
def test_no_chart_has_more_than_two_thousand_marks(overlays: list[str], preset: str) -> None:
    test = shown(range=preset, overlays=overlays)
    assert len(charts(test)) == 3 if "RSI" in overlays else 2
    for chart in charts(test):
        count = marks(json.loads(chart.spec), data(chart))
        assert 20 < count <= MAX_MARKS


def test_overlays_are_drawn_with_their_legend_and_a_pane_for_rsi() -> None:
    test = shown(range="5 d", overlays=["EMA", "RSI"])
    rows = data(charts(test)[0])
    assert rows[["EMA_12", "EMA_26", "RSI_14"]].notna().tail(50).all(axis=None)
    spec = charts(test)[0].spec
    assert '"EMA_12"' in spec
    assert '"SMA_20"' not in spec
    assert "RSI of 14 bars of IBM" in charts(test)[1].alt
    assert "EMA 12" in texts(test)
    assert f"<b>{rows['RSI_14'].iloc[-1]:.1f}</b>" in texts(test)


def test_corporate_actions_stand_at_the_first_bar_of_their_day() -> None:
    rows = data(charts(shown(range="5 d"))[0])
    (acted,) = rows[rows["ACTION"].notna()].to_dict("records")
    assert acted["AT"] == "Wed 2026-11-18 08:30 EST"
    assert acted["ACTION"] == "*"
    assert acted["ACTION_IS"] == "Dividend 0.24 on 2026-11-18; Split 4 for 1 on 2026-11-18"


def test_an_interval_that_does_not_fit_is_coarsened_and_said() -> None:
    test = shown(range="5 d", interval="1 m")
    assert "5 m candles: 1 m would be more than the 566 that fit" in texts(test)
    assert "15 m candles: 5 m would be more than the 188 that fit" in texts(shown(range="5 d", overlays=["SMA", "EMA", "VWAP", "Bollinger"]))
    assert "1 h candles ·" in texts(shown(range="5 d", interval="1 h"))


def test_a_part_of_the_range_is_in_the_address_and_can_be_left() -> None:
    test = shown(range="5 d", **{"from": "2026-11-18T15:00Z", "to": "2026-11-18T16:00Z"})
    candles, strip = charts(test)
    assert len(data(candles)) == 60
    assert data(candles)["AT"].iloc[0] == "Wed 2026-11-18 10:00 EST"
    part = data(strip).iloc[0]
    assert 0 < part["PART_FROM"] < part["PART_TO"] < len(data(strip)) - 1
    test.button(key="chart-whole").click().run()
    assert "from" not in test.query_params
    assert len(data(charts(test)[0])) > 60


@pytest.mark.parametrize("since", ["yesterday", "2026-11-18T15:00Z' OR 1=1", "9999-01-01", "<script>"])
def test_an_address_that_is_no_time_is_the_whole_range(since: str) -> None:
    assert len(data(charts(shown(**{"from": since, "to": "2026-11-18T16:00Z"}))[0])) == 450


def test_several_instruments_are_compared_from_a_hundred() -> None:
    test = shown(vs=["MSFT@simulator"])
    lines = charts(test)[0]
    rows = data(lines)
    assert rows.groupby("NAME")["REBASED"].first().to_dict() == {"IBM": 100.0, "MSFT": 100.0}
    assert "2 instruments by bars of" in lines.alt
    assert marks(json.loads(lines.spec), rows) <= MAX_MARKS


def test_the_table_is_the_chart_in_figures_and_only_there_when_wanted() -> None:
    assert not shown().dataframe
    test = shown(table=True)
    assert len(test.dataframe[0].value) == len(data(charts(test)[0]))


def test_what_was_drawn_can_be_exported() -> None:
    test = shown(overlays=["SMA", "RSI"])
    extract = test.session_state["chart-shown"]()
    assert list(extract.frame.columns[:5]) == ["SYMBOL", "SOURCE", "BAR_INTERVAL", "BAR_START", "ORIGIN"]
    assert list(extract.frame.columns[-2:]) == ["SMA_20", "RSI_14"]
    assert len(extract.frame) == len(data(charts(test)[0]))
    assert (extract.title, extract.sources, extract.feeds, extract.as_of) == ("IBM 5 m", ("simulator",), ("synthetic",), END)
    assert extract.query == "/chart?overlays=SMA&overlays=RSI"


def test_daily_bars_are_dated_by_the_exchange_and_say_what_they_are() -> None:
    test = shown(range="All", interval="1 d")
    rows = data(charts(test)[0])
    assert [at[:14] for at in rows["AT"]] == ["Mon 2026-11-16", "Tue 2026-11-17", "Wed 2026-11-18", "Thu 2026-11-19", "Fri 2026-11-20"]
    assert "days made of ticks, as traded" in texts(test)


def test_trouble_is_one_line_and_what_is_known_is_drawn() -> None:
    history = MarketHistory(MINUTES, NYSE)
    history.trouble = "The warehouse does not answer."
    test = shown(history, range="1 h")
    assert "The warehouse does not answer." in texts(test)
    assert len(data(charts(test)[0])) == 65


@pytest.mark.parametrize(
    ("key", "board", "said"),
    [(None, BOARD, "Choose a symbol above."), (None, None, "Candles appear here once there are ticks."), (("NOPE", "x"), BOARD, "Choose a symbol")],
)
def test_without_an_instrument_it_says_what_to_do(key: Any, board: Any, said: str) -> None:
    test = shown(key=key, board=board)
    assert said in texts(test)
    assert not charts(test)


def test_no_bars_are_said() -> None:
    test = shown(MarketHistory(MINUTES.head(0), NYSE))
    assert "There are no bars in this range." in texts(test)
    assert not charts(test)


@pytest.mark.parametrize("symbol", ["BRK.B", "^GSPC", "005930.KS", "X" * 40, "<script>alert(1)</script>", "a\"b'c", "🙂"])
@pytest.mark.parametrize("price", [0.00000123, 620_000.0])
def test_names_and_prices_that_break_pages(symbol: str, price: float) -> None:
    prices = {name: MINUTES[name] * price / 100 for name in ("OPEN", "HIGH", "LOW", "CLOSE", "VWAP")}
    history = MarketHistory(MINUTES.assign(**prices, VOLUME=float(2**40)), NYSE)
    board = snapshot(latest_frame({**ROW, "SYMBOL": symbol, "NAME": symbol, "PRICE": price}))
    test = shown(history, key=(symbol, "simulator"), board=board, overlays=["SMA"])
    assert "<script>alert" not in texts(test)
    assert f".{8 if price < 1 else 2}f" in charts(test)[0].spec
    assert data(charts(test)[0])["VOLUME"].iloc[0] == 5 * 2.0**40
