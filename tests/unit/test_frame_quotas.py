from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from dashboard.frame.quotas import spent
from tests.fakes.market_data import NOW


def quotas(*rows: tuple[str, float, timedelta]) -> pd.DataFrame:
    """The answer of quotas.sql: source, calls left, how long ago."""
    made = [(f'{{"source": "{source}"}}', left, (NOW - age).replace(tzinfo=None)) for source, left, age in rows]
    return pd.DataFrame(made, columns=["LABELS", "VALUE", "MEASURED_AT"])


def test_only_a_plan_that_was_spent_lately_is_named() -> None:
    minute = timedelta(minutes=1)
    told = spent(quotas(("alphavantage", 0.0, 4 * minute), ("finnhub", 3.0, minute), ("old", 0.0, 20 * minute)), NOW, UTC)
    assert told
    assert told.startswith("No call left of the plan of alphavantage (at 14:56 UTC): its prices stand still")
    assert spent(quotas(("finnhub", 1.0, minute)), NOW, UTC) is None
    assert spent(quotas(), datetime(2026, 1, 1, tzinfo=UTC), UTC) is None
