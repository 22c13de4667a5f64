"""What the task of monitor_pipeline does, with all that is heavy to import."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Any

from ticklake.changes import Subject
from ticklake.clock import SystemClock
from ticklake.settings import Settings
from ticklake_airflow import connections
from ticklake_airflow.defaults import SQL_FOLDER
from ticklake_airflow.monitoring.monitor import Monitor
from ticklake_airflow.query_tag import query_tag
from ticklake_io import producing, shown
from ticklake_io.changes import announce
from ticklake_io.notices import open_channels
from ticklake_io.readings import look
from ticklake_io.sql import Statements


def monitor_pipeline(settings: Settings, run_id: str) -> dict[str, Any]:
    """Measure the pipeline; the report, as JSON has it. Raises what the store raises, and a fault that is no keeper's."""
    store, clock = connections.store(settings.s3_bucket), SystemClock()
    told = producing.ask(settings)
    with closing(connections.warehouse(query_tag("monitor_pipeline", run_id, "monitor"))) as warehouse:
        report = Monitor(
            settings=settings,
            store=store,
            warehouse=warehouse,
            channels=open_channels(settings),
            clock=clock,
            statements=Statements(SQL_FOLDER / "monitor_pipeline"),
            look=lambda now: look(settings, store, warehouse, now, lambda: producing.expects_ticks(settings, settings.running, now, told)),
            producing=lambda: told,
            shown=lambda: shown.ask(settings),
            expected=lambda at: producing.expects_ticks(settings, settings.running, at, told),
        ).run()
    announce(settings, Subject.METRICS)
    return asdict(report)
