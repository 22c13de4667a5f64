"""The fence of the writers: one at a time changes RAW, CURATED and the ledger."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Protocol, TypeVar

import structlog

from ticklake.clock import Clock
from ticklake.errors import WarehouseBusy, WarehouseRefused
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

log = structlog.get_logger()

Result = TypeVar("Result")

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
HOLD_LIMIT_S = 600.0
"""A writer that holds the fence longer than this is taken for dead."""


class Writer(Warehouse, Protocol):
    """A warehouse whose session has a name by which another writer can end it; None where the engine has no such names."""

    @property
    def session_id(self) -> str | None: ...


class Fence:
    """Runs work in transactions that hold the fence, one writer after the other."""

    def __init__(self, warehouse: Writer, statements: Statements, clock: Clock, holder: str, timeout_s: float) -> None:
        self._warehouse = warehouse
        self._statements = statements
        self._clock = clock
        self._holder = holder
        self._timeout_s = timeout_s

    def hold(self, work: Callable[[], Result]) -> Result:
        """Run `work` in a transaction that holds the fence; what it did takes effect when this returns.

        When another writer holds it, the transaction is rolled back and begun again, so `work` may run several times.
        Raises `WarehouseBusy` when the fence was not free in time.
        """
        give_up = self._clock.monotonic() + self._timeout_s
        for attempt in count():
            try:
                self._announce()
                with self._warehouse.transaction():
                    self._warehouse.rows(self._statements["take_fence"], {"holder": self._holder})
                    return work()
            except WarehouseBusy:
                if self._clock.monotonic() >= give_up:
                    raise
                self._end_overdue()
                pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
                self._clock.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
        raise AssertionError("unreachable")

    def _announce(self) -> None:
        deadline = self._clock.now() + timedelta(seconds=HOLD_LIMIT_S)
        self._warehouse.rows(self._statements["announce"], {"holder": self._holder, "session_id": self._warehouse.session_id, "deadline": deadline})

    def _end_overdue(self) -> None:
        """End the session that announced itself and is past its deadline."""
        for lease in self._warehouse.rows(self._statements["overdue"], {"now": self._clock.now()}):
            log.warning("writer_overdue", holder=lease["HOLDER"])
            try:
                self._warehouse.rows(self._statements["end_session"], {"session_id": lease["SESSION_ID"]})
            except WarehouseRefused as error:
                log.warning("writer_not_ended", holder=lease["HOLDER"], reason=str(error))
