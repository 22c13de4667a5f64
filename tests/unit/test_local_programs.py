"""What a component's process is."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import airflow
from infra.local.instance import COMPONENTS, Instance
from infra.local.programs import program


@pytest.mark.parametrize("name", COMPONENTS)
def test_what_runs_by_itself_stands_back_for_what_people_look_at(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow, "environment", lambda _: {})
    batch = name in {"api-server", "execution-api", "scheduler", "dag-processor", "triggerer"}
    assert (program(Instance(tmp_path, 18_000), name).niceness > 0) is batch
