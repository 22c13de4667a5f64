"""What the task of backup_decisions does, with all that is heavy to import; tasks import it, DAG files do not."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from ticklake.clock import SystemClock
from ticklake.settings import Settings
from ticklake_airflow import connections
from ticklake_airflow.query_tag import query_tag
from ticklake_airflow.restoring import backup, shelves
from ticklake_airflow.restoring.shelves import StoreShelf


def backup_decisions(settings: Settings, run_id: str) -> dict[str, Any]:
    """Keep what the lake does not hold beside it; where it lies, and the rows of each table. Raises what store and warehouse raise."""
    now = SystemClock().now()
    place = shelves.folder(shelves.DAILY, now)
    with closing(connections.warehouse(query_tag("backup_decisions", run_id, "back_up"))) as warehouse:
        manifest = backup.write(warehouse, StoreShelf(connections.store(settings.s3_bucket), place), now)
    return {"place": f"s3://{settings.s3_bucket}/{place}", "rows": {each.table: each.rows for each in manifest.copies}}
