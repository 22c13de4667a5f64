"""The commands of the runbook that copy Airflow's database and put the copy back, run as they stand there, with stand-ins for Airflow's tables."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.fixtures.celery_cluster import postgres

RUNBOOK = Path(__file__).parents[2] / "infra" / "runbooks" / "restore-from-the-lake.md"
OLD = "CREATE TABLE dag_run (id INTEGER PRIMARY KEY); INSERT INTO dag_run VALUES (1), (2);"
LATER = "DELETE FROM dag_run WHERE id = 1; ALTER TABLE dag_run ADD COLUMN later TEXT; CREATE TABLE later (run INTEGER REFERENCES dag_run (id));"


def commands(program: str) -> list[str]:
    """The commands of the block in which `program` stands, one a line."""
    blocks = re.findall(r"^```sh\n(.*?)^```", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if program in block)
    return list(found.splitlines())


def run(command: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(["bash", "-euc", command], cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sqlite_is_copied_while_it_is_written_and_put_back_over_what_a_kill_left(tmp_path: Path) -> None:
    copy, back = commands("sqlite3")
    folder = tmp_path / ".ticklake" / "airflow"
    folder.mkdir(parents=True)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "version").write_text("3")
    # Airflow keeps its SQLite in this mode, so what is new stands beside the file until somebody moves it there.
    with closing(sqlite3.connect(folder / "airflow.db")) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.executescript(OLD)
        assert (folder / "airflow.db-wal").stat().st_size
        run(copy, tmp_path)
        writer.executescript(LATER)
        left = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name, body in left.items():
        (folder / name).write_bytes(body)
    run(back, tmp_path)
    assert [path.name for path in folder.iterdir()] == ["airflow.db"]
    with closing(sqlite3.connect(folder / "airflow.db")) as found:
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert found.execute("SELECT * FROM dag_run").fetchall() == [(1,), (2,)]
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            found.execute("SELECT * FROM later")


def test_postgres_is_put_back_also_over_the_tables_of_a_later_release(tmp_path: Path) -> None:
    copy, *back = commands("pg_dump")
    with postgres() as server:
        run(f"psql --command='CREATE ROLE keeper LOGIN' --command='CREATE DATABASE airflow OWNER keeper' {server}", tmp_path)
        database = server.replace("airflow@", "keeper@").replace("/postgres", "/airflow")
        run(f'psql --command="{OLD}" "{database}"', tmp_path)
        run(copy, tmp_path, DATABASE=database)
        run(f'psql --command="{LATER}" "{database}"', tmp_path)
        for _ in range(2):
            run("\n".join(back), tmp_path, DATABASE=database)
            tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            assert run(f'psql --tuples-only --no-align --command="{tables}" --command="SELECT * FROM dag_run" "{database}"', tmp_path).split() == [
                "dag_run",
                "1",
                "2",
            ]
            run(copy, tmp_path, DATABASE=database)  # of a schema that is now the keeper's own
