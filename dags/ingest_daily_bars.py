"""Loads daily bars, splits and dividends into CURATED.DAILY_BARS, and fills minutes that have no ticks.

**What.** Asks the sources of daily bars (the simulator's past, Alpha Vantage, the directory `TICKLAKE_BARS_DIRECTORY`) for
the sessions since the newest one stored, keeps what is new as objects of the lake, loads these and adjusts prices for
splits and dividends. A symbol without any gets a year, and five days of minutes. When nothing is missing, nothing is asked.

**When.** Every `TICKLAKE_BATCH_INTERVAL_S` seconds; most runs find that no exchange has closed since. Long history is one
run by hand: *Trigger*, with `from`, `to`, `symbols` and `source`; each year is a map index of `ingest`.

**Reads** the sources, `batch/` in the bucket, RAW.DAILY_BARS, MINUTE_BARS, OPS.BATCH_LOADS. **Writes** `batch/`, these tables,
CURATED.DAILY_BARS, CORPORATE_ACTIONS, BARS_1M (minutes without a better bar) and OPS.BAR_CHANGES.

**Safe to run again?** Always: what a source says again creates nothing, and the newest word of a source counts, whatever the order.

**When it fails at 3 am.** It can wait for the morning: only history is late. *"... symbols have no answer"*: the source was
out of reach, its plan's calls of the day are spent, or it does not include these days; what was answered is loaded, and a
later run asks for the rest. *A key and a number of rows*: look at that object. The result of `ingest` names missing sessions and
rejected lines.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import Param, dag, get_current_context, task
from airflow.timetables.trigger import DeltaTriggerTimetable

from ticklake import settings as ticklake_settings
from ticklake_airflow.assets import BARS, DAILY_BARS
from ticklake_airflow.defaults import default_args
from ticklake_airflow.tags import Tag

settings = ticklake_settings.load()


@dag(
    schedule=DeltaTriggerTimetable(timedelta(seconds=settings.batch_interval_s)),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(owner="data"),
    tags=[Tag.RAW, Tag.CURATED],
    doc_md=__doc__,
    params={
        "from": Param(None, type=["null", "string"], format="date", description="first day; empty: from the newest day stored"),
        "to": Param(None, type=["null", "string"], format="date", description="last day; empty: the last session"),
        "symbols": Param(None, type=["null", "array"], items={"type": "string"}, description="one a line; empty: all that the source serves"),
        "source": Param(None, type=["null", "string"], enum=[None, "simulator", "alphavantage", "directory"], description="empty: each symbol's own"),
    },
)
def ingest_daily_bars() -> None:
    @task
    def plan() -> list[dict[str, Any]]:
        from ticklake_airflow import batch_task

        context = get_current_context()
        return batch_task.plan(settings, str(context["run_id"]), dict(context["params"]))

    # Two years at a time: the fence is for the live load, too.
    @task(outlets=[DAILY_BARS], max_active_tis_per_dagrun=2)
    def ingest(year: dict[str, Any]) -> list[dict[str, Any]]:
        from ticklake_airflow import batch_task

        return batch_task.ingest(settings, str(get_current_context()["run_id"]), year)

    @task(outlets=[BARS])
    def fill_minutes() -> list[dict[str, Any]]:
        from ticklake_airflow import batch_task

        return batch_task.fill_minutes(settings, str(get_current_context()["run_id"]))

    ingest.expand(year=plan())
    fill_minutes()


ingest_daily_bars()
