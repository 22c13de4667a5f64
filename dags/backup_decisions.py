"""Keeps what people and rules decided, which no object of the lake tells: without it a restore brings back bars and no portfolio.

**What.** Copies every table of schema APP, the rows that data quality put into OPS.QUARANTINE and the objects set aside in
OPS.LOADS, all as of one moment, to a folder of its own, and last a manifest with the SHA-256 of each file. It is what
`ticklake backup` does; the result tells the folder and the rows of each table.

**When.** Daily at 02:10 UTC, and at once when the platform comes up after it was due.

**Reads** APP, OPS.QUARANTINE, OPS.LOADS. **Writes** `backup/daily/<time>/` in the lake's bucket; the bucket's rules keep it
for 90 days. Who may read it can read every portfolio.

**Safe to run again?** Always: each try writes another folder, and nothing over another. A folder without a manifest is what a
try left behind that did not end; nobody reads it.

**When it fails at 3 am.** It can wait until the morning: the backup of yesterday is there, and the alarm `backup_late` is raised
when the newest one is older than `TICKLAKE_ALARM_BACKUP_HOURS`. *"does not answer"*: clear the task when store and warehouse
are back. *"to be seen"*: the role lacks the right to read APP or OPS; in Snowflake it is BACKUP's (`docs/rights.md`).
*"the object store refuses"*: the role may not put objects under `backup/daily/`. Runbook: `infra/runbooks/restore-from-the-lake.md`.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import dag, get_current_context, task
from airflow.timetables.trigger import CronTriggerTimetable

from ticklake import settings as ticklake_settings
from ticklake_airflow.defaults import default_args
from ticklake_airflow.tags import Tag

settings = ticklake_settings.load()


@dag(
    schedule=CronTriggerTimetable("10 2 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(owner="operations"),
    tags=[Tag.OPERATIONS],
    doc_md=__doc__,
)
def backup_decisions() -> None:
    @task
    def back_up() -> dict[str, Any]:
        from ticklake_airflow import backup_task

        return backup_task.backup_decisions(settings, run_id=str(get_current_context()["run_id"]))

    back_up()


backup_decisions()
