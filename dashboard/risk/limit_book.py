"""The limits of portfolios: those of the house, until somebody with the right to sets others in APP.LIMITS."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dashboard.shared import Reading
from dashboard.tables import Tables
from dashboard.writing import patiently
from ticklake.changes import Subject
from ticklake.clock import Clock
from ticklake.risk.limits import HOUSE_LIMITS, Limit, Metric
from ticklake.roles import Action, User
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Warehouse

QUERIES = Path(__file__).parents[1] / "queries"


class InForce(NamedTuple):
    """A limit, and who set it when; both None for one of the house."""

    limit: Limit
    set_by: str | None = None
    set_at: datetime | None = None


class LimitBook:
    """Reads and sets limits. What has been set is never changed, so that it can be told what was in force when."""

    def __init__(self, tables: Tables, warehouse: Warehouse, clock: Clock, told: Callable[[], None]) -> None:
        """Reads through `tables`, which all sessions share; writes to `warehouse`. `told` is called after each write, so that every session sees it."""
        self._tables, self._warehouse, self._clock, self._told = tables, warehouse, clock, told
        self._statements = Statements(QUERIES)

    def in_force(self, portfolio: str) -> Reading[list[InForce]]:
        """The limits of a portfolio, in the order of `Metric`; those of the house alone while the warehouse has not answered."""
        reading = self._tables.read("app/limits", Subject.APP, portfolio=portfolio)
        house = {limit.metric: InForce(limit) for limit in HOUSE_LIMITS}
        found = {**house, **_set(reading.value)} if reading.value is not None else house
        return Reading([limit for metric in Metric if (limit := found.get(metric)) and not math.isnan(limit.limit.red)], reading.problem)

    def set(self, portfolio: str, limits: Sequence[Limit], by: User) -> None:
        """Put `limits` in force; one of NaN takes the limit of its metric away.

        Raises `NotAllowed` for a user without the right, and what the warehouse raises.
        """
        by.require(Action.LIMIT)
        rows = [{"metric": each.metric, "amber": _number(each.amber), "red": _number(each.red)} for each in limits]
        params = {"portfolio": portfolio, "limits": json.dumps(rows), "set_by": by.name, "set_at": self._clock.now()}
        self._write(params)
        self._told()

    @patiently
    def _write(self, params: Params) -> None:
        self._warehouse.rows(self._statements["app/limits_set"], params)


def problem(limit: Limit) -> str | None:
    """Why a limit cannot be set; None when it can."""
    if math.isnan(limit.amber) and math.isnan(limit.red):
        return None
    if not 0 < limit.amber <= limit.red < math.inf:
        return f"{limit.metric.label}: amber must be above 0 and not above red."
    return None


def _set(rows: pd.DataFrame) -> dict[Metric, InForce]:
    known = {metric.value for metric in Metric}
    return {
        Metric(row["METRIC"]): InForce(Limit(Metric(row["METRIC"]), float(row["AMBER"]), float(row["RED"])), row["SET_BY"], _utc(row["SET_AT"]))
        for row in rows.astype({"AMBER": float, "RED": float}).to_dict("records")
        if row["METRIC"] in known
    }


def _utc(at: datetime) -> datetime:
    return pd.Timestamp(at).to_pydatetime().replace(tzinfo=UTC)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
