"""The operator copies, tells, and fails for whatever is not stored in full. On a real store and a real local warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fixtures.load_platform import LoadPlatform, Partition, load_platform
from ticklake.errors import LoadMismatch
from ticklake_airflow import connections
from ticklake_airflow.operators.copy_objects import CopyObjectsOperator

CONTEXT: Any = {"ti": SimpleNamespace(dag_id="a_dag", run_id="run-1", task_id="copy")}
LEDGER = ("load_ticks/announce",)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("copy")) as ready:
        yield ready


@pytest.fixture
def tags(platform: LoadPlatform, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The query tags of the sessions that were opened."""
    opened: list[str] = []

    def session(tag: str) -> Any:
        opened.append(tag)
        return platform.session()

    monkeypatch.setattr(connections, "warehouse", session)
    return opened


def operator(objects: Any, **more: Any) -> CopyObjectsOperator:
    return CopyObjectsOperator(task_id="copy", sql="load_ticks/copy_ticks", objects=objects, fence_timeout_s=30, **more)


def stored(platform: LoadPlatform) -> int:
    return int(platform.warehouse.rows("SELECT COUNT(*) AS N FROM RAW.TICKS")[0]["N"])


def test_it_copies_and_tells(platform: LoadPlatform, tags: list[str]) -> None:
    platform.empty()
    partition = Partition(platform.store, "copied", 0)
    keys = [partition.land([(b"A", b"{}")] * n, 1_795_442_400_000)[0] for n in (1, 2)]
    parameters = {"holder": "somebody", "session_id": None, "deadline": None}
    result = operator({keys[0]: 1, keys[1]: None}, then=LEDGER, parameters=parameters).execute(CONTEXT)
    assert result == [{"key": keys[0], "status": "LOADED", "rows": 1}, {"key": keys[1], "status": "LOADED", "rows": 2}]
    assert stored(platform) == 3
    assert platform.warehouse.rows("SELECT HOLDER FROM OPS.LOAD_LEASE") == [{"HOLDER": "somebody"}]
    assert tags == ['{"dag": "a_dag", "run": "run-1", "task": "copy"}']


def test_one_bad_object_undoes_all(platform: LoadPlatform, tags: list[str]) -> None:
    platform.empty()
    partition = Partition(platform.store, "bad", 0)
    good, _ = partition.land([(b"A", b"{}")], 1_795_442_400_000)
    other, _ = partition.land([(b"A", b"{}")], 1_795_442_400_000)
    with pytest.raises(LoadMismatch, match=f"{other}: 1 rows were stored, 2 were expected"):
        operator({good: 1, other: 2}).execute(CONTEXT)
    assert stored(platform) == 0


def test_without_objects_the_warehouse_is_not_asked(tags: list[str]) -> None:
    assert operator({}).execute(CONTEXT) == []
    assert tags == []


def test_parameters_may_be_templates() -> None:
    task = operator({}, parameters={"day": "{{ params.day }}"})
    task.render_template_fields({"params": {"day": "2013-10-07"}})  # type: ignore[typeddict-item]
    assert task.parameters == {"day": "2013-10-07"}
