"""The bars of minutes that a merge has noted, made again and held against what was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ticklake_airflow.settling.model import Difference
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse

_MINUTE = timedelta(minutes=1)


class Bars:
    """The minutes of OPS.BAR_CHANGES that carry the `merge_id` of `params`."""

    def __init__(self, warehouse: Warehouse, load: Statements, settle: Statements, params: Mapping[str, Any]) -> None:
        self._warehouse = warehouse
        self._load = load
        self._settle = settle
        self._params = params

    def make(self) -> list[Difference]:
        """Make them again from CURATED.TICKS; the minutes whose bars are other ones now."""
        days = self._warehouse.rows(self._settle["touched_days"], self._params)
        if not days:
            return []
        bounds = {
            "dates": [day["BAR_DATE"] for day in days],
            "first_minute": min(day["FIRST_MINUTE"] for day in days),
            "end_minute": max(day["LAST_MINUTE"] for day in days) + _MINUTE,
        }
        before = self._stored()
        for name in ("drop_bars", "make_bars"):
            self._warehouse.rows(self._load[name], {**self._params, **bounds})
        after = self._stored()
        minutes = sorted({bar[:3] for bar in (before - after) + (after - before)})
        return [Difference("CURATED.BARS_1M", f"{symbol} of {source}, {start:%Y-%m-%d %H:%M}", "not what its trades make") for symbol, source, start in minutes]

    def _stored(self) -> Counter[tuple[Any, ...]]:
        rows: list[Row] = self._warehouse.rows(self._settle["bars"], self._params)
        return Counter(tuple(row.values()) for row in rows)
