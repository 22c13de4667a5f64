"""The engine inside the local warehouse: it forgets old results, ends when it is beyond help, and tells outages from bad objects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import snowflake.connector.errors as snow
from fakesnow.cursor import FakeSnowflakeCursor

from infra.local.warehouse.app import bound
from infra.local.warehouse.engine import open_engine, store_file_system
from infra.local.warehouse.errors import translated
from infra.local.warehouse.sessions import RESULTS_KEPT, Engine, Session
from tests.fixtures.services import HOST, free_port

pytestmark = pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result:UserWarning")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine on files, whose object store is down."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    opened = open_engine(tmp_path, store_file_system(f"http://{HOST}:{free_port()}"))
    with closing(opened.duck_conn):
        yield opened


@pytest.fixture
def session(engine: Engine) -> Session:
    return engine.connect("D", "S")


def test_a_thousand_statements_leave_the_last_hundred_results(engine: Engine, session: Session) -> None:
    for number in range(1_000):
        cursor = session.cursor()
        cursor.execute(f"SELECT {number}")
    assert RESULTS_KEPT == len(engine.results_cache) == 100
    assert cursor.sfqid
    cursor.get_results_from_sfqid(cursor.sfqid)
    assert cursor.fetchall() == [(999,)]


def test_an_engine_that_is_beyond_help_ends_its_process(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(*_: object) -> FakeSnowflakeCursor:
        raise duckdb.FatalException("database has been invalidated")

    def end(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(FakeSnowflakeCursor, "execute", execute)
    monkeypatch.setattr(os, "_exit", end)
    with pytest.raises(SystemExit) as raised:
        session.cursor().execute("SELECT 1")
    assert raised.value.code == 1


def test_a_bound_time_keeps_the_zone_that_it_has_and_gets_none() -> None:
    assert bound({"type": "TIMESTAMP_NTZ", "value": "1795442400999999000"}) == datetime(2026, 11, 23, 14, 0, 0, 999_999)  # noqa: DTZ001 - as it was sent
    assert bound({"type": "TIMESTAMP_TZ", "value": "1795442400999999000 1440"}) == datetime(2026, 11, 23, 14, 0, 0, 999_999, UTC)


def test_a_store_that_is_down_is_an_outage_and_no_bad_object(session: Session) -> None:
    for statement in (
        "CREATE TABLE T (ID NUMBER)",
        "CREATE FILE FORMAT PARQUET TYPE = PARQUET",
        "CREATE STAGE LAKE URL = 's3://bucket/'",
    ):
        session.cursor().execute(statement)
    with pytest.raises(snow.OperationalError, match="NETWORK_CONNECTION"):
        session.cursor().execute("COPY INTO T FROM @LAKE FILES = ('a.parquet') FILE_FORMAT = (FORMAT_NAME = 'PARQUET') MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE")


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (duckdb.IOException("IO Error: No space left on device"), snow.OperationalError),
        (duckdb.HTTPException("HTTP Error: 503"), snow.OperationalError),
        (duckdb.OutOfMemoryException("Out of Memory Error"), snow.OperationalError),
        (duckdb.IOException("IO Error: No files found that match the pattern"), snow.ProgrammingError),
        (duckdb.InvalidInputException("Invalid Input Error: No magic bytes found"), snow.ProgrammingError),
    ],
)
def test_what_may_pass_is_told_from_what_will_not(error: Exception, known: type[snow.Error]) -> None:
    assert type(translated(error)) is known
