"""The DDL on a real local warehouse: once each, in order, and never changed behind its back."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.clock import ManualClock
from tests.fixtures import services
from tests.fixtures.warehouse import LocalWarehouse, free_instance, warehouse
from ticklake.errors import ConfigError
from ticklake_cli import migrate as migrate_command
from ticklake_io.migrations import FOLDER, Account, always, migrate, pending, versioned
from ticklake_io.warehouse import SnowflakeWarehouse, open_warehouse

_SOME = {"TEXT": "'x'", "NUMBER": "1", "DATE": "'2026-01-02'", "TIMESTAMP_NTZ": "'2026-01-02'"}
"""A value of each type that a column may have."""


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalWarehouse]:
    instance = free_instance(tmp_path / "instance")
    for name, value in instance.environment().items():
        monkeypatch.setenv(name, value)
    with warehouse(instance) as running:
        yield running


@pytest.fixture
def session(local: LocalWarehouse) -> Iterator[SnowflakeWarehouse]:
    with closing(open_warehouse(local.arguments(), "test")) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Scripts of a test's own."""
    (tmp_path / "ddl").mkdir()
    (tmp_path / "ddl" / "V1__schema.sql").write_text(
        "-- a comment; with a semicolon\nCREATE SCHEMA IF NOT EXISTS S;\nCREATE TABLE IF NOT EXISTS S.T (A NUMBER(9, 0));\n"
    )
    (tmp_path / "ddl" / "A__rows.sql").write_text("INSERT INTO S.T (A) VALUES (1);")
    return tmp_path / "ddl"


def test_a_second_run_applies_only_what_runs_every_time(session: SnowflakeWarehouse) -> None:
    every_time = [path.name for path in sorted(FOLDER.glob("A__*.sql"))]
    assert migrate(session, ManualClock(), "ticklake") == [*(script.name for script in versioned()), *every_time]
    assert migrate(session, ManualClock(), "ticklake") == every_time
    history = session.rows("SELECT SCRIPT FROM OPS.SCHEMA_HISTORY")
    assert sorted(row["SCRIPT"] for row in history) == sorted(script.name for script in versioned())
    assert session.rows("SELECT COUNT(*) AS N FROM OPS.LOAD_LEASE") == [{"N": 1}]


def test_what_is_pending_is_told_and_left_alone(session: SnowflakeWarehouse, folder: Path) -> None:
    assert [script.name for script in pending(session, folder)] == ["V1__schema.sql"]
    assert session.rows("SELECT 1 FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME IN ('OPS', 'S')") == []
    migrate(session, ManualClock(), "b", folder)
    assert pending(session, folder) == []


def test_the_command_names_the_scripts_first_and_then_runs_them(local: LocalWarehouse, session: SnowflakeWarehouse, capsys: pytest.CaptureFixture[str]) -> None:
    place = {f"warehouse_{name}": value for name, value in local.arguments().items() if name in ("account", "user", "password", "host", "port")}
    settings = services.settings(**place, config_file=FOLDER.parents[1] / "ticklake.yaml")
    scripts = [script.name for script in [*versioned(), *always("ticklake")]]
    assert migrate_command.run(argparse.Namespace(dry_run=True), settings) == 0
    assert capsys.readouterr().out.split() == scripts
    assert pending(session), "nothing ran"
    assert migrate_command.run(argparse.Namespace(dry_run=False), settings) == 0
    assert capsys.readouterr().out == f"ran {', '.join(scripts)}; replaced instruments, sessions, contracts\n"
    assert pending(session) == []


def test_scripts_run_in_the_order_of_their_versions_and_new_ones_only(session: SnowflakeWarehouse, folder: Path) -> None:
    (folder / "V1.10__last.sql").write_text("ALTER TABLE S.T ADD COLUMN C NUMBER(9, 0);")
    assert migrate(session, ManualClock(), "b", folder) == ["V1__schema.sql", "V1.10__last.sql", "A__rows.sql"]
    (folder / "V1.9__between.sql").write_text("ALTER TABLE S.T ADD COLUMN B NUMBER(9, 0);")
    (folder / "A__rows.sql").write_text("INSERT INTO S.T (A) VALUES (2);")
    assert migrate(session, ManualClock(), "b", folder) == ["V1.9__between.sql", "A__rows.sql"]
    assert sorted(row["A"] for row in session.rows("SELECT A FROM S.T")) == [1, 2]


def test_a_script_that_was_changed_after_it_had_run_is_refused(session: SnowflakeWarehouse, folder: Path) -> None:
    migrate(session, ManualClock(), "b", folder)
    (folder / "V1__schema.sql").write_text("CREATE SCHEMA IF NOT EXISTS OTHER;")
    with pytest.raises(ConfigError, match=r"V1__schema\.sql was changed after it had run"):
        migrate(session, ManualClock(), "b", folder)
    assert len(session.rows("SELECT A FROM S.T")) == 1, "nothing more runs"


def test_two_scripts_of_one_version_are_refused(folder: Path) -> None:
    (folder / "V1__other.sql").write_text("SELECT 1;")
    with pytest.raises(ConfigError, match="have the same version"):
        versioned(folder)


def test_a_file_format_of_an_earlier_release_is_replaced_by_one_that_knows_times() -> None:
    statements = [" ".join(statement.split()) for script in always("b") for statement in script.statements()]
    assert any(each.endswith("CREATE OR REPLACE FILE FORMAT RAW.PARQUET TYPE = PARQUET USE_LOGICAL_TYPE = TRUE") for each in statements), statements


def test_views_by_primary_source_show_that_source_alone(session: SnowflakeWarehouse) -> None:
    migrate(session, ManualClock(), "ticklake")
    session.rows("INSERT INTO CURATED.INSTRUMENTS (SYMBOL, NAME, PRIMARY_SOURCE) VALUES ('AAPL', 'Apple', 'finnhub')")
    for table in ("LATEST", "BARS_1M", "BARS_5M", "BARS_1H", "BARS_1D", "DAILY_BARS"):
        needed = session.rows(
            "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'CURATED' AND TABLE_NAME = :name AND IS_NULLABLE = 'NO'",
            {"name": table},
        )
        others = {each["COLUMN_NAME"]: _SOME[each["DATA_TYPE"]] for each in needed if each["COLUMN_NAME"] not in ("SYMBOL", "SOURCE")}
        for symbol, source in (("AAPL", "finnhub"), ("AAPL", "coinbase"), ("NEW", "finnhub")):
            values = ", ".join([f"'{symbol}'", f"'{source}'", *others.values()])
            session.rows(f"INSERT INTO CURATED.{table} ({', '.join(['SYMBOL', 'SOURCE', *others])}) VALUES ({values})")
        assert session.rows(f"SELECT SYMBOL, SOURCE FROM CURATED.{table}_PRIMARY") == [{"SYMBOL": "AAPL", "SOURCE": "finnhub"}]


def test_scripts_of_an_account_run_where_one_is_named_and_nowhere_else(session: SnowflakeWarehouse, folder: Path) -> None:
    (folder / "account").mkdir()
    (folder / "account" / "A__names.sql").write_text("INSERT INTO S.N (I, D, B) SELECT '{integration}', '{database}', '{bucket}';")
    (folder / "V2__names.sql").write_text("CREATE TABLE IF NOT EXISTS S.N (I VARCHAR, D VARCHAR, B VARCHAR);")
    assert migrate(session, ManualClock(), "lake", folder)[-1] == "A__rows.sql"
    assert session.rows("SELECT I FROM S.N") == []
    assert migrate(session, ManualClock(), "lake", folder, Account("TICKLAKE_LAKE", "TICKLAKE")) == ["A__rows.sql", "A__names.sql"]
    assert session.rows("SELECT I, D, B FROM S.N") == [{"I": "TICKLAKE_LAKE", "D": "TICKLAKE", "B": "lake"}]
