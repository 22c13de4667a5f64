"""The gate behind a check: closed while a result of the run may not be called well."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.sql.operators.sql import SQLTableCheckOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowException

from ticklake.errors import QualityBroken

RESULTS = "OPS.DQ_RESULTS"


class QualityGateOperator(SQLTableCheckOperator):
    """Checks the results of this run in OPS.DQ_RESULTS; a run without results passes.

    `check_task_id` is the task whose report names the rules. Raises `QualityBroken`, which is told and not tried again.
    """

    # The provider's template answers null for a run without results, and then fails to read it.
    sql_check_template = SQLTableCheckOperator.sql_check_template.replace("MIN({check_name})", "COALESCE(MIN({check_name}), 1)")

    def __init__(self, *, check_task_id: str, **kwargs: Any) -> None:  # noqa: ANN401 - those of every operator
        super().__init__(
            table=RESULTS,
            checks={
                "fail_rules_hold": {"check_statement": "SEVERITY <> 'fail' OR STATUS <> 'broken'"},
                "rules_can_be_asked": {"check_statement": "STATUS <> 'unknown'"},
            },
            partition_clause="RUN_ID = '{{ run_id }}'",
            **kwargs,
        )
        self.check_task_id = check_task_id

    def execute(self, context: Context) -> None:
        try:
            super().execute(context)
        except AirflowException as error:
            report = context["ti"].xcom_pull(task_ids=self.check_task_id) or {}
            names = ", ".join(report.get("holding_back", ())) or "those of this run"
            raise QualityBroken(f"rules {names}: look at `ticklake dq results`; downstream waits until they hold") from error
