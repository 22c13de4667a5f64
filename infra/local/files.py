"""The directories of an instance, and files that only their owner may read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from infra.local.instance import HOME_VARIABLE, Instance
from ticklake.errors import ConfigError

_FOLDERS = ("airflow", "logs", "run", "store", "tls", "tmp", "warehouse")


def write_private(path: Path, text: str) -> None:
    """Replace the file at once, readable by its owner only."""
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def is_instance(instance: Instance) -> bool:
    """Whether the directory was made by `make up`, and is no other one that a setting names by mistake."""
    return instance.lock_file.exists() or instance.settings_file.exists()


def make_folders(instance: Instance) -> None:
    """The instance's directories, closed to others.

    Raises `ConfigError` when its directory holds something else, which a reset would endanger; `OSError` when it cannot be made.
    """
    instance.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The lock file comes first of all, so who finds anything without it finds no instance, not a half made one.
    if any(instance.home.iterdir()) and not is_instance(instance):
        raise ConfigError(f"{instance.home} holds other files; set {HOME_VARIABLE} to an empty or a new directory")
    instance.lock_file.touch(mode=0o600)
    instance.home.chmod(0o700)
    for name in _FOLDERS:
        (instance.home / name).mkdir(exist_ok=True)


def remove_folders(instance: Instance) -> None:
    """Delete what the instance made; its directory too, unless there is something else in it.

    Raises `ConfigError` when the directory is no instance.
    """
    if not is_instance(instance):
        raise ConfigError(f"{instance.home} is no instance of this platform; nothing was deleted")
    for name in (*_FOLDERS, "broker"):
        if (instance.home / name).exists():
            shutil.rmtree(instance.home / name)
    instance.settings_file.unlink(missing_ok=True)
    instance.lock_file.unlink(missing_ok=True)
    if not any(instance.home.iterdir()):
        instance.home.rmdir()
