"""The load: latency with hints, a million rows at once, and what a load, a rebuild, a refresh and an account cost as history grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.instance import BUCKET, ROOT
from tests.bench.following import measure_analytics, measure_rebuild, measure_verify
from tests.bench.growth import live, measure_growth, values
from tests.bench.history import History
from tests.bench.latency import latency
from tests.bench.results import record
from tests.bench.topics import PARTITIONS
from tests.e2e.conftest import free_block
from tests.fixtures.airflow import ENDED, Airflow
from tests.fixtures.load_platform import Partition
from tests.fixtures.platform import Platform, eventually, running
from tests.fixtures.services import settings, surrounded
from ticklake.lake import to_ms
from ticklake_io.store import open_store

MILLION = 1_000_000
FIRST_PARTITION = 100
"""Beyond those that the platform's own consumer writes."""
RUN_LIMIT_S = 300.0

_PARSE = """import json, time
began = time.monotonic()
from airflow.dag_processing.dagbag import DagBag
bag = DagBag("dags")
print(json.dumps({"seconds": time.monotonic() - began, "dags": len(bag.dags), "errors": bag.import_errors}))
"""


def measure() -> None:
    """First what needs a platform, then what needs a warehouse and a store only."""
    with tempfile.TemporaryDirectory(prefix="tl-bench-") as folder:
        with running(Path(folder) / "home", free_block(), TICKLAKE_LOAD_HINTS="true") as platform:
            record("to_warehouse_p95_hints", latency(platform)["to_warehouse"]["p95"], "s")
            with surrounded(platform.instance.environment()):
                _million_rows(platform)
            _parse(platform)
        for measured in (measure_growth, measure_rebuild, measure_analytics, measure_verify):
            measured(Path(folder))


def _million_rows(platform: Platform) -> None:
    """One run of load_ticks over objects of 20,000 rows that landed while the DAG was paused, from its start to its end."""
    airflow = Airflow(platform)
    with closing(airflow.client):
        _pause(airflow, paused=True)
        _land_million(platform)
        _pause(airflow, paused=False)
        airflow.trigger("load_ticks")
        run_id = _run_of_million(platform)
        path = f"dags/load_ticks/dagRuns/{run_id}"
        if not eventually(lambda: airflow.get(path)["state"] in ENDED, RUN_LIMIT_S) or airflow.state("load_ticks", run_id) != "success":
            raise RuntimeError(f"{run_id} did not succeed")
        run = airflow.get(path)
    took = datetime.fromisoformat(run["end_date"]) - datetime.fromisoformat(run["start_date"])
    record("load_million_rows", round(took.total_seconds(), 1), "s")


def _pause(airflow: Airflow, *, paused: bool) -> None:
    """Stop the DAGs that load, and what they are about; or let them go on."""
    for dag_id in ("settle_ticks", "load_ticks"):
        airflow.client.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": paused}).raise_for_status()
        if paused and not eventually(lambda dag_id=dag_id: not airflow.get(f"dags/{dag_id}/dagRuns", state="running")["total_entries"], RUN_LIMIT_S):
            raise RuntimeError(f"{dag_id} does not come to rest")


def _land_million(platform: Platform) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    history = History(settings().ticks_topic, now - timedelta(seconds=1_100), MILLION)
    store = open_store(settings(s3_endpoint=platform.urls["store"], s3_bucket=BUCKET))
    partitions = [Partition(store, history.topic, FIRST_PARTITION + number) for number in range(PARTITIONS)]
    for start in range(0, MILLION, history.object_rows):
        time_ms = to_ms(history.time(start))
        partitions[start // history.object_rows % PARTITIONS].land(values(history, live, start, history.object_rows), time_ms)


def _run_of_million(platform: Platform) -> str:
    """The run that has loaded all of it."""
    found: list[dict[str, object]] = []

    def loaded() -> bool:
        mine = f"PARTITION_ID >= {FIRST_PARTITION} AND STATE = 'MERGED'"
        found[:] = platform.sql(f"SELECT RUN_ID, SUM(CAST(RECORDS AS NUMBER(37, 0))) AS N FROM OPS.LOADS WHERE {mine} GROUP BY RUN_ID")
        return sum(int(str(each["N"])) for each in found) == MILLION

    if not eventually(loaded, RUN_LIMIT_S) or len(found) != 1:
        raise RuntimeError(f"a million rows were not loaded by one run: {found}")
    return str(found[0]["RUN_ID"])


def _parse(platform: Platform) -> None:
    """All DAG files, Airflow's import included, in a fresh process."""
    environment = os.environ | platform.instance.process_environment("dag-processor")
    done = subprocess.run([sys.executable, "-c", _PARSE], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    if told["errors"] or told["dags"] < len(list((ROOT / "dags").glob("*.py"))):
        raise RuntimeError(f"not every DAG file was parsed: {told}")
    record("dag_parse_all", round(told["seconds"], 1), "s")
