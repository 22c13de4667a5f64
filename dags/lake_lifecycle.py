"""Keeps the bucket's rules as they should be, and tells what is stored and what it costs.

**What.** Compares the bucket's lifecycle rules, Intelligent-Tiering configurations and versioning with
`infra/lake/lifecycle.yaml`, tells each difference with a diff, and puts back the rules whose ids begin with `ticklake-`,
if `TICKLAKE_LIFECYCLE_OWNER` is airflow. Rules of others and versioning are never changed. Then counts objects and bytes by prefix and
storage class, with their price a month, and lists uploads that nobody completed.

**When.** Daily at 03:10 UTC.

**Reads** the bucket's configuration and the list of its objects, `infra/lake/lifecycle.yaml` and `infra/lake/prices.yaml`.
**Writes** the bucket's rules, OPS.METRICS, and its report as the tasks' results.

**Safe to run again?** Always: a second run finds nothing to put back.

**When it fails at 3 am.** *"expires raw objects after ... days"*: somebody's rule deletes what must be kept; it is named:
take that rule out of the bucket today, S3 acts on it within a day. *"refuses the rules"*: the role lacks
`s3:PutLifecycleConfiguration` or `s3:PutIntelligentTieringConfiguration`. Everything else can wait until the morning.
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
    schedule=CronTriggerTimetable("10 3 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(owner="operations"),
    tags=[Tag.OPERATIONS],
    doc_md=__doc__,
)
def lake_lifecycle() -> None:
    @task
    def audit_rules() -> dict[str, Any]:
        from ticklake_airflow.lifecycle import task as lifecycle

        return lifecycle.audit_rules(settings, run_id=str(get_current_context()["run_id"]))

    @task
    def report_storage() -> dict[str, Any]:
        from ticklake_airflow.lifecycle import task as lifecycle

        return lifecycle.report_storage(settings, run_id=str(get_current_context()["run_id"]))

    audit_rules()
    report_storage()


lake_lifecycle()
