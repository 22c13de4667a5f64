"""The supervisor brings back what dies, as the process that status names, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.files import make_folders
from infra.local.instance import COMPONENT_VARIABLE, COMPONENTS, Instance
from infra.local.probes import ready, wait_until
from infra.local.processes import end_processes, processes
from infra.local.status import Component, components
from infra.local.supervisor import _PROGRAM, Supervisor
from infra.local.up import down
from tests.fixtures.services import free_port


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance(tmp_path / "h", free_port() - Instance(tmp_path, 0).port("store"))
    make_folders(instance)
    yield instance
    down(instance)


def store(instance: Instance) -> Component:
    return next(each for each in components(instance) if each.name == "store")


def is_up(instance: Instance) -> bool:
    return store(instance).state == "up"


def test_a_killed_component_comes_back_and_down_leaves_nothing(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    supervisor.start()
    assert {each.state for each in components(instance)} == {"down"}
    supervisor.start_component("store")
    assert wait_until(lambda: is_up(instance), 30)
    first = store(instance).pid
    assert first is not None
    assert b"ministack" in Path(f"/proc/{first}/cmdline").read_bytes(), "the pid is not the process that does the work"
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: is_up(instance) and store(instance).pid != first, 30)
    down(instance)
    assert not list(processes(instance))
    assert not ready(instance, "store")


def test_a_killed_supervisor_leaves_orphans_that_down_ends(instance: Instance) -> None:
    supervisor = Supervisor(instance)
    supervisor.start()
    supervisor.start_component("store")
    assert wait_until(lambda: is_up(instance), 30)
    next(processes(instance, "supervisor")).kill()
    assert wait_until(lambda: not supervisor.running(), 5)
    assert list(processes(instance, "store"))
    down(instance)
    assert not list(processes(instance))


def test_only_processes_of_this_instance_and_component_are_ended(instance: Instance, tmp_path: Path) -> None:
    other = Instance(tmp_path / "other", instance.port_base)
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    mine = subprocess.Popen(sleep, env=instance.process_environment("scheduler"))
    theirs = subprocess.Popen(sleep, env=other.process_environment("scheduler"))
    users = subprocess.Popen(sleep, env={name: value for name, value in instance.process_environment("x").items() if name != COMPONENT_VARIABLE})
    try:
        assert wait_until(lambda: len(list(processes(instance, "scheduler"))) == 1, 5)
        assert end_processes(instance, "scheduler") == 1
        assert mine.poll() is not None
        assert theirs.poll() is None
        assert users.poll() is None
    finally:
        for process in (mine, theirs, users):
            process.kill()
            process.wait()


def test_a_running_supervisor_learns_of_new_and_changed_components(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(instance)
    with monkeypatch.context() as older:
        older.setattr("infra.local.supervisor.COMPONENTS", ("store", "gone"))
        supervisor.start()
    supervisor.start_component("store")
    assert wait_until(lambda: is_up(instance), 30)
    first = store(instance).pid
    supervisor.stop_components(["store", "housekeeper"], timeout=0)  # the latter is not known yet
    supervisor.start_component("store")
    supervisor.reload()
    assert {row["name"] for row in supervisor._call("getAllProcessInfo")} == set(COMPONENTS)
    supervisor.start_component("housekeeper")
    assert wait_until(lambda: next(each.running for each in supervisor.components() if each.name == "housekeeper"), 30)
    assert first is not None
    before = next(each.pid for each in supervisor.components() if each.name == "housekeeper")
    monkeypatch.setattr("infra.local.supervisor._PROGRAM", _PROGRAM.replace("stopwaitsecs=25", "stopwaitsecs=24"))
    supervisor.reload()
    assert not any(each.running for each in supervisor.components())
    supervisor.start_component("housekeeper")
    assert wait_until(lambda: next(each.pid for each in supervisor.components() if each.name == "housekeeper") not in (None, before), 30)


def test_the_supervisor_lets_go_of_the_callers_pipes(instance: Instance) -> None:
    code = "from infra.local.instance import Instance; from infra.local.supervisor import Supervisor; Supervisor(Instance.current()).start()"
    began = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code], env=os.environ | instance.environment(), capture_output=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr
    assert time.monotonic() - began < 20
    assert Supervisor(instance).running()
