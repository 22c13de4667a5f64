"""The processes of an instance, told from all others by the marks in their environment."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psutil

from infra.local.instance import COMPONENT_VARIABLE, HOME_VARIABLE, Instance


def processes(instance: Instance, component: str | None = None) -> Iterator[psutil.Process]:
    """Living processes that the instance started, of one component or of all, this one excepted."""
    for process in psutil.process_iter():
        try:
            environ = process.environ()
        except psutil.Error:
            continue
        if process.pid == os.getpid() or environ.get(HOME_VARIABLE) != str(instance.home) or COMPONENT_VARIABLE not in environ:
            continue
        if component in (None, environ[COMPONENT_VARIABLE]):
            yield process


def end_processes(instance: Instance, component: str | None = None, *, grace_s: float = 0.0) -> int:
    """End what is left, by force after `grace_s` seconds; how many there were."""
    left = list(processes(instance, component))
    for process in left:
        _signal(process, force=grace_s == 0)
    _, alive = psutil.wait_procs(left, timeout=grace_s or 5)
    for process in alive:
        _signal(process, force=True)
    psutil.wait_procs(alive, timeout=5)
    return len(left)


def _signal(process: psutil.Process, *, force: bool) -> None:
    try:
        process.kill() if force else process.terminate()
    except psutil.NoSuchProcess:
        return
