"""One check: asks all rules about what is new, takes bad ticks out, and keeps every result."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import structlog

from ticklake.clock import Clock
from ticklake.quality.kinds import Rule
from ticklake_airflow.loading.fence import Fence, Writer
from ticklake_airflow.quality.asking import SAMPLED, Asking
from ticklake_airflow.quality.model import Answer, CheckReport
from ticklake_airflow.quality.quarantine import Quarantine
from ticklake_airflow.quality.scope import Scope, Scopes
from ticklake_io.sql import Statements

log = structlog.get_logger()


class Check:
    """Checks what loads have brought since the last check. `statements` are those of data_quality, `load` those of load_ticks."""

    def __init__(
        self, *, warehouse: Writer, rules: Sequence[Rule], clock: Clock, statements: Statements, load: Statements, run_id: str, fence_timeout_s: float
    ) -> None:
        self._warehouse = warehouse
        self._rules = rules
        self._clock = clock
        self._statements = statements
        self._run_id = run_id
        self._fence = Fence(warehouse, load, clock, run_id, fence_timeout_s)
        self._scopes = Scopes(warehouse, statements, clock)
        self._asking = Asking(warehouse, statements)
        self._quarantine = Quarantine(warehouse, statements, load, clock)

    def run(self) -> CheckReport:
        """Ask every rule, then put ticks into quarantine and keep the results, all or nothing.

        While a fail rule is broken, or a rule cannot be asked, the merges are not passed: each later check looks at them
        again. Raises `WarehouseBusy` when the fence is not free in time, and what the warehouse raises.
        """
        began = self._clock.monotonic()
        scope = self._scopes.open()
        answers = self._asking.ask(self._rules, scope)
        bad = [each for each in answers if each.rule.severity == "quarantine" and each.status == "broken"]
        if bad:
            quarantined = self._fence.hold(lambda: self._finish(scope, answers, bad))
        else:
            with self._warehouse.transaction():
                quarantined = self._finish(scope, answers, bad)
        report = replace(_report(answers), quarantined=quarantined, seconds=round(self._clock.monotonic() - began, 3))
        log.info(
            "checked", slices=len(scope.slices), asked=report.asked, broken=dict(report.broken), holding_back=list(report.holding_back), quarantined=quarantined
        )
        return report

    def _finish(self, scope: Scope, answers: Sequence[Answer], bad: Sequence[Answer]) -> int:
        quarantined = self._quarantine.put(bad)
        self._warehouse.rows(self._statements["forget_results"], {"run_id": self._run_id})
        results = json.dumps([_result(each, self._clock.now()) for each in answers])
        self._warehouse.rows(self._statements["record_results"], {"results": results, "run_id": self._run_id})
        if not any(each.holds_back for each in answers):
            self._scopes.passed(scope)
        return quarantined


def _report(answers: Sequence[Answer]) -> CheckReport:
    return CheckReport(
        asked=len(answers),
        broken={each.rule.id: each.offending for each in answers if each.status == "broken"},
        holding_back=[each.rule.id for each in answers if each.holds_back],
    )


def _result(answer: Answer, now: datetime) -> Mapping[str, Any]:
    return {
        "result_id": str(uuid.uuid4()),
        "checked_at": f"{now:%Y-%m-%d %H:%M:%S.%f}",
        "rule": answer.rule.id,
        "table_name": answer.rule.table,
        "severity": answer.rule.severity,
        "status": answer.status,
        "offending": answer.offending,
        "checked": answer.checked,
        "sample_rows": json.dumps([{name.lower(): _json(value) for name, value in row.items()} for row in answer.rows[:SAMPLED]]),
        "window_start": f"{answer.window[0]:%Y-%m-%d %H:%M:%S}",
        "window_end": f"{answer.window[1]:%Y-%m-%d %H:%M:%S}",
    }


def _json(value: object) -> object:
    """What JSON cannot hold: decimals keep their digits as text, times are ISO 8601."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, int | float | str) else str(value)
