"""What the task of data_quality does, with all that is heavy to import; tasks import it, DAG files do not."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Any

from ticklake.changes import Subject
from ticklake.clock import SystemClock
from ticklake.quality.file import load_rules
from ticklake.settings import Settings
from ticklake_airflow import connections
from ticklake_airflow.defaults import SQL_FOLDER
from ticklake_airflow.quality.check import Check
from ticklake_airflow.query_tag import query_tag
from ticklake_io.changes import announce
from ticklake_io.sql import Statements


def check_quality(settings: Settings, run_id: str) -> dict[str, Any]:
    """Ask the rules about what is new and keep the results; the report, as JSON has it.

    Raises `ConfigError` for a rules file that is wrong, `WarehouseBusy` when a writer held the fence for too long.
    """
    rules = load_rules(settings.quality_rules_file)
    with closing(connections.warehouse(query_tag("data_quality", run_id, "check"))) as warehouse:
        report = Check(
            warehouse=warehouse,
            rules=rules,
            clock=SystemClock(),
            statements=Statements(SQL_FOLDER / "data_quality"),
            load=Statements(SQL_FOLDER / "load_ticks"),
            run_id=run_id,
            fence_timeout_s=settings.fence_timeout_s,
        ).run()
    announce(settings, Subject.QUALITY, *([Subject.TICKS] if report.quarantined else []))
    return asdict(report)
