"""Is a component ready? Each probe asks what a client would ask, once, and answers within `timeout` seconds."""

from __future__ import annotations

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.local.instance import HOST, Instance

_HEARTBEATS = {"scheduler": "scheduler", "dag-processor": "dag_processor", "triggerer": "triggerer"}
_STALE_HEARTBEAT_S = 60


def ready(instance: Instance, name: str, timeout: float = 1.5) -> bool:
    """Whether the component's service answers. Components that serve nothing are always ready."""
    urls = instance.urls()
    match name:
        case "broker":
            return _connects(instance.port("broker"), timeout)
        case "store":
            return _get(urls["store"] + "/_ministack/health", timeout) is not None
        case "warehouse":
            return instance.ca_file.exists() and _get(urls["warehouse"] + "/health", timeout, cafile=str(instance.ca_file)) is not None
        case "api-server":
            return airflow_health(instance, timeout) is not None
        case "execution-api":
            return _get(f"http://{HOST}:{instance.port('execution')}/execution/health", timeout) is not None
        case "dashboard":
            return _get(urls["dashboard"] + "/_stcore/health", timeout) is not None
        case "producer" | "consumer" | "alerts":
            return _get(f"http://{HOST}:{instance.port(name)}/healthz", timeout) is not None
        case _:
            return True


def airflow_health(instance: Instance, timeout: float = 1.5) -> dict[str, Any] | None:
    """What Airflow's API server says of Airflow; None when it does not answer."""
    body = _get(instance.urls()["airflow"] + "/api/v2/monitor/health", timeout)
    return json.loads(body) if body else None


def beats(health: dict[str, Any] | None, name: str, since: float, now: float) -> bool:
    """Whether the Airflow component `name`, started at `since`, has lately shown a heartbeat of its own (both in seconds since 1970).

    Airflow alone would call a component healthy for half a minute after its death.
    """
    part = (health or {}).get(_HEARTBEATS[name]) or {}
    beat = part.get(f"latest_{_HEARTBEATS[name]}_heartbeat")
    return beat is not None and max(since, now - _STALE_HEARTBEAT_S) <= datetime.fromisoformat(beat).timestamp()


def has_heartbeat(name: str) -> bool:
    """Whether readiness of the component is told by Airflow's heartbeats."""
    return name in _HEARTBEATS


def serves(name: str) -> bool:
    """Whether the component has a port of its own to ask at."""
    return name != "housekeeper" and not has_heartbeat(name)


def wait_until(condition: Callable[[], bool], seconds: float, step: float = 0.2) -> bool:
    """Ask until `condition` holds or `seconds` have passed; whether it held."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def _connects(port: int, timeout: float) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout):
            return True
    except OSError:
        return False


def _get(url: str, timeout: float, cafile: str | None = None) -> bytes | None:
    """The body of a successful answer, else None. Never goes through a proxy."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if cafile:
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=cafile)))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=timeout) as answer:
            body: bytes = answer.read()
            return body
    except (OSError, ValueError):
        return None
