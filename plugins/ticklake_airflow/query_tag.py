"""Who runs a statement, as the warehouse's query history keeps it."""

from __future__ import annotations

import json

from airflow.sdk import Context


def query_tag(dag: str, run: str, task: str, table: str | None = None) -> str:
    """JSON with `dag`, `run`, `task` and, where it is one, `table`."""
    tag = {"dag": dag, "run": run, "task": task} | ({"table": table} if table else {})
    return json.dumps(tag)


def of_context(context: Context, table: str | None = None) -> str:
    """The tag of a task instance in whose context this is called."""
    instance = context["ti"]
    return query_tag(instance.dag_id, instance.run_id, instance.task_id, table)
