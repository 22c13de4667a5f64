"""Brings larger bars, indicators, volatility, correlation and risk up to the minute bars and the daily bars.

**What.** Takes the minutes that writers of BARS_1M announced, rolls up the bars of 5 minutes, an hour and a day that
they are in, makes the indicators again that these reach, and the intraday figures of their symbols. Daily figures are
made again where the newest daily closes are others than those they were made of: daily bars, or days of ticks where there
are none. What has become stale becomes null.
Everything happens in one transaction. What the numbers mean is in `docs/analytics.md`.

**When.** `TICKLAKE_ANALYTICS_GAP_MINUTES` after new minute or daily bars, so that what comes meanwhile is taken together, and
hourly, so that nothing stays behind. Without loads it leaves a paid warehouse asleep for the rest of the hour.

**Reads** CURATED.BARS_1M, DAILY_BARS, INSTRUMENTS and SESSIONS, OPS.BAR_CHANGES. **Writes** CURATED.BARS_5M, BARS_1H,
BARS_1D, INDICATORS, VOLATILITY, CORRELATION and RISK, OPS.REFRESHES, DAILY_INPUTS and the WORK tables; deletes from
OPS.BAR_CHANGES what it has worked on.

**Safe to run again?** Always. A run that dies has changed nothing, and the announced minutes are still there. `full`
makes every row again, from all bars: after a change of calendars, or in doubt. It gives the same rows.

**When it fails at 3 am.** Loads go on; charts and risk pages grow old until a run succeeds. *"another writer holds the
rows"*: a second refresh was at work, by hand or from a worker thought dead; the next run does what is left. *The
warehouse does not answer*: the next run catches up. *Anything that names a statement or a table*: clear the task once;
when it fails again, look whether the tables of `infra/snowflake/` are all there, then trigger a run with `full`.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.sdk import AssetOrTimeSchedule, Param, dag, get_current_context, task
from airflow.timetables.trigger import CronTriggerTimetable

from ticklake import settings as ticklake_settings
from ticklake_airflow.assets import BARS, DAILY_BARS
from ticklake_airflow.defaults import default_args
from ticklake_airflow.tags import Tag

settings = ticklake_settings.load()


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("47 * * * *", timezone="UTC"), assets=BARS | DAILY_BARS),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(owner="data"),
    params={"full": Param(False, type="boolean", description="make every row again, from all bars, now")},
    tags=[Tag.CURATED],
    doc_md=__doc__,
)
def refresh_analytics() -> None:
    # While it waits, no second run begins, and what loads bring meanwhile is refreshed by this one.
    gather = TimeDeltaSensor(
        task_id="gather",
        delta=f"{{{{ {settings.analytics_gap_minutes} if dag_run.run_type == 'asset_triggered' else 0 }}}}",  # type: ignore[arg-type]
        deferrable=True,
    )

    @task
    def refresh() -> dict[str, Any]:
        from ticklake_airflow.analytics import task as work

        context = get_current_context()
        return work.refresh_analytics(settings, run_id=str(context["run_id"]), full=bool(context["params"]["full"]))

    gather >> refresh()


refresh_analytics()
