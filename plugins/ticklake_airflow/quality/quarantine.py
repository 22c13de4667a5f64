"""Takes bad ticks out of CURATED: out of the ticks, their minutes' bars and the latest prices; RAW keeps them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from ticklake.clock import Clock
from ticklake_airflow.quality.model import Answer
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

_MINUTE = timedelta(minutes=1)
_LOOK_BACK_DAYS = 7
"""How far back the tick is looked for that was the latest one before a bad one."""


class Quarantine:
    """Puts ticks into OPS.QUARANTINE. To be called within a transaction that holds the fence.

    `load` are the load's own statements: bars and latest prices are made as a load makes them.
    """

    def __init__(self, warehouse: Warehouse, statements: Statements, load: Statements, clock: Clock) -> None:
        self._warehouse = warehouse
        self._statements = statements
        self._load = load
        self._clock = clock

    def put(self, answers: Iterable[Answer]) -> int:
        """Take the offenders of `answers` out; their number. Every row of RAW.TICKS with their tick_ids will never win again."""
        ticks: dict[str, str] = {}
        times: list[datetime] = []
        for answer in answers:
            for row in answer.rows:
                ticks.setdefault(row["TICK_ID"], f"quality:{answer.rule.id}")
                times.append(row["EVENT_TIME"])
        if not ticks:
            return 0
        oldest, newest = min(times), max(times)
        days = {each.date() for each in times}
        values = {
            "merge_id": str(uuid.uuid4()),
            "now": self._clock.now(),
            "ticks": json.dumps([{"tick_id": tick_id, "rule": rule} for tick_id, rule in ticks.items()]),
            "dates": sorted(days),
            "oldest": oldest,
            "newest": newest,
            "first_minute": oldest.replace(second=0, microsecond=0),
            "end_minute": newest.replace(second=0, microsecond=0) + _MINUTE,
        }
        for name in ("note_minutes", "quarantine_ticks", "unseat_quarantined", "drop_quarantined_latest"):
            self._warehouse.rows(self._statements[name], values)
        for name in ("drop_bars", "make_bars"):
            self._warehouse.rows(self._load[name], values)
        before = {day - timedelta(days=back) for day in days for back in range(_LOOK_BACK_DAYS + 1)}
        values |= {"dates": sorted(before), "settled": oldest - timedelta(days=_LOOK_BACK_DAYS)}
        self._warehouse.rows(self._load["make_latest"], values)
        return len(ticks)
