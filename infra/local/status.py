"""How the components of an instance are, within two seconds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from infra.local.instance import Instance
from infra.local.probes import airflow_health, beats, has_heartbeat, ready, serves
from infra.local.supervisor import Supervised, Supervisor
from ticklake.clock import Clock, SystemClock

State = Literal["up", "starting", "down"]

_SETTLED_S = 3.0
"""A component that serves nothing counts as up when it has lived this long."""


@dataclass(frozen=True)
class Component:
    """A component's state; `pid` is the process that does the work, None when there is none, and `uptime_s` its age in seconds."""

    name: str
    state: State
    pid: int | None
    uptime_s: float


def components(instance: Instance, clock: Clock | None = None) -> list[Component]:
    """All components in their fixed order. "up" means that the process runs and its service answers."""
    now = (clock or SystemClock()).now().timestamp()
    supervised = Supervisor(instance).components()
    with ThreadPoolExecutor(len(supervised)) as pool:
        health = pool.submit(airflow_health, instance) if any(each.running and each.name == "api-server" for each in supervised) else None
        answers = {each.name: pool.submit(ready, instance, each.name) for each in supervised if each.running and not has_heartbeat(each.name)}
        airflow = health.result() if health else None
        return [_component(each, now, airflow, each.name in answers and answers[each.name].result()) for each in supervised]


def _component(each: Supervised, now: float, airflow: dict[str, Any] | None, answers: bool) -> Component:
    if not each.running or each.pid is None:
        return Component(each.name, "down", None, 0.0)
    age = max(0.0, now - each.started_at)
    settled = serves(each.name) or age > _SETTLED_S
    healthy = beats(airflow, each.name, each.started_at, now) if has_heartbeat(each.name) else answers and settled
    return Component(each.name, "up" if healthy and not _waits(each.pid) else "starting", each.pid, round(age, 1))


def _waits(pid: int) -> bool:
    """Whether the process still waits for what its component needs."""
    try:
        return b"infra.local.run" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
