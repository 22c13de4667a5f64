"""The directories of an instance, and files that only their owner may read."""

from __future__ import annotations

import os
from pathlib import Path

from infra.local.instance import Instance

_FOLDERS = ("airflow", "logs", "run", "store", "tls", "tmp", "warehouse")


def write_private(path: Path, text: str) -> None:
    """Replace the file at once, readable by its owner only."""
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def make_folders(instance: Instance) -> None:
    """The instance's directories, closed to others."""
    instance.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    instance.home.chmod(0o700)
    for name in _FOLDERS:
        (instance.home / name).mkdir(exist_ok=True)
