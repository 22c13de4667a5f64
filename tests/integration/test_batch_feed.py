"""The batch feed on a real store and a real local warehouse: any order of objects and any repetition give the same tables."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import ManualClock
from tests.fixtures.load_platform import LoadPlatform, load_platform
from tests.fixtures.trades import data_file
from ticklake.calendars import calendar
from ticklake.daily import Action, DailyBar, DailyBars, Prices
from ticklake.errors import SourceUnavailable
from ticklake.instruments import Instrument, Instruments
from ticklake_airflow.batch import planning
from ticklake_airflow.batch.daily import DailyIngest
from ticklake_airflow.batch.minutes import MinuteFill, MinuteReport
from ticklake_airflow.batch.model import DailyReport, DailySource, Part
from ticklake_airflow.batch.sources import DirectoryBars, SimulatedPast
from ticklake_airflow.defaults import SQL_FOLDER
from ticklake_airflow.loading.fence import Fence
from ticklake_io.bar_files import BarFiles
from ticklake_io.reference import load_reference
from ticklake_io.sql import Statements

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
TABLES = ("RAW.DAILY_BARS", "RAW.MINUTE_BARS", "CURATED.DAILY_BARS", "CURATED.CORPORATE_ACTIONS", "CURATED.BARS_1M", "OPS.BATCH_LOADS", "OPS.BAR_CHANGES")
IBM = Part("directory", ("IBM",), date(2026, 11, 16), date(2026, 11, 20))
XNYS = calendar("XNYS")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("batch")) as ready:
        yield ready


@pytest.fixture
def platform(shared: LoadPlatform) -> LoadPlatform:
    for table in TABLES:
        shared.warehouse.rows(f"DELETE FROM {table}")
    bucket: Any = shared.store
    for each in shared.store.list("batch/"):
        bucket._client.delete_object(Bucket=bucket._bucket, Key=each.key)
    return shared


class Known:
    """A source whose answers the test decides."""

    def __init__(self, *answers: DailyBars, name: str = "directory") -> None:
        self.name = name
        self.answers = {each.symbol: each for each in answers}

    def bars(self, symbol: str, first: date, last: date) -> DailyBars:
        if symbol not in self.answers:
            raise SourceUnavailable("away")
        return self.answers[symbol]


@pytest.fixture
def sample_bars(tmp_path: Path) -> Path:
    """A directory with twenty years of ten symbols."""
    (tmp_path / "us_daily_bars.csv.gz").symlink_to(data_file("us_daily_bars.csv.gz"))
    return tmp_path


def parts_of(platform: LoadPlatform, clock: ManualClock) -> dict[str, Any]:
    fence = Fence(platform.warehouse, Statements(SQL_FOLDER / "load_ticks"), clock, "test", 30)
    statements = Statements(SQL_FOLDER / "ingest_daily_bars")
    return {"store": platform.store, "warehouse": platform.warehouse, "fence": fence, "statements": statements, "clock": clock, "run_id": "test"}


def ingest(platform: LoadPlatform, source: DailySource, part: Part, at: datetime = NOW) -> DailyReport:
    return DailyIngest(**parts_of(platform, ManualClock(at))).run(part, source, dict.fromkeys(part.symbols, XNYS))


def bar(day: int, close: str, volume: int = 100) -> DailyBar:
    value = Decimal(close).quantize(Decimal(1).scaleb(-8))
    return DailyBar(date(2026, 11, day), Prices(value, value, value, value), volume)


def curated(platform: LoadPlatform, *, keys: bool = False) -> list[list[Any]]:
    """The rows of the curated tables, without the names of objects."""
    tables = [platform.warehouse.rows(f"SELECT * FROM {name}") for name in ("CURATED.DAILY_BARS", "CURATED.CORPORATE_ACTIONS")]
    return [sorted([[str(value) for name, value in row.items() if keys or name != "OBJECT_KEY"] for row in rows]) for rows in tables]


def closes(platform: LoadPlatform, column: str = "ADJ_CLOSE") -> list[str]:
    rows = platform.warehouse.rows(f"SELECT {column} AS X FROM CURATED.DAILY_BARS ORDER BY SYMBOL, BAR_DATE")
    return [f"{row['X'].normalize():f}" for row in rows]


def test_days_are_loaded_once_and_a_correction_replaces_them(platform: LoadPlatform) -> None:
    told = DailyBars("IBM", tuple(bar(day, "100") for day in (16, 17, 18, 19, 20)))
    assert (first := ingest(platform, Known(told), IBM)).rows == 5
    assert first.missing == {}
    assert ingest(platform, Known(told), IBM, NOW + timedelta(hours=1)) == replace(first, objects=0, rows=0)
    corrected = replace(told, bars=(*told.bars[:4], bar(20, "101")))
    assert ingest(platform, Known(corrected), IBM, NOW + timedelta(hours=2)).rows == 1
    assert closes(platform) == ["100", "100", "100", "100", "101"]
    assert ingest(platform, Known(told), IBM, NOW + timedelta(hours=3)).rows == 1
    assert closes(platform) == ["100"] * 5


def test_an_action_adjusts_the_whole_history_and_may_be_taken_back(platform: LoadPlatform) -> None:
    bars = tuple(bar(day, "100") for day in (16, 17, 18))
    ingest(platform, Known(DailyBars("IBM", bars)), IBM)
    split = DailyBars("IBM", (bar(19, "50"),), (Action(date(2026, 11, 19), "split", Decimal(2)),), date(2026, 11, 19))
    ingest(platform, Known(split), IBM._replace(first=date(2026, 11, 19)))
    assert closes(platform) == ["50", "50", "50", "50"]
    assert closes(platform, "ADJ_VOLUME") == ["200", "200", "200", "100"]
    paid = DailyBars("IBM", (bar(20, "48"),), (Action(date(2026, 11, 20), "dividend", Decimal("1.5")),), date(2026, 11, 20))
    ingest(platform, Known(paid), IBM._replace(first=date(2026, 11, 20)))
    assert closes(platform) == ["48.5", "48.5", "48.5", "48.5", "48"]
    assert closes(platform, "CLOSE") == ["100", "100", "100", "50", "48"]
    ingest(platform, Known(replace(paid, actions=())), IBM._replace(first=date(2026, 11, 20)), NOW + timedelta(hours=1))
    assert closes(platform) == ["50", "50", "50", "50", "48"]
    assert [row["KIND"] for row in platform.warehouse.rows("SELECT KIND FROM CURATED.CORPORATE_ACTIONS")] == ["split"]


def test_missing_sessions_silent_sources_and_rejects_are_told(platform: LoadPlatform) -> None:
    told = DailyBars("IBM", (bar(16, "100"), bar(20, "100")), rejects=("bars.csv, line 3: no",))
    report = ingest(platform, Known(told), IBM._replace(symbols=("IBM", "SPY")))
    assert report.missing == {"IBM": ["2026-11-17", "2026-11-18", "2026-11-19"], "SPY": ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]}
    assert report.postponed == {"SPY": "away"}
    assert (report.rejects, list(report.rejected)) == (1, ["bars.csv, line 3: no"])


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_objects_and_any_repetition_give_the_same_tables(platform: LoadPlatform, seed: int) -> None:
    """The lake's objects, loaded one by one in another order and some of them twice."""
    chance = random.Random(seed)
    for hour in range(6):
        days = [bar(day, str(chance.randint(50, 99)), chance.randint(1, 9)) for day in chance.sample(range(16, 21), 3)]
        acted = Action(date(2026, 11, chance.randint(17, 20)), chance.choice(["split", "dividend"]), Decimal(chance.randint(2, 4)))
        ingest(platform, Known(DailyBars("IBM", tuple(days), (acted,), date(2026, 11, 16))), IBM, NOW + timedelta(hours=hour))
    wanted = curated(platform, keys=True)
    keys = [row["OBJECT_KEY"] for row in platform.warehouse.rows("SELECT OBJECT_KEY FROM OPS.BATCH_LOADS")]
    assert len(keys) >= 5
    for table in ("RAW.DAILY_BARS", "CURATED.DAILY_BARS", "CURATED.CORPORATE_ACTIONS", "OPS.BATCH_LOADS"):
        platform.warehouse.rows(f"DELETE FROM {table}")
    chance.shuffle(keys)
    lake = Part("directory", (), IBM.first, IBM.last)
    for key in (*keys, *chance.choices(keys, k=3)):
        ingest_only(platform, lake, key)
    assert curated(platform, keys=True) == wanted


class OneObject:
    """A store that shows one object of another."""

    def __init__(self, store: Any, key: str) -> None:
        self._store, self._key = store, key

    def list(self, prefix: str, after: str | None = None) -> Iterator[Any]:
        return (each for each in self._store.list(prefix, after) if each.key == self._key)

    def head(self, key: str) -> Any:
        return self._store.head(key)


def ingest_only(platform: LoadPlatform, part: Part, key: str) -> None:
    parts = parts_of(platform, ManualClock(NOW)) | {"store": OneObject(platform.store, key)}
    DailyIngest(**parts).run(part._replace(symbols=("nobody",)), Known(DailyBars("nobody")), {"nobody": XNYS})


def test_an_object_that_a_death_left_behind_is_loaded_before_the_source_is_asked(platform: LoadPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    told = DailyBars("IBM", (bar(17, "77"),))
    feed = DailyIngest(**parts_of(platform, ManualClock(NOW)))
    load, calls = feed._landing.load, []

    def die(source: str, year: int) -> Any:
        calls.append(year)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return load(source, year)

    monkeypatch.setattr(feed._landing, "load", die)
    with pytest.raises(KeyboardInterrupt):
        feed.run(IBM, Known(told), {"IBM": XNYS})
    assert closes(platform) == []
    before = {each.key for each in platform.store.list("batch/")}
    assert ingest(platform, Known(told), IBM, NOW + timedelta(hours=1)).rows == 1
    assert {each.key for each in platform.store.list("batch/")} == before
    assert closes(platform) == ["77"]


def test_twenty_years_of_files_by_year(platform: LoadPlatform, sample_bars: Path) -> None:
    files = BarFiles(sample_bars)
    years = planning.by_year(planning.due_files(files.spans(), {}))
    assert [each["year"] for each in years] == list(range(1998, 2022))
    rows = 0
    for each in years:
        for part in map(Part.of_json, each["parts"]):
            rows += ingest(platform, DirectoryBars(files), part).rows
    (stored,) = platform.warehouse.rows("SELECT COUNT(*) AS N, COUNT(DISTINCT SYMBOL || TO_CHAR(BAR_DATE, 'YYYY-MM-DD')) AS D FROM CURATED.DAILY_BARS")
    assert rows == stored["N"] == stored["D"] == 51945
    newest = {"IBM": date(2021, 3, 31)}
    assert "IBM" not in {symbol for part in planning.due_files(files.spans(), newest) for symbol in part.symbols}


LISTED = tuple(Instrument(symbol=each, name=each, calendar="XNYS", primary="simulator") for each in ("IBM", "SPY"))


def fill(platform: LoadPlatform, at: datetime, *, always: bool = False) -> MinuteReport:
    clock = ManualClock(at)
    source = SimulatedPast(20260101, Instruments(LISTED), clock, always=always)
    exchange = calendar("24/7") if always else XNYS
    return MinuteFill(**parts_of(platform, clock)).run(source, ("IBM", "SPY"), lambda _: exchange, timedelta(days=5))


def test_minutes_fill_what_has_no_better_bar_and_are_told_as_changes(platform: LoadPlatform) -> None:
    load_reference(platform.warehouse, Instruments(LISTED), {}, ManualClock(NOW))
    bars = platform.warehouse.rows
    bars(
        "INSERT INTO CURATED.BARS_1M (SYMBOL, SOURCE, BAR_START, ORIGIN, OPEN, HIGH, LOW, CLOSE) "
        "SELECT 'IBM', 'simulator', '2026-11-20 15:00:00'::TIMESTAMP_NTZ(6), 'trades', 1, 1, 1, 1"
    )
    evening = datetime(2026, 11, 20, 21, 5, 30, tzinfo=UTC)
    report = fill(platform, evening)
    assert report == MinuteReport(2, 5, 2 * 5 * 390)
    assert {row["ORIGIN"]: row["N"] for row in bars("SELECT ORIGIN, COUNT(*) AS N FROM CURATED.BARS_1M GROUP BY ORIGIN")} == {"trades": 1, "vendor": 3899}
    assert bars("SELECT COUNT(*) AS N, COUNT(DISTINCT MERGE_ID) AS M FROM OPS.BAR_CHANGES") == [{"N": 3899, "M": 5}]
    assert bars("SELECT DISTINCT SESSION FROM CURATED.BARS_1M WHERE ORIGIN = 'vendor'") == [{"SESSION": "regular"}]
    assert fill(platform, evening + timedelta(hours=40)) == MinuteReport()
    assert fill(platform, datetime(2026, 11, 23, 21, 1, tzinfo=UTC)) == MinuteReport(2, 1, 2 * 390)


def test_around_the_clock_the_first_fill_reaches_the_present_minute(platform: LoadPlatform) -> None:
    assert fill(platform, NOW, always=True).rows == 2 * 5 * 1440
    assert fill(platform, NOW + timedelta(hours=3), always=True) == MinuteReport()


def test_the_simulators_year_is_the_exchanges(platform: LoadPlatform) -> None:
    clock = ManualClock(NOW)
    source = SimulatedPast(20260101, Instruments(LISTED), clock, always=True)
    (part,) = planning.due("simulator", ("IBM", "SPY"), lambda _: XNYS, {}, NOW, timedelta(days=365))
    report = ingest(platform, source, part)
    assert report.missing == {}
    newest: Mapping[str, date] = dict.fromkeys(("IBM", "SPY"), part.last)
    assert part.last == date(2026, 11, 20)
    assert planning.due("simulator", ("IBM", "SPY"), lambda _: XNYS, newest, NOW, timedelta(days=365)) == []
