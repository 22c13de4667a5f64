"""An operator that copies named objects and reads what COPY answers.

The provider's own returns nothing, and is content with a file that was not loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from airflow.sdk import BaseOperator, Context

from ticklake_airflow.query_tag import of_context
from ticklake_airflow.statements import SQL_FOLDER


class CopyObjectsOperator(BaseOperator):
    """Copies objects in one transaction that holds the writers' fence; the result rows, as JSON has them, are its XCom.

    `sql` and `then` name statements under `dags/sql/`, without `.sql`: the COPY, which says `FILES = (':files')`, and what is to take effect
    together with it (a ledger row, say), with `parameters` by name and `:copied`, the result rows as JSON text.
    `objects` are the keys with the rows that each must store; None: any. Without objects nothing is sent, and the XCom is empty.
    Raises `LoadMismatch` that names the first object which was not stored in full; then nothing has taken effect.
    """

    template_fields: Sequence[str] = ("objects", "parameters")

    def __init__(
        self,
        *,
        sql: str,
        objects: Mapping[str, int | None],
        fence_timeout_s: float,
        then: Sequence[str] = (),
        parameters: Mapping[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401 - those of every operator
    ) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self.objects = objects
        self.fence_timeout_s = fence_timeout_s
        self.then = then
        self.parameters = parameters or {}

    def execute(self, context: Context) -> list[dict[str, Any]]:
        if not self.objects:
            return []
        import json

        from ticklake.clock import SystemClock
        from ticklake_airflow import connections
        from ticklake_airflow.loading.fence import Fence
        from ticklake_io.copy_into import copy_into
        from ticklake_io.sql import Statements

        statements = Statements(SQL_FOLDER)
        with closing(connections.warehouse(of_context(context))) as warehouse:

            def work() -> list[dict[str, Any]]:
                copied = [each._asdict() for each in copy_into(warehouse, statements[self.sql], self.objects)]
                for name in self.then:
                    warehouse.rows(statements[name], {**self.parameters, "copied": json.dumps(copied)})
                return copied

            return Fence(warehouse, Statements(SQL_FOLDER / "load_ticks"), SystemClock(), str(context["ti"].run_id), self.fence_timeout_s).hold(work)
