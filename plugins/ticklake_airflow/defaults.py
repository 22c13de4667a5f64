"""What all DAGs agree on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

SQL_FOLDER = Path(__file__).parents[2] / "dags" / "sql"


def default_args(owner: str) -> dict[str, Any]:
    """Task arguments of a DAG of `owner`: a few short retries, further and further apart, and an end for what hangs."""
    return {
        "owner": owner,
        "retries": 2,
        "retry_delay": timedelta(seconds=5),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(minutes=10),
    }
