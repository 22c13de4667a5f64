"""Writes measured values into OPS.METRICS."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ticklake.measurement import Measurement
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

_STATEMENTS = Statements(Path(__file__).parent / "queries")


def write(warehouse: Warehouse, measured: Iterable[Measurement], at: datetime) -> None:
    """Keep `measured`; `at` is the time of those that have none of their own. Raises what the warehouse raises."""
    rows = [[_naive(each.at or at), each.name, json.dumps(dict(each.labels), sort_keys=True), each.value, each.unit] for each in measured]
    if rows:
        warehouse.rows(_STATEMENTS["insert_metrics"], {"list": json.dumps(rows)})


def _naive(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
