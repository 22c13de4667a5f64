"""What users list, calendars know and contracts say, in the warehouse: CURATED.INSTRUMENTS, CURATED.SESSIONS and OPS.CONTRACTS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ticklake.calendars import Calendar
from ticklake.clock import Clock
from ticklake.instruments import Instruments
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

FOLDER = Path(__file__).parents[2] / "infra" / "snowflake" / "reference"

FIRST_SESSION = date(2010, 1, 1)
AHEAD = timedelta(days=365)


def load_reference(warehouse: Warehouse, instruments: Instruments, contracts: Mapping[str, str], clock: Clock) -> list[str]:
    """Replace each table whose rows differ from what `instruments`, their calendars and `contracts` say; the names of those.

    Raises `ConfigError` for a calendar that does not exist, and what the warehouse raises.
    """
    statements = Statements(FOLDER)
    last = clock.now().date() + AHEAD
    wanted = {
        "instruments": _instruments(instruments),
        "sessions": _sessions(instruments, last),
        "contracts": [list(each) for each in sorted(contracts.items())],
    }
    changed = {name: rows for name, rows in wanted.items() if _stored(warehouse, statements, name) != rows}
    if changed:
        with warehouse.transaction():
            for name, rows in changed.items():
                warehouse.rows(statements[f"clear_{name}"])
                warehouse.rows(statements[f"insert_{name}"], {"list": json.dumps(rows)})
    return list(changed)


def _stored(warehouse: Warehouse, statements: Statements, name: str) -> list[list[Any]]:
    return sorted([list(row.values()) for row in warehouse.rows(statements[f"stored_{name}"])], key=_order)


def _order(row: list[Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in row)


def _instruments(instruments: Instruments) -> list[list[Any]]:
    """Rows of CURATED.INSTRUMENTS in the order of its columns."""
    rows: list[list[Any]] = [
        [each.symbol, each.name, each.mic, each.currency, each.sector, each.calendar, each.primary, json.dumps(each.aliases, sort_keys=True)]
        for each in instruments
    ]
    return sorted(rows, key=_order)


def _sessions(instruments: Instruments, last: date) -> list[list[Any]]:
    """Rows of CURATED.SESSIONS in the order of its columns; times as text, UTC."""
    rows: list[list[Any]] = [
        [name, f"{session.day:%Y-%m-%d}", f"{session.opens_at:%Y-%m-%d %H:%M:%S}", f"{session.closes_at:%Y-%m-%d %H:%M:%S}"]
        for name in sorted({each.calendar for each in instruments})
        for session in Calendar(name).sessions(FIRST_SESSION, last)
    ]
    return sorted(rows, key=_order)
