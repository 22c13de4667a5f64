"""Every DAG file yields its DAG, says what an operator must know, and is quick and harmless to parse.

Nothing here names a DAG: what is added to `dags/` is held to the same rules by itself.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ticklake_airflow.tags import Tag

ROOT = Path(__file__).parents[2]
DAGS = ROOT / "dags"
FILES = sorted(path.stem for path in DAGS.glob("*.py"))
STATEMENTS = sorted((DAGS / "sql").rglob("*.sql"))
HEAVY = ("pyarrow", "pandas", "numpy", "snowflake.connector", "boto3", "kafka", "confluent_kafka", "exchange_calendars", "duckdb", "streamlit")
SECTIONS = ("What", "When", "Reads", "Writes", "Safe to run again?", "When it fails at 3 am")
ERRORS = {
    **dict.fromkeys(("ChainBroken", "LoadMismatch", "ConfigError", "WarehouseRefused"), "fail"),
    **dict.fromkeys(("BrokerUnavailable", "StoreUnavailable", "WarehouseUnavailable", "WarehouseBusy"), "default"),
}
"""What Airflow is to do after each: end the run, or try again as often as the task says."""
LONGEST_PARSE_S = 5.0
UNDECIDED_RUNS = 16
"""How many runs of a DAG Airflow lets go on at once when the DAG does not say."""

PROBE = f"""
import json, sys, time
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import BaseHook, Connection, Variable
from ticklake import errors

def refuse(*args, **kwargs):
    raise AssertionError("a variable or connection is read while the file is parsed")

Variable.get = Connection.get = BaseHook.get_connection = refuse
began = time.monotonic()
before = set(sys.modules)
bag = DagBag(sys.argv[1])
print("\\n" + json.dumps({{
    "seconds": time.monotonic() - began,
    "errors": bag.import_errors,
    "heavy": [name for name in {HEAVY!r} if name in set(sys.modules) - before],
    "dags": {{name: {{
        "file": dag.fileloc, "doc": dag.doc_md, "tags": sorted(dag.tags), "catchup": dag.catchup, "runs": dag.max_active_runs, "start": str(dag.start_date),
        "tasks": [{{
            "owner": t.owner, "retries": t.retries, "limit": t.execution_timeout and t.execution_timeout.total_seconds(),
            "after": t.retry_policy and {{name: t.retry_policy.evaluate(getattr(errors, name)("why"), 1, 3).action.value for name in {ERRORS!r}}},
        }} for t in dag.tasks],
    }} for name, dag in bag.dags.items()}},
}}))
"""


def parsed(folder: Path, home: Path) -> dict[str, Any]:
    """What Airflow makes of the DAG files of a folder, in a process where reading a variable or a connection fails."""
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        # As the platform has it: listeners make Airflow refuse what it takes without them.
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "file", "log_file_path": str(home / "lineage"), "append": True}),
        "PYTHONPATH": str(ROOT / "plugins"),
        "PATH": os.environ["PATH"],
        "TICKLAKE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "TICKLAKE_S3_BUCKET": "test",
        "TICKLAKE_WAREHOUSE_ACCOUNT": "test",
        "TICKLAKE_WAREHOUSE_USER": "test",
    }
    command = [sys.executable, "-c", PROBE, str(folder)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return parsed(DAGS, tmp_path_factory.mktemp("airflow"))


def test_every_file_yields_its_dag(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert FILES
    assert sorted(bag["dags"]) == FILES
    assert {Path(dag["file"]).stem: name for name, dag in bag["dags"].items()} == {name: name for name in FILES}


def test_parsing_is_quick_and_imports_nothing_heavy(bag: dict[str, Any]) -> None:
    assert bag["heavy"] == []
    assert bag["seconds"] < LONGEST_PARSE_S


@pytest.mark.parametrize("name", FILES)
def test_a_dag_says_what_an_operator_must_know(bag: dict[str, Any], name: str) -> None:
    bold = [words.rstrip(".") for words in re.findall(r"\*\*(.+?)\*\*", bag["dags"][name]["doc"])]
    assert [section for section in SECTIONS if section not in bold] == []


@pytest.mark.parametrize("name", FILES)
def test_a_dag_has_decided_how_it_runs(bag: dict[str, Any], name: str) -> None:
    dag = bag["dags"][name]
    assert dag["tags"]
    assert set(dag["tags"]) <= set(Tag)
    assert dag["catchup"] is False
    assert 1 <= dag["runs"] < UNDECIDED_RUNS
    assert dag["start"].endswith("+00:00")
    assert dag["tasks"]
    for each in dag["tasks"]:
        assert each["owner"] not in ("", "airflow")
        assert each["retries"] > 0
        assert each["limit"] > 0


@pytest.mark.parametrize("name", FILES)
def test_only_what_may_succeed_later_is_tried_again(bag: dict[str, Any], name: str) -> None:
    assert [task["after"] for task in bag["dags"][name]["tasks"]] == [ERRORS] * len(bag["dags"][name]["tasks"])


def test_the_probe_itself_finds_what_is_wrong(tmp_path: Path) -> None:
    beginning = "from airflow.sdk import BaseHook, Variable, dag, task\n"
    (tmp_path / "dags").mkdir()
    for name, line in {"variable": "Variable.get('x')", "connection": "BaseHook.get_connection('x')", "heavy": "import boto3"}.items():
        (tmp_path / "dags" / f"{name}.py").write_text(f"{beginning}{line}\n@dag()\ndef {name}():\n    @task\n    def work(): ...\n    work()\n{name}()\n")
    found = parsed(tmp_path / "dags", tmp_path / "airflow")
    assert {Path(file).stem for file, error in found["errors"].items() if "while the file is parsed" in error} == {"variable", "connection"}
    assert found["heavy"] == ["boto3"]
    assert found["dags"]["heavy"]["runs"] == UNDECIDED_RUNS


def named(module: Path) -> Iterator[str]:
    """Patterns of the names that a module's code may mean: its texts, those of comments and docstrings aside, with anything where it fills in a value."""
    tree = ast.parse(module.read_text())
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield re.escape(Path(node.value).stem)
        elif isinstance(node, ast.JoinedStr) and any(isinstance(each, ast.Constant) for each in node.values):
            yield "".join(re.escape(each.value) if isinstance(each, ast.Constant) else r"\w+" for each in node.values)


def test_every_statement_is_used_and_every_statement_used_exists() -> None:
    modules = [*(ROOT / "plugins" / "ticklake_airflow").rglob("*.py"), *DAGS.glob("*.py")]
    names = {pattern for module in modules for pattern in named(module)}
    names |= {word for file in (ROOT / "infra").rglob("*.yaml") for word in re.findall(r"\w+", file.read_text())}  # rules name their statements
    anything = re.compile("|".join(names))
    assert {path.relative_to(DAGS / "sql").parts[0] for path in STATEMENTS} <= set(FILES)
    assert [str(path.relative_to(ROOT)) for path in STATEMENTS if not anything.fullmatch(path.stem)] == []
    stored = {path.stem for path in (*STATEMENTS, *(ROOT / "plugins" / "ticklake_airflow").rglob("*.sql"))}
    assert {name for module in modules for name in re.findall(r'tatements\["(\w+)"\]', module.read_text())} <= stored
