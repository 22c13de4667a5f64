"""What runs as each component: its command, its environment, and what must be ready before it starts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.local import airflow, broker, store
from infra.local.instance import HOST, Instance


@dataclass(frozen=True)
class Program:
    """A component's process. `needs` are the components that must answer before it starts; `niceness` is how far it stands back when processors are short."""

    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    niceness: int = 0


_SERVICES = {
    "producer": ("streaming.producer", ("broker",)),
    "consumer": ("streaming.consumer", ("broker", "store")),
    "alerts": ("streaming.alerts", ("broker",)),
    "housekeeper": ("infra.local.housekeeper", ()),
}
"""Modules of ours that run as they are, and what they need."""

_STANDS_BACK = 10
"""Airflow starts a Python process for each task: a second of processor time that a screen or the stream must not wait for."""


def program(instance: Instance, name: str) -> Program:
    """The program of a component."""
    python = sys.executable
    match name:
        case "broker":
            return Program(broker.command(instance))
        case "store":
            return Program(store.command(), environment=store.environment(instance))
        case "warehouse":
            return Program((python, "-m", "infra.local.warehouse"), needs=("store",), environment={"TMPDIR": str(instance.home / "tmp")})
        case "api-server" | "execution-api" | "dag-processor":
            return _airflow(instance, name)
        case "scheduler":
            return _airflow(instance, name, "api-server", "execution-api", "warehouse")
        case "triggerer":
            return _airflow(instance, name, "broker")
        case "producer" | "consumer" | "alerts" | "housekeeper":
            module, needs = _SERVICES[name]
            return Program((python, "-m", module), needs)
        case "dashboard":
            return Program((python, "-m", "dashboard"), needs=("broker", "warehouse"), environment=_streamlit(instance))
        case _:
            raise KeyError(name)


def _airflow(instance: Instance, name: str, *needs: str) -> Program:
    return Program(airflow.commands(instance)[name], needs, airflow.environment(instance), _STANDS_BACK)


def _streamlit(instance: Instance) -> dict[str, str]:
    return {
        "STREAMLIT_SERVER_ADDRESS": HOST,
        "STREAMLIT_SERVER_PORT": str(instance.port("dashboard")),
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }
