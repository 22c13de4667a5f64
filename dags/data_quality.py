"""Checks what is new in CURATED against the rules of a file, and takes bad ticks out.

**What.** Asks every rule of `TICKLAKE_QUALITY_RULES_FILE` about the ten minutes of event time that loads have touched since
the last check. Each result is kept with its count and a sample. Ticks that a quarantine rule names leave CURATED, and their
minutes' bars and latest prices are made again. While a fail rule is broken, `curated.checked` is not updated and the next
check looks at the same data again.

**When.** `TICKLAKE_QUALITY_GAP_MINUTES` after new ticks or bars, so that what comes meanwhile is checked together, and hourly.

**Reads** RAW.TICKS, CURATED, OPS.LOADS. **Writes** OPS.DQ_RESULTS, DQ_MERGES and QUARANTINE, and where ticks are taken out
CURATED.TICKS, BARS_1M, LATEST and OPS.BAR_CHANGES.

**Safe to run again?** Always, also twice at once and after a kill at any point: quarantine, results and "has been checked"
are one transaction, under the writers' fence.

**When it fails at 3 am.** `gate` *"rules ..."*: `ticklake dq results --broken` shows what offends; infra/runbooks/dq-fails.md
says what to do for each rule. No data is lost and loads go on; only what waits for `curated.checked` stands still. `check`
*"... line ..., rule ...: ..."*: the rules file is wrong there. *"another writer holds the rows"* or *the warehouse does not
answer*: the next run catches up.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.sdk import AssetOrTimeSchedule, dag, get_current_context, task
from airflow.timetables.trigger import CronTriggerTimetable

from ticklake import settings as ticklake_settings
from ticklake_airflow.assets import BARS, CHECKED, TICKS
from ticklake_airflow.defaults import default_args
from ticklake_airflow.operators.quality_gate import QualityGateOperator
from ticklake_airflow.tags import Tag

settings = ticklake_settings.load()
WAREHOUSE = "ticklake_warehouse"


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("17 * * * *", timezone="UTC"), assets=TICKS | BARS),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=default_args(owner="data"),
    tags=[Tag.CURATED, Tag.OPERATIONS],
    doc_md=__doc__,
)
def data_quality() -> None:
    # While it waits, no second run begins, and what loads bring meanwhile is checked by this one.
    gather = TimeDeltaSensor(
        task_id="gather",
        delta=f"{{{{ {settings.quality_gap_minutes} if dag_run.run_type == 'asset_triggered' else 0 }}}}",  # type: ignore[arg-type]
        deferrable=True,
    )

    @task
    def check() -> dict[str, Any]:
        from ticklake_airflow import quality_task

        return quality_task.check_quality(settings, run_id=str(get_current_context()["run_id"]))

    gate = QualityGateOperator(task_id="gate", conn_id=WAREHOUSE, check_task_id="check", retry_on_failure=False, outlets=[CHECKED])
    gather >> check() >> gate


data_quality()
