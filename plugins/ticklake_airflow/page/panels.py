"""What the page shows of the warehouse: rows, or one line that says why there are none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict

from ticklake.clock import Clock
from ticklake.errors import Retry, TicklakeError
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Warehouse

NAMES = ("metrics", "alarms", "loads", "waiting", "checks")
"""The panels; each is a statement of that name."""

LOOK_BACK = timedelta(days=1)
KEEP_S = 5.0
"""However many people look, the warehouse is asked this often at most."""


class Panel(TypedDict, total=False):
    """Either `rows`, by upper-case column name with times as ISO 8601 in UTC, or `why` there are none."""

    rows: list[dict[str, Any]]
    why: str


class Panels:
    """Reads panels from the warehouse that `connect` opens at the first look. For several threads."""

    def __init__(self, connect: Callable[[], Warehouse], statements: Statements, clock: Clock) -> None:
        self._connect = connect
        self._statements = statements
        self._clock = clock
        self._warehouse: Warehouse | None = None
        self._lock = threading.Lock()
        self._kept: dict[str, Panel] = {}
        self._read_at = float("-inf")

    def all(self) -> Mapping[str, Panel]:
        """Every panel by its name, at most `KEEP_S` old."""
        with self._lock:
            if self._clock.monotonic() - self._read_at >= KEEP_S:
                self._kept = self._read_all()
                self._read_at = self._clock.monotonic()
            return self._kept

    def objects(self, run_id: str | None, hour: str | None) -> Panel:
        """The raw objects that a run loaded, or those of an hour of arrival (`2026-11-23T10`); the first 1,000."""
        folder = f"%/dt={hour[:10]}/hour={hour[11:13]}/%" if hour else None
        with self._lock:
            return self._read("objects", {"run_id": run_id, "folder": folder})[0]

    def _read_all(self) -> dict[str, Panel]:
        panels: dict[str, Panel] = {}
        since = self._clock.now() - LOOK_BACK
        for name in NAMES:
            panels[name], silent = self._read(name, {"since": since})
            if silent:
                # The others would wait as long for the same answer.
                return {each: panels.get(each, panels[name]) for each in NAMES}
        return panels

    def _read(self, name: str, params: Params) -> tuple[Panel, bool]:
        """A panel, and whether the warehouse does not answer at all."""
        try:
            if self._warehouse is None:
                self._warehouse = self._connect()
            rows = self._warehouse.rows(self._statements[name], params)
        except TicklakeError as error:
            return {"why": str(error)}, isinstance(error, Retry)
        return {"rows": [{column: _plain(value) for column, value in row.items()} for row in rows]}, False


def _plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
