"""The files of an instance: its directories, and the settings that `make up` decides for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.local.instance import BUCKET, HOST, Instance
from ticklake.settings import Settings

_FOLDERS = ("airflow", "logs", "run", "store", "tls", "tmp", "warehouse")
_DECIDED = ("home", "port_base", "kafka_", "s3_", "warehouse_")
"""Settings that follow from the instance, so that the caller's own are not taken."""


def write_private(path: Path, text: str) -> None:
    """Replace the file at once, readable by its owner only."""
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def make_folders(instance: Instance) -> None:
    """The instance's directories, closed to others; temporary files of an earlier life go."""
    instance.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    instance.home.chmod(0o700)
    shutil.rmtree(instance.home / "tmp", ignore_errors=True)
    for name in _FOLDERS:
        (instance.home / name).mkdir(exist_ok=True)


def write_settings(instance: Instance, environ: Mapping[str, str] = os.environ) -> None:
    """Write `instance.env`: what follows from the instance, and the other settings that the caller's environment holds."""
    told = {f"TICKLAKE_{name.upper()}" for name in Settings.model_fields if not name.startswith(_DECIDED)}
    values = {name: value for name, value in environ.items() if name in told} | {
        "TICKLAKE_KAFKA_BOOTSTRAP": instance.urls()["broker"],
        "TICKLAKE_S3_BUCKET": BUCKET,
        "TICKLAKE_S3_ENDPOINT": instance.urls()["store"],
        "TICKLAKE_WAREHOUSE_ACCOUNT": "ticklake",
        "TICKLAKE_WAREHOUSE_USER": "ticklake",
        "TICKLAKE_WAREHOUSE_PASSWORD": "ticklake",
        "TICKLAKE_WAREHOUSE_HOST": HOST,
        "TICKLAKE_WAREHOUSE_PORT": str(instance.port("warehouse")),
    }
    write_private(instance.settings_file, "".join(f"{name}='{value}'\n" for name, value in sorted(values.items())))
