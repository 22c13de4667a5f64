"""What the task of settle_ticks does, with all that is heavy to import; tasks import it, DAG files do not."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ticklake.changes import Subject
from ticklake.clock import SystemClock
from ticklake.errors import LoadMismatch
from ticklake.settings import Settings
from ticklake_airflow import connections
from ticklake_airflow.load_task import GroupOffsets
from ticklake_airflow.loading.load import Load
from ticklake_airflow.query_tag import query_tag
from ticklake_airflow.settling.model import Hour
from ticklake_airflow.settling.settle import Settle
from ticklake_airflow.statements import SQL_FOLDER
from ticklake_io.changes import announce
from ticklake_io.sql import Statements


def settle_ticks(settings: Settings, run_id: str, hour: str, *, rebuild: bool, dry_run: bool) -> dict[str, Any]:
    """Load what waits, unless `dry_run`, then settle an hour of arrival such as 2026-11-23T14; the report, as JSON has it.

    `unsettled` in it names what no load and no rebuild can put right.
    """
    warehouse = connections.warehouse(query_tag("settle_ticks", run_id, "settle"))
    store, clock = connections.store(settings.s3_bucket), SystemClock()
    load = Statements(SQL_FOLDER / "load_ticks")
    stopped: list[str] = []
    try:
        if not dry_run:
            loaded = Load(
                store=store,
                warehouse=warehouse,
                committed=GroupOffsets(settings),
                clock=clock,
                statements=load,
                topic=settings.ticks_topic,
                run_id=run_id,
                fence_timeout_s=settings.fence_timeout_s,
            ).run()
            stopped = list(loaded.stopped.values())
        report = Settle(
            store=store,
            warehouse=warehouse,
            clock=clock,
            load=load,
            settle=Statements(SQL_FOLDER / "settle_ticks"),
            topic=settings.ticks_topic,
            run_id=run_id,
            fence_timeout_s=settings.fence_timeout_s,
        ).hour(Hour.parse(hour), rebuild=rebuild, dry_run=dry_run)
    finally:
        warehouse.close()
    if not dry_run:
        announce(settings, Subject.TICKS)
    return asdict(report) | {"stopped": stopped}


def judge(report: dict[str, Any]) -> None:
    """Raise `LoadMismatch` that names what could not be settled in the hour of `report`, or what keeps objects of it from being loaded."""
    if unsettled := report["unsettled"]:
        raise LoadMismatch(f"{len(unsettled)} objects of {report['hour']} cannot be settled: {'; '.join(unsettled[:10])}")
    if report["pending"] and report["stopped"]:
        raise LoadMismatch(f"{report['pending']} objects of {report['hour']} wait to be loaded: {'; '.join(report['stopped'])}")
