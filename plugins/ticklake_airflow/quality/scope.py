"""What a check looks at: what the merges have brought that no check has passed yet, so that its cost does not grow with history."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ticklake.clock import Clock
from ticklake.quality.kinds import Rule
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

SLICE = timedelta(minutes=10)
"""What the warehouse is asked by: the ten minutes of event time that have something new are checked whole."""

HORIZON = timedelta(days=2)
"""Merges that are older, and were held back for so long, are not checked any more."""

_DEAD = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scope:
    """The slices (their starts, UTC without a zone as stored) that the claimed merges touched, at the time `now`."""

    check_id: str
    now: datetime
    slices: Sequence[datetime]
    arrived: tuple[datetime, datetime]
    """Oldest and newest Kafka time of the claimed merges."""

    def concerns(self, rule: Rule) -> bool:
        """Whether there is something that `rule` can be asked about."""
        return rule.days is not None or bool(self.slices)

    def window(self, rule: Rule) -> tuple[datetime, datetime]:
        """The event time, from and until, that the answer to `rule` is about."""
        now = self.now.astimezone(UTC).replace(tzinfo=None)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        windows = [] if rule.days is None else [(midnight - rule.days * _DAY, now)]
        if rule.reads_new and self.slices:
            windows.append((self.slices[0], self.slices[-1] + SLICE))
        return min(start for start, _ in windows), max(end for _, end in windows)

    def values(self, rule: Rule) -> dict[str, Any]:
        """What a rule's statement may bind beside the rule's own values."""
        first, end = self.window(rule)
        around = sorted({*self.slices, *(each - SLICE for each in self.slices)})
        dates = {each.date() for each in self.slices}
        return {
            "check_id": self.check_id,
            "now": self.now,
            "horizon": self.now - HORIZON,
            "first_kafka_time": self.arrived[0],
            "last_kafka_time": self.arrived[1],
            "first": first,
            "end": end + _DAY if rule.days else end,
            "by_days": int(rule.days is not None),
            "slices": self.slices or [end],
            "slices_around": around or [end],
            "first_around": first - SLICE,
            "dates": sorted(dates) or [end.date()],
            "dates_around": _around({*dates, end.date()}),
        }


class Scopes:
    """Opens and passes scopes; what has been claimed and passed stands in OPS.DQ_MERGES."""

    def __init__(self, warehouse: Warehouse, statements: Statements, clock: Clock) -> None:
        self._warehouse = warehouse
        self._statements = statements
        self._clock = clock

    def open(self) -> Scope:
        """Claim every merge that no check has passed. Two checks at once both look at them, which does no harm."""
        now = self._clock.now()
        values: dict[str, Any] = {"check_id": str(uuid.uuid4()), "now": now, "horizon": now - HORIZON}
        self._rows("forget_merges", {"forget": now - 2 * HORIZON, "dead": now - _DEAD})
        self._rows("claim_merges", values)
        claimed = self._rows("claimed", values)[0]
        if not claimed["OBJECTS"]:
            return Scope(values["check_id"], now, [], (now, now))
        arrived = (claimed["FIRST_KAFKA_TIME"], claimed["LAST_KAFKA_TIME"])
        touched = self._rows("touched_slices", values | {"first_kafka_time": arrived[0], "last_kafka_time": arrived[1]})
        return Scope(values["check_id"], now, [row["SLICE"] for row in touched], arrived)

    def passed(self, scope: Scope) -> None:
        """No later check needs to look at these merges."""
        self._rows("pass_merges", {"check_id": scope.check_id, "now": self._clock.now()})

    def _rows(self, name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        return self._warehouse.rows(self._statements[name], values)


def _around(dates: set[date]) -> list[date]:
    """The dates, and those beside them: a session may lie in two."""
    return sorted({day + timedelta(days=shift) for day in dates for shift in (-1, 0, 1)})
