"""What a source tells, as rows of batch objects, and which of these it had not told before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ticklake.batch_lake import DAILY
from ticklake.daily import DailyBars
from ticklake_io.warehouse import Row

Key = tuple[str, date, str]
"""Symbol, day and kind."""
Numbers = tuple[Decimal | int | None, ...]
"""The columns from OPEN on."""

_NUMBERS = [name for name in DAILY.columns.names if name not in ("SYMBOL", "BAR_DATE", "KIND")]
_NOTHING: Numbers = (None,) * len(_NUMBERS)


def told(rows: list[Row]) -> dict[Key, Numbers]:
    """What the warehouse knows that a source has told."""
    return {(row["SYMBOL"], date.fromisoformat(row["DAY"]), row["KIND"]): tuple(row[name] for name in _NUMBERS) for row in rows}


def news(fetched: DailyBars, before: Mapping[Key, Numbers]) -> dict[Key, Numbers]:
    """What `fetched` says otherwise than `before`; a split or a dividend that it no longer knows loses its number."""
    says = _rows(fetched)
    if fetched.actions_from is not None:
        for key in before:
            symbol, day, kind = key
            if symbol == fetched.symbol and kind != "bar" and day >= fetched.actions_from:
                says.setdefault(key, _NOTHING)
    return {key: numbers for key, numbers in says.items() if before.get(key) != numbers and not (numbers == _NOTHING and key not in before)}


def table(rows: Mapping[Key, Numbers]) -> pa.Table:
    """The rows in the columns of a daily object, in the order of their keys, so that equal rows are equal objects."""
    columns: dict[str, list[Any]] = {name: [] for name in DAILY.columns.names}
    for key, numbers in sorted(rows.items()):
        for name, value in zip(("SYMBOL", "BAR_DATE", "KIND", *_NUMBERS), (*key, *numbers), strict=True):
            columns[name].append(value)
    return pa.table(columns, schema=DAILY.columns)


def _rows(fetched: DailyBars) -> dict[Key, Numbers]:
    rows: dict[Key, Numbers] = {}
    for bar in fetched.bars:
        rows[fetched.symbol, bar.day, "bar"] = (*bar.prices, bar.volume, *(bar.adjusted or (None,) * 4), None, None)
    for action in fetched.actions:
        ratio, amount = (action.value, None) if action.kind == "split" else (None, action.value)
        rows[fetched.symbol, action.ex_date, action.kind] = (*(None,) * 9, ratio, amount)
    return rows
