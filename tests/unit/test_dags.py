"""Every DAG file yields its DAG, says what it is, and is quick to parse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ticklake_airflow.tags import Tag

ROOT = Path(__file__).parents[2]
FILES = sorted(path.stem for path in (ROOT / "dags").glob("*.py"))
HEAVY = ("pyarrow", "pandas", "snowflake.connector", "boto3", "kafka", "exchange_calendars")
ERRORS = {
    **dict.fromkeys(("ChainBroken", "LoadMismatch", "ConfigError", "WarehouseRefused"), "fail"),
    **dict.fromkeys(("BrokerUnavailable", "StoreUnavailable", "WarehouseUnavailable", "WarehouseBusy"), "default"),
}
"""What Airflow is to do after each: end the run, or try again as often as the task says."""
LONGEST_PARSE_S = 5.0

PROBE = f"""
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
from ticklake import errors
began = time.monotonic()
before = set(sys.modules)
bag = DagBag({str(ROOT / "dags")!r})
print("\\n" + json.dumps({{
    "seconds": time.monotonic() - began,
    "errors": bag.import_errors,
    "heavy": [name for name in {HEAVY!r} if name in set(sys.modules) - before],
    "dags": {{name: {{
        "doc": dag.doc_md, "tags": sorted(dag.tags), "catchup": dag.catchup,
        "tasks": [{{"owner": t.owner, "retries": t.retries, "limit": t.execution_timeout.total_seconds(),
                   "after": {{name: t.retry_policy.evaluate(getattr(errors, name)("why"), 1, 3).action.value for name in {ERRORS!r}}}}} for t in dag.tasks],
    }} for name, dag in bag.dags.items()}},
}}))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    environment = {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "PYTHONPATH": str(ROOT / "plugins"),
        "PATH": os.environ["PATH"],
        "TICKLAKE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "TICKLAKE_S3_BUCKET": "test",
        "TICKLAKE_WAREHOUSE_ACCOUNT": "test",
        "TICKLAKE_WAREHOUSE_USER": "test",
    }
    done = subprocess.run([sys.executable, "-c", PROBE], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_every_file_yields_its_dag(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert FILES
    assert sorted(bag["dags"]) == FILES


def test_parsing_is_quick_and_imports_nothing_heavy(bag: dict[str, Any]) -> None:
    assert bag["heavy"] == []
    assert bag["seconds"] < LONGEST_PARSE_S


@pytest.mark.parametrize("name", FILES)
def test_a_dag_says_what_it_is(bag: dict[str, Any], name: str) -> None:
    dag = bag["dags"][name]
    assert "Safe to run again" in dag["doc"]
    assert dag["tags"]
    assert set(dag["tags"]) <= set(Tag)
    assert dag["catchup"] is False
    for each in dag["tasks"]:
        assert each["owner"] not in ("", "airflow")
        assert each["retries"] > 0
        assert each["limit"] > 0


@pytest.mark.parametrize("name", FILES)
def test_only_what_may_succeed_later_is_tried_again(bag: dict[str, Any], name: str) -> None:
    assert [task["after"] for task in bag["dags"][name]["tasks"]] == [ERRORS] * len(bag["dags"][name]["tasks"])
