"""Loads raw objects into RAW.TICKS and merges them into CURATED.

**What.** Lists the lake beyond what is known, copies the new objects with their ledger rows, merges the valid rows into
CURATED.TICKS and brings the minute bars, latest prices, quarantine and watermarks up to them. Without new objects it
sends the warehouse nothing.

**When.** Every `TICKLAKE_LOAD_INTERVAL_S` seconds, and on landing hints unless `TICKLAKE_LOAD_HINTS` is off. A hint
only makes it earlier: each run lists the lake itself.

**Reads** `raw/<topic>/` and `state/load_ticks.json` in the bucket, OPS.LOADS, OPS.WATERMARKS. **Writes** RAW.TICKS,
CURATED.TICKS, BARS_1M and LATEST, OPS.LOADS, QUARANTINE, WATERMARKS and LOAD_LEASE.

**Safe to run again?** Always, also twice at once and after a kill at any point: the ledger decides, under a fence.

**When it fails at 3 am.** The error names what to look at. *A key, "continues offset ..."* or *"... rows were stored"*:
that partition waits for that object, the others are loaded; mend the object, then clear the task, or give it up with
`ticklake loads set-aside`. *"another writer holds the rows"*: another load was slow or died; the next run does what this
one did not. *Store or warehouse do not answer*: nothing is lost, the next run catches up.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import AssetOrTimeSchedule, dag, get_current_context, task
from airflow.timetables.trigger import DeltaTriggerTimetable

from ticklake import settings as ticklake_settings
from ticklake_airflow.assets import BARS, TICKS, landings
from ticklake_airflow.defaults import default_args
from ticklake_airflow.notify import callbacks
from ticklake_airflow.tags import Tag

settings = ticklake_settings.load()
timer = DeltaTriggerTimetable(timedelta(seconds=settings.load_interval_s))


@dag(
    schedule=AssetOrTimeSchedule(timetable=timer, assets=landings(settings)) if settings.load_hints else timer,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(owner="data"),
    deadline=callbacks.deadline(settings, task_id="load"),
    tags=[Tag.RAW, Tag.CURATED],
    doc_md=__doc__,
)
def load_ticks() -> None:
    @task(outlets=[TICKS, BARS])
    def load() -> dict[str, Any]:
        from ticklake_airflow import load_task

        return load_task.load_ticks(settings, run_id=str(get_current_context()["run_id"]))

    load()


load_ticks()
