"""Airflow on one machine: its settings, its secrets and its database (SQLite)."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from importlib.metadata import version
from pathlib import Path

from infra.local.files import write_private
from infra.local.instance import BUCKET, HOST, ROOT, Instance
from ticklake.errors import ConfigError

USER = "admin"

_TICKLAKE = "ticklake"
_ANY = "any-password-will-do"
"""Store and warehouse take any. Airflow hides a connection's password wherever it stands, so it must be no word of the logs."""
_QUIET = "ignore::DeprecationWarning,ignore:Could not import graphviz:UserWarning,ignore:Using `httpx` with `starlette.testclient` is deprecated"
"""Airflow would log the deprecations of its own dependencies at every start of every process."""


def commands(instance: Instance) -> dict[str, tuple[str, ...]]:
    """The command lines of Airflow's components. Logs are read from disk, so nobody serves them.

    What tasks speak to is a process of its own: beside the pages' API, which waits for SQLite on the thread that a task's request needs to end
    its transaction, both would stand still until one is given up.
    """
    airflow = str(ROOT / ".venv/bin/airflow")
    return {
        "api-server": (airflow, "api-server", "--apps", "core"),
        "execution-api": (airflow, "api-server", "--apps", "execution", "--port", str(instance.port("execution"))),
        "scheduler": (airflow, "scheduler", "--skip-serve-logs"),
        "dag-processor": (airflow, "dag-processor"),
        "triggerer": (airflow, "triggerer", "--skip-serve-logs"),
    }


def password(instance: Instance) -> str:
    """The password of Airflow's one user."""
    text: str = json.loads(_passwords_file(instance).read_text())[USER]
    return text


def write_secrets(instance: Instance) -> None:
    """Make up the instance's secrets, if that was not done before."""
    if not _secrets_file(instance).exists():
        write_private(_passwords_file(instance), json.dumps({USER: secrets.token_urlsafe(12)}))
        keys = {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "jwt_secret": secrets.token_urlsafe(48),
            "secret_key": secrets.token_urlsafe(48),
        }
        write_private(_secrets_file(instance), json.dumps(keys))


def lineage_file(instance: Instance) -> Path:
    """Where OpenLineage's events go, one JSON a line."""
    return _folder(instance) / "lineage.jsonl"


def migrate(instance: Instance, environment: dict[str, str]) -> bool:
    """Bring Airflow's database to this version, if it is not; whether there was something to do.

    Raises `ConfigError` when Airflow refuses.
    """
    stamp = _folder(instance) / "version"
    wanted = version("apache-airflow")
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    command = [str(ROOT / ".venv/bin/airflow"), "db", "migrate"]
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    instance.log_path("airflow-migrate").write_text(result.stdout + result.stderr)
    if result.returncode:
        raise ConfigError(f"Airflow's database could not be migrated; see {instance.log_path('airflow-migrate')}")
    stamp.write_text(wanted)
    return True


def environment(instance: Instance) -> dict[str, str]:
    """Airflow's settings, as its components and its command line read them."""
    folder, url = _folder(instance), instance.urls()["airflow"]
    keys = json.loads(_secrets_file(instance).read_text())
    settings: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": ROOT / "dags",
            "plugins_folder": ROOT / "plugins",
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": 4,
            "dags_are_paused_at_creation": False,
            "default_timezone": "utc",
            "fernet_key": keys["fernet_key"],
            "execution_api_server_url": f"http://{HOST}:{instance.port('execution')}/execution/",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": _passwords_file(instance),
        },
        # A writer waits for another one instead of failing at once.
        "database": {"sql_alchemy_conn": f"sqlite:///{folder / 'airflow.db'}?timeout=60"},
        "api": {"host": HOST, "port": instance.port("airflow"), "base_url": url, "workers": 1, "secret_key": keys["secret_key"]},
        "api_auth": {"jwt_secret": keys["jwt_secret"]},
        "logging": {
            "base_log_folder": folder / "logs",
            "dag_processor_child_process_log_directory": folder / "logs" / "dag_processor",
            "logging_config_class": "infra.local.airflow_logging.LOGGING_CONFIG",
        },
        # What a killed component leaves behind is taken up within half a minute, not within five.
        "scheduler": {
            "orphaned_tasks_check_interval": 20,
            "task_instance_heartbeat_timeout": 30,
            "scheduler_health_check_threshold": 20,
            "catchup_by_default": False,
        },
        "openlineage": {"namespace": "ticklake", "transport": json.dumps({"type": "file", "log_file_path": str(lineage_file(instance)), "append": True})},
        # Parsing is what an idle Airflow spends its time on.
        "dag_processor": {"parsing_processes": 1, "min_file_process_interval": 120, "refresh_interval": 60, "print_stats_interval": 0},
    }
    variables = {f"AIRFLOW__{section.upper()}__{name.upper()}": str(value) for section, values in settings.items() for name, value in values.items()}
    connections = {f"AIRFLOW_CONN_{name}": json.dumps(value) for name, value in _connections(instance).items()}
    return {"AIRFLOW_HOME": str(folder), "PYTHONWARNINGS": _QUIET, **variables, **connections}


def _connections(instance: Instance) -> dict[str, dict[str, object]]:
    """The connections that DAGs name, in Airflow's JSON form."""
    return {
        "TICKLAKE_S3": {
            "conn_type": "aws",
            "login": _TICKLAKE,
            "password": _ANY,
            "extra": {"endpoint_url": instance.urls()["store"], "region_name": "us-east-1", "service_config": {"s3": {"bucket_name": BUCKET}}},
        },
        "TICKLAKE_WAREHOUSE": {
            "conn_type": "snowflake",
            "login": _TICKLAKE,
            "password": _ANY,
            "schema": "CURATED",
            "extra": {
                "account": _TICKLAKE,
                "host": HOST,
                "port": instance.port("warehouse"),
                "database": "TICKLAKE",
                "insecure_mode": True,  # no revocation list speaks of our own certificate; the certificate itself is verified
            },
        },
    }


def _folder(instance: Instance) -> Path:
    return instance.home / "airflow"


def _secrets_file(instance: Instance) -> Path:
    return _folder(instance) / "secrets.json"


def _passwords_file(instance: Instance) -> Path:
    return _folder(instance) / "passwords.json"
