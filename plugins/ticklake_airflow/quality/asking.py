"""Asks the warehouse whether a rule holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ticklake.errors import WarehouseRefused
from ticklake.quality.kinds import Rule
from ticklake.quality.rule import Question
from ticklake_airflow.quality.model import Answer, Status
from ticklake_airflow.quality.scope import Scope
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse

SAMPLED = 10
"""Offenders that a result shows."""

MOST_QUARANTINED = 1_000
"""A rule that wants more ticks gone at once is more likely wrong than they are: it gets none."""

_COUNTS = ("CHECKED", "OFFENDING", "OFFENDS")


class Asking:
    """Asks rules about a scope, one after the other."""

    def __init__(self, warehouse: Warehouse, statements: Statements) -> None:
        self._warehouse = warehouse
        self._statements = statements

    def ask(self, rules: Iterable[Rule], scope: Scope) -> list[Answer]:
        """The answers to those enabled rules that `scope` has something for.

        A rule that the warehouse refuses, such as a wrong custom statement, is answered "unknown"; others are asked nevertheless.
        """
        return [self._answer(rule, scope) for rule in rules if rule.enabled and scope.concerns(rule)]

    def _answer(self, rule: Rule, scope: Scope) -> Answer:
        window = scope.window(rule)
        most = MOST_QUARANTINED if rule.severity == "quarantine" else SAMPLED
        values = scope.values(rule) | {"most": most}
        try:
            rows = self._rows(rule.question(), values)
        except (WarehouseRefused, OSError, KeyError) as error:
            return Answer(rule, "unknown", 0, 0, [{"ERROR": _reason(error)}], window)
        checked, offending = int(rows[0]["CHECKED"]), int(rows[0]["OFFENDING"])
        offenders = [_plain(row) for row in rows] if offending else []
        if rule.severity == "quarantine" and offending > MOST_QUARANTINED:
            why = {"ERROR": f"{offending} ticks offend, no more than {MOST_QUARANTINED} are put into quarantine at once: look at the rule"}
            return Answer(rule, "unknown", offending, checked, [why, *offenders], window)
        status: Status = "ok" if rule.allows(offending, checked) else "broken"
        return Answer(rule, status, offending, checked, offenders, window)

    def _rows(self, question: Question, values: dict[str, Any]) -> list[Row]:
        text = self._statements[question.statement]
        for name, put in question.names.items():
            text = text.replace(name, put)
        return self._warehouse.rows(text, {**values, **question.values})


def _plain(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _COUNTS}


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the statement asks for {error}, which neither the rule nor the check has"
    return f"{type(error).__name__}: {error}"[:500]
