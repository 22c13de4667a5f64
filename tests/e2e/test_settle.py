"""Both days of real trades, rebuilt by backfill from the command line and from the REST API that Airflow's UI uses."""

from __future__ import annotations

import json
import shlex
from datetime import datetime
from pathlib import Path

import pytest

from tests.fixtures import trades
from tests.fixtures.airflow import Airflow
from tests.fixtures.platform import TICKLAKE, Platform, eventually
from ticklake_airflow.settling.checksum import ROW, Column, row_text
from ticklake_io.sql import Statements

STATEMENTS = Statements(Path(__file__).parents[2] / "dags" / "sql" / "settle_ticks")
SYMBOLS = ("AIG", "IBM")
DAYS = ("2013-10-07", "2013-10-08")
MINE = f"SOURCE = 'replay' AND SYMBOL IN {SYMBOLS}"
TABLES = ("RAW.TICKS", "CURATED.TICKS", "CURATED.BARS_1M", "CURATED.LATEST")
LOADED_S = 180
REBUILT_S = 180


def images(platform: Platform) -> dict[str, tuple[int, int]]:
    """Rows and checksums of what was replayed, in all columns; the simulator goes on meanwhile."""
    told: dict[str, tuple[int, int]] = {}
    for table in TABLES:
        schema, name = table.split(".")
        where = f"TABLE_SCHEMA = '{schema}' AND TABLE_NAME = '{name}'"
        kinds = platform.sql(f"SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE {where} ORDER BY COLUMN_NAME")
        text = row_text(Column(each["COLUMN_NAME"], each["DATA_TYPE"], 0) for each in kinds)
        row = platform.sql(f"{STATEMENTS['checksum'].replace(ROW, text).replace('RAW.TICKS', table)} WHERE {MINE}")[0]
        told[table] = (int(row["N"]), int(row["CHECKSUM"]))
    return told


def runs(airflow: Airflow) -> dict[str, str]:
    """The states of the backfills' runs, by run."""
    found = airflow.get("dags/settle_ticks/dagRuns", run_type="backfill", limit=100)["dag_runs"]
    return {each["dag_run_id"]: each["state"] for each in found}


def rebuilt(airflow: Airflow, before: dict[str, str], hours: int) -> bool:
    """Whether all runs that were not there before have succeeded."""
    states = [state for run, state in runs(airflow).items() if run not in before]
    assert "failed" not in states
    return len(states) >= hours and set(states) == {"success"}


@pytest.mark.timeout(600)
def test_both_days_rebuilt_from_the_command_line_and_from_the_ui_are_equal(platform: Platform, request: pytest.FixtureRequest) -> None:
    airflow = Airflow(platform)
    request.addfinalizer(airflow.client.close)
    files = [trades.data_file(f"us_trades_{day}_{symbol}.csv.gz") for day in DAYS for symbol in SYMBOLS]
    already = platform.count("RAW.TICKS", MINE)  # another test may have replayed some of them
    for path in files:
        done = platform.ticklake("produce", "--source", "replay", "--file", path, "--speed", "max", limit_s=300)
        assert done.returncode == 0, done.stderr
    count = sum(len(trades.rows_of(path)) for path in files)
    assert eventually(lambda: platform.count("CURATED.TICKS", MINE) >= count and platform.count("RAW.TICKS", MINE) >= already + count, LOADED_S)
    before = images(platform)
    assert before["CURATED.TICKS"][0] == count

    answer = json.loads(platform.ticklake("history", "--event-from", DAYS[0], "--event-to", "2013-10-09", "--symbols", ",".join(SYMBOLS), "--json").stdout)
    hours = [datetime.fromisoformat(f"{each['hour']}:00:00+00:00") for each in answer["hours"]]
    assert hours
    command = shlex.split(answer["commands"][0])
    assert command[:4] == ["ticklake", "airflow", "backfill", "create"]

    known = runs(airflow)
    done = platform.run(TICKLAKE, *command[1:])
    assert done.returncode == 0, done.stderr
    assert eventually(lambda: rebuilt(airflow, known, len(hours)), REBUILT_S)
    assert images(platform) == before

    known = runs(airflow)
    body = {
        "dag_id": "settle_ticks",
        "from_date": hours[0].isoformat(),
        "to_date": hours[-1].isoformat(),
        "reprocess_behavior": "completed",
        "max_active_runs": 1,
        "dag_run_conf": {"rebuild": True},
    }

    def started() -> bool:
        return airflow.client.post("/api/v2/backfills", json=body).status_code == 200  # 409 until the one before has ended

    assert eventually(started, 60)
    assert eventually(lambda: rebuilt(airflow, known, len(hours)), REBUILT_S)
    assert images(platform) == before

    last = next(run for run in runs(airflow) if run not in known)
    report = airflow.get(f"dags/settle_ticks/dagRuns/{last}/taskInstances/settle/xcomEntries/report", deserialize="true")["value"]
    assert report["rebuild"]
    assert report["rows"] > 0
    assert (report["differences"], report["unsettled"], report["stopped"]) == ({}, [], [])
