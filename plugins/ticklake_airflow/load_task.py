"""What the task of load_ticks does, with all that is heavy to import; tasks import it, DAG files do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ticklake.changes import Subject
from ticklake.clock import SystemClock
from ticklake.errors import ChainBroken
from ticklake.settings import Settings
from ticklake_airflow import connections
from ticklake_airflow.loading.load import Load
from ticklake_airflow.query_tag import query_tag
from ticklake_airflow.statements import SQL_FOLDER
from ticklake_io.changes import announce
from ticklake_io.kafka_open import open_view
from ticklake_io.sql import Statements


class GroupOffsets:
    """What the lake's consumer group has committed for the ticks topic."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self) -> Mapping[int, int]:
        view = open_view(self._settings)
        try:
            committed = view.committed(self._settings.kafka_group, self._settings.ticks_topic)
        finally:
            view.close()
        return {partition: each.offset for partition, each in committed.items()}


def load_ticks(settings: Settings, run_id: str) -> dict[str, Any]:
    """Load what has landed; the report, as JSON has it.

    Raises `ChainBroken` when a partition cannot go on, after the others were loaded.
    """
    warehouse = connections.warehouse(query_tag("load_ticks", run_id, "load", "CURATED.TICKS"))
    try:
        report = Load(
            store=connections.store(settings.s3_bucket),
            warehouse=warehouse,
            committed=GroupOffsets(settings),
            clock=SystemClock(),
            statements=Statements(SQL_FOLDER / "load_ticks"),
            topic=settings.ticks_topic,
            run_id=run_id,
            fence_timeout_s=settings.fence_timeout_s,
            set_aside_after_s=settings.set_aside_after_s,
        ).run()
    finally:
        warehouse.close()
    if report.objects:
        announce(settings, Subject.TICKS)
    if report.stopped:
        raise ChainBroken(f"{len(report.stopped)} partitions stopped, {report.pending} objects wait: {'; '.join(report.stopped.values())}")
    return asdict(report)
