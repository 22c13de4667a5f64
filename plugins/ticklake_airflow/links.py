"""Links from a task's page in Airflow to what the task worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

from ticklake_airflow.tags import Tag

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

LOADING = ("load_ticks", "settle_ticks")
"""DAGs whose runs stand in the ledger of raw objects."""


class ObjectsLink(BaseOperatorLink):
    """To the raw objects that the run loaded, as the ledger knows them; no link where there can be none."""

    @property
    def name(self) -> str:
        return "Objects of this run"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        return f"/plugin/ticklake/ticklake/?run={quote(ti_key.run_id, safe='')}" if ti_key.dag_id in LOADING else ""


class DashboardLink(BaseOperatorLink):
    """To the dashboard, from tasks of this project's DAGs, which alone bear its tags."""

    @property
    def name(self) -> str:
        return "Dashboard"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        dag = operator.get_dag()
        return (dashboard() or "") if dag is not None and set(dag.tags) & set(Tag) else ""


def dashboard() -> str | None:
    """The dashboard's address; None where the settings name none, or are not those of Ticklake."""
    # Every process of Airflow imports this module with the plugins, and few of them are asked for a link.
    from ticklake import settings
    from ticklake.errors import ConfigError

    try:
        return settings.load().dashboard_url
    except ConfigError:
        return None
