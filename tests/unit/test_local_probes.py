"""A service of ours is up when it says so itself, and not because its process is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from infra.local.instance import HOST, Instance
from infra.local.probes import ready, serves
from infra.local.supervisor import _PROGRAM
from tests.fixtures.services import free_port
from ticklake.settings import Settings
from ticklake_io.serving import Pages, Verdict, serving


@pytest.mark.parametrize("name", ["producer", "consumer"])
def test_a_service_is_ready_when_it_calls_itself_healthy(name: str, tmp_path: Path) -> None:
    port, healthy = free_port(), True
    instance = Instance(tmp_path, port - Instance(tmp_path, 0).port(name))
    assert serves(name)
    assert not ready(instance, name)
    pages = Pages(CollectorRegistry(), lambda: Verdict(healthy, "so"), lambda: Verdict(True, ""), dict)
    with serving(HOST, port, pages, setting="X"):
        assert ready(instance, name)
        healthy = False
        assert not ready(instance, name)


def test_the_supervisor_is_more_patient_than_a_stop_takes() -> None:
    assert f"stopwaitsecs={Settings.model_fields['shutdown_s'].default + 5:.0f}" in _PROGRAM
