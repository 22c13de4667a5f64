"""What must be there before the services start: their settings and the tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from infra.local.files import write_private
from infra.local.instance import BUCKET, HOST, ROOT, Instance
from ticklake.errors import WarehouseUnavailable
from ticklake.settings import Settings


def write_settings(instance: Instance, environ: Mapping[str, str] = os.environ) -> None:
    """Write `instance.env`: what follows from the instance, and the settings that the caller chose, for commands run from elsewhere.

    A source's own settings are not written, because among them are keys, and keys live in the environment or `.env` only.
    """
    fields = {f"TICKLAKE_{name.upper()}" for name in Settings.model_fields}
    values = {name: value for name, value in instance.chosen(environ).items() if name in fields} | {
        "TICKLAKE_KAFKA_BOOTSTRAP": instance.urls()["broker"],
        "TICKLAKE_S3_BUCKET": BUCKET,
        "TICKLAKE_S3_ENDPOINT": instance.urls()["store"],
        "TICKLAKE_WAREHOUSE_ACCOUNT": "ticklake",
        "TICKLAKE_WAREHOUSE_USER": "ticklake",
        "TICKLAKE_WAREHOUSE_PASSWORD": "ticklake",
        "TICKLAKE_WAREHOUSE_HOST": HOST,
        "TICKLAKE_WAREHOUSE_PORT": str(instance.port("warehouse")),
        "TICKLAKE_DASHBOARD_URL": instance.urls()["dashboard"],
        "TICKLAKE_AIRFLOW_URL": instance.urls()["airflow"],
        "TICKLAKE_PRODUCER_HTTP_PORT": str(instance.port("producer")),
        "TICKLAKE_DASHBOARD_HTTP_PORT": str(instance.port("dashboard-status")),
        "TICKLAKE_CONSUMER_HTTP_PORT": str(instance.port("consumer")),
        "TICKLAKE_ALERTS_HTTP_PORT": str(instance.port("alerts")),
    }
    write_private(instance.settings_file, "".join(f"{name}='{value}'\n" for name, value in sorted(values.items())))


def create_tables(environment: dict[str, str]) -> None:
    """Apply the DDL, in a process of its own.

    Raises `WarehouseUnavailable` with the migrations' own words when they fail.
    """
    command = [sys.executable, "-m", "ticklake_io.migrations"]
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise WarehouseUnavailable((result.stderr.strip() or result.stdout.strip()).splitlines()[-1])
