"""Brings CURATED.INDICATORS up to the bars at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from ticklake_airflow.analytics.spans import NEARBY, REACH, Span, as_json, disjoint
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse

_NOWHERE = dict.fromkeys(NEARBY, timedelta(0))
_ALWAYS = dict.fromkeys(NEARBY, timedelta(days=365 * 150))
"""Longer than any market's record, and still a time that a calendar can hold before and after any of ours."""


class Indicators:
    """Makes again what the changed bars reach. Raises what the warehouse raises."""

    def __init__(self, warehouse: Warehouse, statements: Statements) -> None:
        self._warehouse = warehouse
        self._statements = statements

    def make(self) -> None:
        """Of every interval."""
        found = [Span.of(number, row) for number, row in enumerate(self._warehouse.rows(self._statements["spans"]))]
        spans = list(disjoint(self._reaching(found)))
        if not spans:
            return
        bounded = [asdict(span) | {"since": span.read_from, "until": span.redo_to} for span in spans]
        params = _bounds(bounded) | {"spans": as_json(bounded)}
        self._warehouse.rows(self._statements["drop_indicators"], params)
        self._warehouse.rows(self._statements["make_indicators"], params)

    def _reaching(self, spans: list[Span]) -> list[Span]:
        """`spans` with the bars beside them: those nearby, and on a side that has too few there, those of all times."""
        beside = self._beside(spans, NEARBY, NEARBY)
        few_before = [span for span in spans if span.number not in beside or beside[span.number]["N_BEFORE"] < REACH]
        few_after = [span for span in spans if span.number not in beside or beside[span.number]["N_AFTER"] < REACH]
        for rows in (beside, self._beside(few_before, _ALWAYS, _NOWHERE), self._beside(few_after, _NOWHERE, _ALWAYS)):
            spans = [span.reaching(rows[span.number]) if span.number in rows else span for span in spans]
        return spans

    def _beside(self, spans: Sequence[Span], before: Mapping[str, timedelta], after: Mapping[str, timedelta]) -> dict[int, Row]:
        """How far the bars go that are at most `before` and `after` the spans (by interval), by the spans' numbers."""
        if not spans:
            return {}
        bounded = [
            asdict(span) | {"since": span.first_start - before[span.bar_interval], "until": span.last_start + after[span.bar_interval]} for span in spans
        ]
        params = _bounds(bounded) | {"spans": as_json(bounded), "reach": REACH}
        return {int(row["NUMBER"]): row for row in self._warehouse.rows(self._statements["reach"], params)}


def _bounds(spans: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """The earliest `since` and the latest `until` of each interval, as the statements name them.

    An interval without spans has those of another: a look that finds nothing.
    """
    bounds: dict[str, object] = {}
    for interval in NEARBY:
        of_interval = [span for span in spans if span["bar_interval"] == interval] or spans[:1]
        bounds[f"since_{interval.lower()}"] = min(span["since"] for span in of_interval)
        bounds[f"until_{interval.lower()}"] = max(span["until"] for span in of_interval)
    return bounds
