"""What must hold before an instance starts: its ports are free, there is room on the disk, its paths are usable."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from infra.local.instance import HOST, PORT_VARIABLE, Instance
from ticklake.errors import ConfigError

_LEAST_DISK = 2_000_000_000


def check_ports(instance: Instance) -> None:
    """Raises `ConfigError` that names the first port that somebody else listens on."""
    for name, port in instance.ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                raise ConfigError(f"port {port} ({name}) is in use by another program; set {PORT_VARIABLE} to the first of 100 free ports") from None


def check_disk(path: Path) -> None:
    """Raises `ConfigError` when less than 2 GB are free under `path`."""
    free = shutil.disk_usage(path).free
    if free < _LEAST_DISK:
        raise ConfigError(f"only {free / 1e9:.1f} GB are free under {path}, 2 GB are needed; make room or set TICKLAKE_HOME to a directory on another disk")
