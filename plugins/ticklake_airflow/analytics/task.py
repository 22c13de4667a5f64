"""What the task of refresh_analytics does, with all that is heavy to import; tasks import it, DAG files do not."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ticklake.changes import Subject
from ticklake.clock import SystemClock
from ticklake.settings import Settings
from ticklake_airflow import connections
from ticklake_airflow.analytics.refresh import Refresh
from ticklake_airflow.defaults import SQL_FOLDER
from ticklake_airflow.query_tag import query_tag
from ticklake_io.changes import announce
from ticklake_io.sql import Statements


def refresh_analytics(settings: Settings, run_id: str, *, full: bool) -> dict[str, Any]:
    """Refresh, or make every row again; the report, as JSON has it. Raises what `Refresh.run` raises."""
    warehouse = connections.warehouse(query_tag("refresh_analytics", run_id, "refresh"))
    try:
        report = Refresh(
            warehouse,
            Statements(SQL_FOLDER / "refresh_analytics"),
            SystemClock(),
            benchmark=settings.benchmark,
            gap_s=60.0 * settings.analytics_gap_minutes,
            run_id=run_id,
        ).run(full=full)
    finally:
        warehouse.close()
    if report.minutes or report.daily_symbols or full:
        announce(settings, Subject.ANALYTICS)
    return asdict(report)
