"""What Airflow calls when a task has failed, has succeeded, or is late. DAG files import this: what is heavy is imported inside."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from ticklake import settings as ticklake_settings
from ticklake.errors import TicklakeError
from ticklake.settings import Settings

if TYPE_CHECKING:
    from ticklake_airflow.notify.failures import Failures, TaskRun

log = structlog.get_logger()


def task_failed(context: Mapping[str, Any]) -> None:
    """Tell that a task has failed for good, if that was not told already."""
    error = context.get("exception")
    reason = " ".join(str(error).split())[:500] if isinstance(error, TicklakeError) else type(error).__name__
    try:
        _failures().failed(_run(context), reason)
    except TicklakeError as unsaid:
        log.warning("failure_untold", reason=str(unsaid))


def task_succeeded(context: Mapping[str, Any]) -> None:
    """Tell that a task that had failed succeeds again."""
    try:
        _failures().succeeded(_run(context))
    except TicklakeError as unsaid:
        log.warning("recovery_untold", reason=str(unsaid))


def deadline(settings: Settings, task_id: str) -> DeadlineAlert:
    """Tells that a run is not done `late_load_s` seconds after it was queued; the success of its `task_id` tells that it is over."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(seconds=settings.late_load_s),
        callback=AsyncCallback(run_is_late, kwargs={"task_id": task_id, "after_s": settings.late_load_s}),
    )


async def run_is_late(task_id: str, after_s: float, context: Mapping[str, Any]) -> None:
    """Tell that a run is late; the triggerer calls this."""
    await asyncio.to_thread(_late, task_id, after_s, context)


def _late(task_id: str, after_s: float, context: Mapping[str, Any]) -> None:
    from ticklake.clock import SystemClock
    from ticklake_airflow.notify.failures import TaskRun

    run = context["dag_run"]
    try:
        late = TaskRun(run["dag_id"], task_id, run["dag_run_id"], SystemClock().now())
        _failures().failed(late, f"not done {after_s:.0f} s after it was queued", what="is late")
    except TicklakeError as unsaid:
        log.warning("lateness_untold", reason=str(unsaid))


def _failures() -> Failures:
    from ticklake.clock import SystemClock
    from ticklake_airflow import connections
    from ticklake_airflow.notify.failures import Failures
    from ticklake_io.notices import open_channels

    settings = ticklake_settings.load()
    return Failures(connections.store(settings.s3_bucket), open_channels(settings), SystemClock())


def _run(context: Mapping[str, Any]) -> TaskRun:
    from ticklake_airflow.notify.failures import TaskRun

    task = context["task_instance"]
    return TaskRun(task.dag_id, task.task_id, task.run_id, task.start_date)
