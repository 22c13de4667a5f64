"""CURATED from what batch objects brought: days, corporate actions, adjusted prices, vendor minutes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ticklake.adjustment import segments
from ticklake.daily import Action
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse

_FIRST_DAY, _END_DAY = date(1, 1, 1), date(9999, 12, 31)


class Curate:
    """What follows from objects in RAW. All of it belongs into the transaction that copied them."""

    def __init__(self, warehouse: Warehouse, statements: Statements) -> None:
        self._warehouse, self._statements = warehouse, statements
        self.unusable: list[str] = []
        """Splits and dividends that could not be applied, by the last call."""

    def days(self, keys: Sequence[str]) -> None:
        """Make the days that these objects touch again, and adjust the whole history of their symbols."""
        self.unusable = []
        by_source: dict[str, list[Row]] = {}
        for row in self._rows("arrived_daily", keys=keys):
            by_source.setdefault(row["SOURCE"], []).append(row)
        for source, rows in sorted(by_source.items()):
            symbols = sorted(row["SYMBOL"] for row in rows)
            days = {"first": min(row["FIRST_DAY"] for row in rows), "last": max(row["LAST_DAY"] for row in rows)}
            for name in ("drop_bars", "make_bars", "drop_actions", "make_actions"):
                self._rows(name, source=source, symbols=symbols, **days)
            self._adjust(source, symbols)

    def minutes(self, keys: Sequence[str]) -> None:
        """Put these objects' minutes where no better bar is, and say which bars changed."""
        for row in self._rows("arrived_minutes", keys=keys):
            params = {"keys": keys, "source": row["SOURCE"], "first": row["FIRST_MINUTE"], "last": row["LAST_MINUTE"], "merge_id": str(uuid.uuid4())}
            for name in ("drop_minutes", "make_minutes", "note_changes"):
                self._rows(name, **params)

    def _adjust(self, source: str, symbols: Sequence[str]) -> None:
        actions: dict[str, list[Action]] = {symbol: [] for symbol in symbols}
        closes: dict[str, dict[date, Decimal]] = {symbol: {} for symbol in symbols}
        for row in self._rows("action_closes", source=source, symbols=symbols):
            day = date.fromisoformat(row["EX_DATE"])
            actions[row["SYMBOL"]].append(Action(day, row["KIND"], row["NUMBER"]))
            if row["CLOSE"] is not None:
                closes[row["SYMBOL"]][day] = row["CLOSE"]
        parts: list[dict[str, str]] = []
        for symbol in symbols:
            found, unusable = segments(actions[symbol], closes[symbol])
            self.unusable += [f"{symbol}, {each.ex_date}: a {each.kind} of {each.value:f}" for each in unusable]
            for each in found:
                first, end = each.first or _FIRST_DAY, each.end or _END_DAY
                parts.append({"symbol": symbol, "first": first.isoformat(), "end": end.isoformat(), "price": f"{each.price:f}", "volume": f"{each.volume:f}"})
        self._rows("adjust_bars", source=source, segments=json.dumps(parts))

    def _rows(self, name: str, **params: Any) -> list[Row]:  # noqa: ANN401 - whatever a statement binds
        return self._warehouse.rows(self._statements[name], params)
