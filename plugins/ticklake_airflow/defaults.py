"""What all DAGs agree on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from ticklake.errors import Stop
from ticklake_airflow.notify import callbacks
from ticklake_airflow.statements import SQL_FOLDER as SQL_FOLDER


def default_args(owner: str) -> dict[str, Any]:
    """Task arguments of a DAG of `owner`: a few short retries, further and further apart, and an end for what hangs.

    What is a `Stop` is not tried again: the same would happen, and a person is to look at once. The first failure and the
    success after it are told, nothing in between.
    """
    return {
        "owner": owner,
        "retries": 2,
        "retry_policy": ExceptionRetryPolicy(rules=[RetryRule(exception=Stop, action=RetryAction.FAIL, reason="only a person can mend this")]),
        "retry_delay": timedelta(seconds=5),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=1),
        "execution_timeout": timedelta(minutes=10),
        "on_failure_callback": callbacks.task_failed,
        "on_success_callback": callbacks.task_succeeded,
    }
