"""Measures the whole pipeline, keeps what it measures, and raises and clears alarms.

**What.** Consumer lag, freshness of every hop, the share of objects that were loaded, load latency, which minutes were
good and so how available the platform is, seconds and credits of the warehouse, the dashboard's response time and the
calls that providers' plans have left. What is beyond a limit raises an alarm, which is told once, and once more when it is over.

**When.** Every five minutes.

**Reads** Kafka's offsets, `raw/<topic>/` and `state/alarms.json` in the bucket, OPS.LOADS, OPS.WATERMARKS, OPS.METRICS,
the producer's and the dashboard's `/status`, and the dashboard's health page. **Writes** OPS.METRICS (and removes what is older than thirty
days), OPS.ALARMS and `state/alarms.json`.

**Safe to run again?** Always. A run judges the minutes that the one before did not, and tells what is not told yet.

**When it fails at 3 am.** It fails when the object store does not answer or refuses, which has its memory: `ticklake status`,
then the store; and, all else measured and told, by what is no keeper's fault, such as a malformed `ticklake.yaml`: the error
names it. When broker or warehouse do not answer, or refuse, the run succeeds and its result says so under `unmeasured`; the alarm
`component_down` is raised meanwhile. What an alarm means and what to do stands in `docs/operations.md`, "Alarms".
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import dag, get_current_context, task
from airflow.timetables.trigger import DeltaTriggerTimetable

from ticklake import settings as ticklake_settings
from ticklake_airflow.defaults import default_args
from ticklake_airflow.tags import Tag

settings = ticklake_settings.load()


@dag(
    schedule=DeltaTriggerTimetable(timedelta(minutes=5)),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(owner="operations"),
    tags=[Tag.OPERATIONS],
    doc_md=__doc__,
)
def monitor_pipeline() -> None:
    @task
    def monitor() -> dict[str, Any]:
        from ticklake_airflow.monitoring import task as monitoring

        return monitoring.monitor_pipeline(settings, run_id=str(get_current_context()["run_id"]))

    monitor()


monitor_pipeline()
