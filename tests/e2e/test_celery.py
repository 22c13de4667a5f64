"""Airflow on Celery, Redis and Postgres: a worker is lost in the middle of a load, the other one ends it, and nothing tells the difference."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.local.instance import BUCKET, Instance
from tests.e2e.conftest import free_block
from tests.fixtures import trades
from tests.fixtures import whole_warehouse as whole
from tests.fixtures.airflow import Airflow
from tests.fixtures.celery_cluster import WORKERS, celery_cluster
from tests.fixtures.load_platform import LoadPlatform
from tests.fixtures.platform import eventually
from tests.fixtures.services import settings
from tests.fixtures.warehouse import LocalWarehouse
from ticklake_io.store import open_store
from ticklake_io.warehouse import open_warehouse

TOPIC = "market.ticks"
SMALL_OBJECTS = "400"
LANDED_S = 120
BEGUN_S = 120
TAKEN_OVER_S = 180


def load_tries(airflow: Airflow, run_id: str) -> list[dict[str, Any]]:
    """The tries of a run's load, the first one first."""
    tries: list[dict[str, Any]] = airflow.get(f"dags/load_ticks/dagRuns/{run_id}/taskInstances/load/tries")["task_instances"]
    return sorted(tries, key=lambda each: int(each["try_number"]))


def running_loads(airflow: Airflow) -> list[dict[str, Any]]:
    """Loads that a worker is at."""
    loads: list[dict[str, Any]] = airflow.get("dags/load_ticks/dagRuns/~/taskInstances", state="running")["task_instances"]
    return loads


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_load_whose_worker_is_lost_ends_on_the_other_one_as_if_nothing_had_been(tmp_path: Path) -> None:
    path = trades.file_of("BAC")
    ticks = len(trades.rows_of(path))
    instance = Instance(tmp_path / "home", free_block())
    with celery_cluster(instance, TICKLAKE_LOAD_HINTS="false", TICKLAKE_LOAD_INTERVAL_S="10", TICKLAKE_FLUSH_RECORDS=SMALL_OBJECTS) as cluster:
        told = cluster.ticklake("produce", "--source", "replay", "--file", path, "--speed", "max", limit_s=300)
        assert told.returncode == 0, told.stderr
        assert eventually(lambda: cluster.report("verify")["lake"] == ticks, LANDED_S, step_s=2), cluster.report("verify")
        local = LocalWarehouse(instance)
        store = open_store(settings(s3_endpoint=cluster.urls["store"], s3_bucket=BUCKET))
        airflow = Airflow(cluster)
        with closing(airflow.client), closing(open_warehouse(local.arguments(), "test")) as warehouse:
            for worker in WORKERS:
                cluster.start_worker(worker)
            assert eventually(lambda: warehouse.rows("SELECT 1 AS N FROM OPS.LOADS LIMIT 1"), BEGUN_S, step_s=0.05)
            (begun,) = running_loads(airflow)
            assert cluster.lose(begun["hostname"])

            def taken_over() -> bool:
                return bool(load_tries(airflow, begun["dag_run_id"])[-1]["state"] == "success")

            assert eventually(taken_over, TAKEN_OVER_S), load_tries(airflow, begun["dag_run_id"])
            first, *_, last = load_tries(airflow, begun["dag_run_id"])
            assert (first["state"], {first["hostname"], last["hostname"]}) == ("failed", set(WORKERS))

            verdict = cluster.report("verify", "--deep")
            assert (verdict["ok"], verdict["mismatches"]) == (True, [])
            platform = LoadPlatform(store, local, warehouse)
            disturbed = whole.images(platform, "RAW", "CURATED")
            assert disturbed["CURATED.TICKS"].rows == ticks
            cluster.lose(last["hostname"])
            platform.empty()
            platform.load(TOPIC)
            assert whole.images(platform, "RAW", "CURATED") == disturbed
