"""An instance of the one-machine platform: a directory, a block of ports, and what each of its processes must know."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ticklake.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout that this instance runs."""

COMPONENTS = (
    *("broker", "store", "warehouse"),
    *("api-server", "execution-api", "scheduler", "dag-processor", "triggerer"),
    *("producer", "consumer", "alerts", "dashboard", "housekeeper"),
)

HOME_VARIABLE = "TICKLAKE_HOME"
PORT_VARIABLE = "TICKLAKE_PORT_BASE"
COMPONENT_VARIABLE = "TICKLAKE_COMPONENT"
"""Marks every process that an instance started, children included, with the component it belongs to."""

BUCKET = "ticklake"
HOST = "127.0.0.1"

_OFFSETS = {
    "broker": 0,
    "controller": 1,
    "store": 2,
    "warehouse": 3,
    "airflow": 4,
    "dashboard": 5,
    "producer": 6,
    "consumer": 7,
    "execution": 8,
    "alerts": 9,
    "dashboard-status": 10,
}
_TUNING = {
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "2",
    # Without this, a process that sets its title overwrites the environment by which its instance knows it.
    "SPT_NOENV": "1",
}
_NOISE = ("TICKLAKE_", "AIRFLOW", "PYTHON", "SNOWFLAKE_", "AWS_", "VIRTUAL_ENV", "STREAMLIT_")
_DECIDED = (
    "home",
    "port_base",
    "component",
    "kafka_",
    "s3_",
    "warehouse_",
    "http_",
    "producer_http_",
    "consumer_http_",
    "alerts_http_",
    "producer_status_",
    "dashboard_http_",
    "dashboard_status_",
    "dashboard_url",
    "airflow_url",
)
"""How the settings begin that follow from the instance, so that the caller's own are not taken."""
_CHOSEN = ("kafka_client",)
"""Settings that begin like those and yet are the caller's."""


@dataclass(frozen=True)
class Instance:
    """Where an instance lives. `home` is absolute; every port lies in `port_base` to `port_base + 99`."""

    home: Path
    port_base: int = 18000

    @staticmethod
    def chosen(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The settings of an environment that its owner may choose: those that do not follow from the instance, a source's own and secrets included."""
        prefix = "TICKLAKE_"
        names = {name: name.removeprefix(prefix).lower() for name in environ if name.startswith(prefix)}
        return {name: environ[name] for name, field in names.items() if field in _CHOSEN or not field.startswith(_DECIDED)}

    @classmethod
    def current(cls, environ: Mapping[str, str] = os.environ) -> Instance:
        """The instance that `TICKLAKE_HOME` and `TICKLAKE_PORT_BASE` name.

        Raises `ConfigError` when the port is no port.
        """
        port = environ.get(PORT_VARIABLE) or "18000"
        if not port.isdecimal() or not 1024 <= int(port) <= 65000:
            raise ConfigError(f"{PORT_VARIABLE} is {port!r}; it must be a number from 1024 to 65000")
        return cls(Path(os.path.abspath(environ.get(HOME_VARIABLE) or ROOT / ".ticklake")), int(port))

    def port(self, name: str) -> int:
        """The port that the instance gave a name."""
        return self.port_base + _OFFSETS[name]

    @property
    def ports(self) -> dict[str, int]:
        """Every port that the instance listens on, by name."""
        return {name: self.port(name) for name in _OFFSETS}

    def urls(self) -> dict[str, str]:
        """Addresses for people and clients; the broker's is host:port."""
        return {
            "broker": f"{HOST}:{self.port('broker')}",
            "store": f"http://{HOST}:{self.port('store')}",
            "warehouse": f"https://{HOST}:{self.port('warehouse')}",
            "airflow": f"http://{HOST}:{self.port('airflow')}",
            "dashboard": f"http://{HOST}:{self.port('dashboard')}",
        }

    def log_path(self, name: str) -> Path:
        """The log of a component (or of the supervisor); older parts are beside it with a number behind."""
        return self.home / "logs" / f"{name}.log"

    @property
    def settings_file(self) -> Path:
        """The `TICKLAKE_*` settings that `make up` decided."""
        return self.home / "instance.env"

    @property
    def lock_file(self) -> Path:
        """Held by the command that changes the instance; its presence tells that the directory is one."""
        return self.home / "instance.lock"

    @property
    def ca_file(self) -> Path:
        """The certificate authority of the warehouse."""
        return self.home / "tls" / "ca.pem"

    @property
    def trust_file(self) -> Path:
        """The public authorities and the warehouse's own."""
        return self.home / "tls" / "trusted.pem"

    def environment(self) -> dict[str, str]:
        """What a process of this instance needs beside its settings; in production the machine provides it."""
        return {
            HOME_VARIABLE: str(self.home),
            PORT_VARIABLE: str(self.port_base),
            "TZ": "UTC",
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
            "AWS_ACCESS_KEY_ID": "ticklake",
            "AWS_SECRET_ACCESS_KEY": "ticklake",
            "AWS_DEFAULT_REGION": "us-east-1",
            "REQUESTS_CA_BUNDLE": str(self.trust_file),
            # At each login the connector looks for the clouds' metadata servers; without a network their names cost five seconds.
            "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
        }

    def process_environment(self, component: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The whole environment of a process of `component`: the caller's without what would lead it elsewhere, and ours.

        The settings that the caller chose stay, and so win over `.env` in every life of every component.
        """
        inherited = {name: value for name, value in environ.items() if not name.startswith(_NOISE)}
        return inherited | self.chosen(environ) | self.environment() | _TUNING | {COMPONENT_VARIABLE: component}
