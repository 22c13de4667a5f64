"""Proves an hour of arrival complete, row by row, and puts right what differs.

**What.** Loads what waits. Then reads every object of the hour and holds RAW.TICKS against its bytes, CURATED.TICKS
against RAW, minute bars and latest prices against CURATED.TICKS, OPS.QUARANTINE against the rules. What differs is made
again from the lake. The report (XCom `report`) counts what was proven and names what differed.

**When.** Each hour, for the hour before. The partition of a run is its hour of arrival, such as `2026-11-23T14` (UTC):
the objects under `dt=2026-11-23/hour=14/` of every Kafka partition. A backfill over a range of hours, from the UI or by
`airflow backfill create`, settles history; `ticklake history` prints the command for a range of event time. In the form:
`rebuild` makes everything of the hour again, `dry_run` only tells what differs, `hour` names another hour than the run's.

**Reads** `raw/<topic>/` in the bucket, OPS.LOADS, OPS.WATERMARKS. **Writes** RAW.TICKS, CURATED.TICKS, BARS_1M and
LATEST, OPS.LOADS, QUARANTINE and BAR_CHANGES; never a watermark.

**Safe to run again?** Always, also for several hours at once, during loads, and after a kill at any point: each
transaction leaves tables that are equal to before, or right.

**When it fails at 3 am.** The error names objects, and the rest of the hour is settled. *"was replaced"*, *"in the
ledger, but not in the lake"*, *"its bytes are not those"*, *"is no Parquet"*: the bucket was changed by something other
than the consumer; restore that object from the bucket's backup and clear the task. *"the ledger tells other offsets"*,
*"the watermark"*: somebody edited OPS.LOADS or OPS.WATERMARKS; `ticklake verify` shows more. *"another writer holds the
rows"*: clear the task. Runbook: `infra/runbooks/rebuild-a-day.md`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import CronPartitionTimetable, Param, dag, get_current_context, task

from ticklake import settings as ticklake_settings
from ticklake_airflow.defaults import default_args
from ticklake_airflow.tags import Tag

settings = ticklake_settings.load()


@dag(
    schedule=CronPartitionTimetable("0 * * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%dT%H"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(owner="data"),
    params={
        "rebuild": Param(False, type="boolean", title="Rebuild", description="Make everything of the hour again from its objects."),
        "dry_run": Param(False, type="boolean", title="Dry run", description="Only tell what differs; change nothing."),
        "hour": Param(None, type=["null", "string"], title="Hour", description="Hour of arrival such as 2026-11-23T14 (UTC), if not the run's own."),
    },
    tags=[Tag.RAW, Tag.CURATED, Tag.OPERATIONS],
    doc_md=__doc__,
)
def settle_ticks() -> None:
    @task(max_active_tis_per_dag=1)
    def settle() -> dict[str, Any]:
        from ticklake_airflow import settle_task

        context = get_current_context()
        run, params = context["dag_run"], context["params"]
        hour = params["hour"] or run.partition_key or f"{run.run_after - timedelta(hours=1):%Y-%m-%dT%H}"
        report = settle_task.settle_ticks(settings, run.run_id, hour, rebuild=params["rebuild"], dry_run=params["dry_run"])
        context["ti"].xcom_push("report", report)
        settle_task.judge(report)
        return report

    settle()


settle_ticks()
