"""A hundred thousand bars as files: from the click to the bytes, the record in APP.EXPORTS of the instance's warehouse included. Prints ms as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import structlog

from dashboard.exports.desk import Exports, Extract
from dashboard.news import News
from dashboard.tables import WarehouseTables
from infra.local.instance import Instance
from ticklake import settings
from ticklake.clock import SystemClock
from ticklake.exporting import Format
from ticklake.roles import Role, User
from ticklake_io.warehouse import connection_arguments, open_warehouse

ROWS = 100_000
ROUNDS = 5
ANALYST = User("bench", Role.ANALYST)


def bars(rows: int) -> pd.DataFrame:
    """Minute bars as the chart shows them, all different."""
    chance = np.random.default_rng(1)
    close = (100 + chance.standard_normal(rows).cumsum() / 10).round(2)
    spread = chance.random((2, rows)).round(2)
    return pd.DataFrame(
        {
            "BAR_START": pd.date_range("2026-01-01", periods=rows, freq="min", unit="us"),
            "OPEN": close - spread[0] / 2,
            "HIGH": close + spread[0],
            "LOW": close - spread[1],
            "CLOSE": close,
            "VOLUME": chance.integers(0, 2**33, rows),
            "TRADES": chance.integers(1, 1000, rows),
            "ORIGIN": "trades",
        }
    )


def main() -> None:
    """Make each kind of file some times; the slowest counts."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    os.environ.update(Instance.current().environment())
    clock = SystemClock()
    warehouse = open_warehouse(connection_arguments(settings.load()), "bench")
    with ThreadPoolExecutor(1) as worker:
        desk = Exports(warehouse, WarehouseTables(warehouse, worker, News(30.0), clock), clock, lambda: None)
        extract = Extract(bars(ROWS), "SYM000_1m", "chart", "bench", datetime(2026, 3, 12, tzinfo=UTC), ("bench",), ("synthetic",))
        print(json.dumps({kind.value: max(_take(desk, extract, kind) for _ in range(ROUNDS)) for kind in Format}))


def _take(desk: Exports, extract: Extract, kind: Format) -> float:
    began = time.monotonic()
    made = desk.make(extract, kind, ANALYST)
    took = time.monotonic() - began
    if made.value is None or made.value.rows != ROWS:
        raise RuntimeError(f"no {kind}: {made.problem}")
    return round(took * 1e3, 1)


if __name__ == "__main__":
    main()
