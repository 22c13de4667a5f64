"""The statements of the pages Data quality and Pipeline, asked of a real warehouse, give what the pages make of them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from dashboard.news import News
from dashboard.pipeline import evidence
from dashboard.quality import coverage
from dashboard.tables import Param, WarehouseTables
from tests.fixtures.load_platform import LoadPlatform, load_platform
from ticklake.changes import Subject
from ticklake.clock import SystemClock

pytestmark = pytest.mark.timeout(180)

MINUTE = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SPAN = {"minute": MINUTE, "minute_end": MINUTE + timedelta(minutes=1)}
ONE: dict[str, Param] = {"symbol": "IBM", "source": "simulator"}
SINCE = MINUTE - timedelta(days=1)
KEY = "raw/market.ticks/g1/p0/dt=2026-11-20/hour=15/00000000000000000000.parquet"

ROWS = [
    """INSERT INTO CURATED.INSTRUMENTS (SYMBOL, NAME, CALENDAR, PRIMARY_SOURCE, ALIASES) VALUES
       ('IBM', 'IBM', 'XNYS', 'simulator', '{}'), ('KO', 'KO', 'XNYS', 'simulator', '{}')""",
    "INSERT INTO CURATED.SESSIONS (CALENDAR, SESSION_DATE, OPENS_AT, CLOSES_AT) VALUES ('XNYS', '2026-11-20', '2026-11-20 14:30:00', '2026-11-20 21:00:00')",
    """INSERT INTO CURATED.LATEST (SYMBOL, SOURCE, FEED, KIND, TICK_ID, EVENT_TIME, RECEIVED_AT, PRICE, SEQUENCE) VALUES
       ('IBM', 'simulator', 'synthetic', 'trade', 't2', '2026-11-20 15:00:30', '2026-11-20 15:00:31', 101, 0)""",
    """INSERT INTO CURATED.TICKS (TICK_ID, SYMBOL, SOURCE, FEED, KIND, EVENT_TIME, RECEIVED_AT, PRICE, SIZE, SEQUENCE, GENERATION, PARTITION_ID, OFFSET_ID)
       VALUES ('t1', 'IBM', 'simulator', 'synthetic', 'trade', '2026-11-20 15:00:10', '2026-11-20 15:00:11', 100.00000001, 5, 0, 1, 0, 3),
              ('t2', 'IBM', 'simulator', 'synthetic', 'trade', '2026-11-20 15:00:30', '2026-11-20 15:00:31', 101, 3000000000, 0, 1, 0, 7),
              ('t3', 'IBM', 'simulator', 'synthetic', 'trade', '2026-11-20 15:01:00', '2026-11-20 15:01:01', 102, 1, 0, 1, 0, 8)""",
    """INSERT INTO CURATED.BARS_1M (SYMBOL, SOURCE, BAR_START, ORIGIN, OPEN, HIGH, LOW, CLOSE, VOLUME, TRADES) VALUES
       ('IBM', 'simulator', '2026-11-20 15:00:00', 'trades', 100.00000001, 101, 100.00000001, 101, 3000000005, 2),
       ('IBM', 'simulator', '2026-11-20 15:01:00', 'trades', 102, 102, 102, 102, 1, 1)""",
    f"""INSERT INTO OPS.LOADS (OBJECT_KEY, GENERATION, PARTITION_ID, FIRST_OFFSET, LAST_OFFSET, CHAIN_FROM, RECORDS, REJECTS, FIRST_KAFKA_TIME, LAST_KAFKA_TIME,
            SCHEMA_VERSION, SHA256, WRITER_ID, ETAG, SIZE_BYTES, LANDED_AT, ROWS_LOADED, STATE, RUN_ID, COPIED_AT, MERGED_AT)
       VALUES ('{KEY}', 1, 0, 0, 9, 0, 10, 1, '2026-11-20 15:00:11', '2026-11-20 15:01:01',
            1, 'abcd', 'w', 'e', 100, '2026-11-20 15:01:05', 10, 'MERGED', 'scheduled__1', '2026-11-20 15:01:10', '2026-11-20 15:01:12')""",
    f"""INSERT INTO RAW.TICKS (GENERATION, PARTITION_ID, OFFSET_ID, KAFKA_TIME, OBJECT_KEY, REJECT_REASON, SYMBOL, SOURCE, PRICE, EVENT_TIME, TICK_ID)
       VALUES (1, 0, 4, '2026-11-20 15:00:12', '{KEY}', NULL, 'IBM', 'simulator', 9.5, '2026-11-20 15:00:12', 't9'),
              (1, 0, 5, '2026-11-20 15:00:12', '{KEY}', 'json: broken', NULL, NULL, NULL, NULL, NULL)""",
    f"""INSERT INTO OPS.QUARANTINE (GENERATION, PARTITION_ID, OFFSET_ID, OBJECT_KEY, RULE, QUARANTINED_AT) VALUES
       (1, 0, 4, '{KEY}', 'quality:bad_print', '2026-11-20 15:05:00'), (1, 0, 5, '{KEY}', 'json: broken', '2026-11-20 15:01:12')""",
    """INSERT INTO OPS.DQ_RESULTS (RESULT_ID, CHECKED_AT, RULE, TABLE_NAME, SEVERITY, STATUS, OFFENDING, CHECKED, "SAMPLE", WINDOW_START, WINDOW_END, RUN_ID)
       VALUES
       ('1', '2026-11-20 15:05:00', 'bad_print', 'CURATED.TICKS', 'quarantine', 'broken', 1, 3, '[]', '2026-11-20 15:00:00', '2026-11-20 15:10:00', 'r1'),
       ('2', '2026-11-20 16:05:00', 'bad_print', 'CURATED.TICKS', 'quarantine', 'ok', 0, 3, '[]', '2026-11-20 15:00:00', '2026-11-20 15:10:00', 'r2')""",
    """INSERT INTO OPS.METRICS (MEASURED_AT, NAME, LABELS, VALUE, UNIT) VALUES
       ('2026-11-20 15:05:00', 'lag_records', '{"topic": "market.ticks"}', 7, 'records'),
       ('2026-11-20 15:00:00', 'lag_records', '{"topic": "market.ticks"}', 5, 'records'),
       ('2026-11-01 15:00:00', 'lag_records', '{"topic": "gone"}', 9, 'records'),
       ('2026-11-20 15:00:00', 'minute_available', '{}', 1, ''), ('2026-11-20 15:01:00', 'minute_available', '{}', 0, ''),
       ('2026-11-20 15:00:00', 'minute_available', '{}', 1, ''), ('2026-11-20 15:01:00', 'minute_available', '{}', 1, ''),
       ('2026-11-20 15:01:00', 'warehouse_seconds', '{}', 2.5, 's')""",
    """INSERT INTO OPS.ALARMS (NAME, STATE, SINCE, CHANGED_AT, DETAIL) VALUES
       ('lag', 'raised', '2026-11-01 00:00:00', '2026-11-01 00:00:00', 'old and raised'),
       ('old', 'cleared', '2026-11-01 00:00:00', '2026-11-01 00:00:00', 'old'),
       ('new', 'cleared', '2026-11-20 00:00:00', '2026-11-20 15:00:00', 'new')""",
]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("platform")) as running:
        for table in ("CURATED.INSTRUMENTS", "CURATED.SESSIONS"):
            running.warehouse.rows(f"DELETE FROM {table}")
        for statement in ROWS:
            running.warehouse.rows(statement)
        yield running


@pytest.fixture(scope="module")
def tables(platform: LoadPlatform) -> Iterator[WarehouseTables]:
    with ThreadPoolExecutor(1) as worker:
        yield WarehouseTables(platform.session(), worker, News(60.0), SystemClock())


def read(tables: WarehouseTables, name: str, **params: Param) -> list[dict[str, object]]:
    """The answer's rows."""
    reading = tables.read(name, Subject.QUALITY, **params)
    assert reading.problem is None
    assert reading.value is not None
    return [{str(column): value for column, value in row.items()} for row in reading.value.to_dict("records")]


def test_rules_by_newest_result_by_day_and_one_by_one(tables: WarehouseTables) -> None:
    (newest,) = read(tables, "quality_rules", since=SINCE)
    assert (newest["RUN_ID"], newest["STATUS"], newest["OFFENDING"], newest["EXAMPLES"]) == ("r2", "ok", 0.0, "[]")
    (day,) = read(tables, "quality_days", since=SINCE)
    assert (day["CHECKED_ON"], day["CHECKS"], day["BROKEN"], day["UNKNOWN"], day["MOST_OFFENDING"]) == ("2026-11-20", 2, 1, 0, 1.0)
    assert [row["RUN_ID"] for row in read(tables, "quality_history", rule="bad_print", since=SINCE)] == ["r2", "r1"]
    assert read(tables, "quality_history", rule="' OR 1 = 1 --", since=SINCE) == []


def test_quarantine_says_what_the_row_says_and_filters(tables: WarehouseTables) -> None:
    print_, reject = read(tables, "quality_quarantine", rule="", symbol="")
    assert (print_["SYMBOL"], print_["PRICE"], str(print_["EVENT_TIME"])[:19], print_["OBJECT_KEY"]) == ("IBM", 9.5, "2026-11-20 15:00:12", KEY)
    assert (reject["RULE"], pd.isna(reject["SYMBOL"]), pd.isna(reject["EVENT_TIME"])) == ("json: broken", True, True)
    assert [row["OFFSET_ID"] for row in read(tables, "quality_quarantine", rule="json: broken", symbol="")] == [5]
    assert [row["OFFSET_ID"] for row in read(tables, "quality_quarantine", rule="", symbol="IBM")] == [4]
    assert {row["RULE"]: row["QUARANTINED"] for row in read(tables, "quality_quarantine_rules")} == {"json: broken": 1, "quality:bad_print": 1}


def test_coverage_counts_the_minutes_of_a_session(tables: WarehouseTables) -> None:
    (feed,) = read(tables, "quality_feeds")
    assert (feed["SOURCE"], feed["CALENDAR"], feed["SYMBOLS"]) == ("simulator", "XNYS", 1)
    sessions = tables.read("quality_sessions", Subject.QUALITY, calendar="XNYS", until=MINUTE).value
    assert sessions is not None
    (span,) = coverage.spans("XNYS", sessions, MINUTE)
    assert (span.day, span.minutes) == ("2026-11-20", 390)
    session: dict[str, Param] = {"source": "simulator", "opens_at": span.opens_at, "closes_at": span.closes_at}
    assert {row["SYMBOL"]: row["MINUTES"] for row in read(tables, "quality_coverage_symbols", calendar="XNYS", **session)} == {"IBM": 2, "KO": 0}
    counted = tables.read("quality_coverage", Subject.QUALITY, width=10, **session).value
    assert counted is not None
    cells = coverage.cells(["IBM", "KO"], counted, span, 10, 40, UTC)
    assert cells["HAS"].dropna().tolist() == [0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]


def test_measurements_loads_and_alarms(tables: WarehouseTables) -> None:
    (newest,) = read(tables, "pipeline_metrics", since=SINCE)
    assert (newest["NAME"], newest["LABELS"], newest["VALUE"], newest["UNIT"]) == ("lag_records", '{"topic": "market.ticks"}', 7.0, "records")
    assert str(newest["MEASURED_AT"]) == "2026-11-20 15:05:00"
    assert [row["VALUE"] for row in read(tables, "pipeline_series", since=SINCE)] == [5.0, 7.0]
    (hour,) = read(tables, "pipeline_hours", since=SINCE)
    assert (hour["JUDGED"], hour["AVAILABLE"], hour["WAREHOUSE_S"]) == (2, 1, 2.5)
    (load,) = read(tables, "pipeline_loads", since=SINCE)
    assert (load["RUN_ID"], load["OBJECTS"], load["LOADED"], load["REJECTS"], load["UNMERGED"], load["SECONDS"]) == ("scheduled__1", 1, 10.0, 1.0, 0, 7.0)
    assert [row["NAME"] for row in read(tables, "pipeline_alarms", since=SINCE)] == ["lag", "new"]


def test_a_bar_leads_to_its_ticks_and_these_to_their_object(tables: WarehouseTables) -> None:
    (newest,) = read(tables, "pipeline_newest", **ONE)
    assert newest["BAR_START"] == (MINUTE + timedelta(minutes=1)).replace(tzinfo=None)
    bar = tables.read("pipeline_bar", Subject.TICKS, **ONE, **SPAN).value
    ticks = tables.read("pipeline_ticks", Subject.TICKS, **ONE, **SPAN).value
    assert bar is not None
    assert ticks is not None
    assert ticks["OFFSET_ID"].tolist() == [3, 7]
    assert evidence.verdict(bar, ticks).holds is True
    (held,) = read(tables, "pipeline_objects", **ONE, **SPAN)
    assert (held["OBJECT_KEY"], held["TICKS"], held["SHA256"], held["FIRST_OFFSET"], held["LAST_OFFSET"]) == (KEY, 2, "abcd", 0, 9)
    assert read(tables, "pipeline_newest", symbol="NOPE", source="simulator") == []
