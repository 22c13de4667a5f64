"""What the Chart page reads of a real warehouse is what it would compute itself, and exports are on record there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from dashboard.candle_frames import Candles
from dashboard.chart import indicators
from dashboard.chart.buckets import COLUMNS, rebucketed
from dashboard.chart.days import dated
from dashboard.chart.reader import BarReader
from dashboard.chart.rungs import BASE
from dashboard.chart.series import Asked, Charts
from dashboard.chart.span import Span
from dashboard.exports.desk import Exports, Extract
from dashboard.news import News
from dashboard.shared import Reading
from dashboard.tables import WarehouseTables
from tests.fixtures.analytics_market import Day, Market, random_minutes
from tests.fixtures.load_platform import load_platform
from ticklake.calendars import calendar
from ticklake.changes import Subject
from ticklake.exporting import Format
from ticklake.roles import Role, User

pytestmark = pytest.mark.timeout(180)

NYSE = calendar("XNYS")
DAYS = (date(2013, 10, 3), date(2013, 10, 8))
SESSIONS = NYSE.sessions(*DAYS)
NEWEST = SESSIONS[-1].closes_at - timedelta(seconds=30)
SINCE = SESSIONS[-1].opens_at
STARTS = [each.opens_at.replace(tzinfo=None) + timedelta(minutes=minute) for each in SESSIONS for minute in range(390)]
KEY = ("A", "test")


class NoStream:
    """Market data that has heard nothing."""

    def candles(self, symbol: str, source: str) -> Reading[Candles]:
        return Reading(None, "The broker does not answer.")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with load_platform(tmp_path_factory.mktemp("chart")) as ready:
        filled = Market(ready)
        filled.empty(A="XNYS", FED="XNYS")
        filled.put(random_minutes(np.random.default_rng(5), "A", STARTS))
        filled.put_days([Day("FED", "test", DAYS[0] - timedelta(days=back), Decimal(12), Decimal(9), Decimal(10)) for back in range(300)])
        filled.warehouse.rows(
            """INSERT INTO CURATED.CORPORATE_ACTIONS (SYMBOL, SOURCE, EX_DATE, KIND, RATIO, AMOUNT, OBJECT_KEY)
            SELECT 'FED', 'test', '2013-09-03', 'split', 4, NULL, 'o' UNION ALL SELECT 'FED', 'test', '2013-09-04', 'dividend', NULL, NULL, 'o'"""
        )
        filled.refresh()
        yield filled


@pytest.fixture
def tables(market: Market) -> Iterator[WarehouseTables]:
    with ThreadPoolExecutor(1) as worker:
        yield WarehouseTables(market.warehouse, worker, News(30), market.clock)


def asked(key: tuple[str, str], since: datetime | None, finest: str = "1M") -> Asked:
    return Asked(key, NYSE, NEWEST, Span(since), 425, BASE[finest])


@pytest.mark.parametrize(("finest", "bars"), [("1M", 390), ("5M", 78), ("1H", 7)])
def test_stored_bars_and_indicators_are_those_that_minutes_make(market: Market, tables: WarehouseTables, finest: str, bars: int) -> None:
    charts = Charts(BarReader(NoStream(), tables))
    series = charts.series(asked(KEY, SINCE, finest))
    assert (series.rung, len(series.bars)) == (BASE[finest], bars)
    assert series.problem == "The broker does not answer."
    minutes = charts.reader.bars(KEY, "1M", datetime(2013, 10, 1, tzinfo=UTC), datetime(2013, 10, 10, tzinfo=UTC)).value
    assert minutes is not None
    whole = rebucketed(minutes, series.rung)
    pd.testing.assert_frame_equal(series.bars[COLUMNS], whole.tail(bars).reset_index(drop=True), check_dtype=False, rtol=1e-9)
    computed = indicators.computed(whole, dated(pd.DatetimeIndex(whole["BAR_START"]), NYSE)).tail(bars).reset_index(drop=True)
    stored = series.bars[indicators.COLUMNS].where(computed.notna())  # of a bar without VWAP only the table knows the session's
    pd.testing.assert_frame_equal(stored, computed, rtol=1e-7)
    assert computed[["SMA_20", "SESSION_VWAP"]].notna().mean().min() > 0.9


def test_days_are_the_batch_feeds_with_its_splits(tables: WarehouseTables) -> None:
    charts = Charts(BarReader(NoStream(), tables))
    series = charts.series(asked(("FED", "test"), None, "1D"))
    assert (series.rung, series.days, len(series.bars)) == (BASE["1D"], "vendor", 300)
    assert series.bars["BAR_START"].iloc[-1] == pd.Timestamp(DAYS[0], tz="UTC")
    (action,) = charts.reader.actions(("FED", "test")).value.to_dict("records")  # type: ignore[union-attr]
    assert (action["BAR_START"], action["KIND"], action["RATIO"]) == (pd.Timestamp("2013-09-03", tz="UTC"), "split", 4.0)


def test_a_symbol_that_nobody_knows_has_no_bars(tables: WarehouseTables) -> None:
    series = Charts(BarReader(NoStream(), tables)).series(asked(("'; DROP TABLE CURATED.TICKS; --", "test"), None))
    assert series.bars.empty


def test_an_export_is_on_record_whatever_its_words(market: Market, tables: WarehouseTables) -> None:
    desk = Exports(market.warehouse, tables, market.clock, lambda: tables.changed(Subject.APP))
    words = 'O\'Brien "x" <script> 🙂 :name ?'
    extract = Extract(pd.DataFrame({"A": range(3)}), words, "chart", f"/chart?symbol={words}", NEWEST, ("a", "b"), ("replay",))
    before = desk.recent().value
    assert before is not None
    made = desk.make(extract, Format.PARQUET, User(words, Role.ANALYST)).value
    assert made is not None
    recent = desk.recent().value
    assert recent is not None
    assert len(recent) == len(before) + 1
    newest = recent.iloc[0]
    assert (newest["EXPORTED_BY"], newest["TITLE"], newest["ROW_COUNT"], newest["SHA256"]) == (words, words, 3, made.sha256)
    (row,) = market.rows(f"SELECT * FROM APP.EXPORTS WHERE SHA256 = '{made.sha256}'")
    assert (row["SOURCES"], row["FEEDS"], row["FORMAT"], row["AS_OF"]) == ("a,b", "replay", "parquet", NEWEST.replace(tzinfo=None))
