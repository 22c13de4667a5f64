"""A session of the warehouse that keeps account of itself: at its end it leaves in OPS.METRICS how long its statements took.

What each engine remembers of queries differs (and costs rights to read); this is the same everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from ticklake.clock import Clock
from ticklake.errors import TicklakeError
from ticklake.measurement import Measurement
from ticklake_io import metrics_table
from ticklake_io.sql import Params
from ticklake_io.warehouse import Row, SnowflakeWarehouse

if TYPE_CHECKING:
    import pandas as pd

log = structlog.get_logger()

_TEXT = 120
"""Of a statement, so many characters are kept: enough to know it. Values are bound, so none is among them."""


class MeteredWarehouse:
    """A session whose statements are timed, as the caller waits for them. For one thread at a time.

    `query_tag` is JSON; its `dag` and `task` become the account's labels.
    """

    def __init__(self, session: SnowflakeWarehouse, clock: Clock, query_tag: str) -> None:
        self._session = session
        self._clock = clock
        tag = json.loads(query_tag)
        self._labels = {"task": f"{tag['dag']}.{tag['task']}"}
        self._statements = 0
        self._seconds = 0.0
        self._slowest = ("", 0.0)

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        with self._timed(sql):
            return self._session.rows(sql, params)

    def frame(self, sql: str, params: Params | None = None) -> pd.DataFrame:
        with self._timed(sql):
            return self._session.frame(sql, params)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._timed("COMMIT") as commit, self._session.transaction():
            try:
                yield
            finally:
                commit.restart()

    @property
    def session_id(self) -> str | None:
        """What the engine calls this session, as `SnowflakeWarehouse` says."""
        return self._session.session_id

    def close(self) -> None:
        """Leave the account, if there is something to tell, and end the session. Never fails: an account is not worth a failed task."""
        if self._statements:
            try:
                metrics_table.write(self._session, self._account(), self._clock.now())
            except TicklakeError as error:
                log.warning("account_lost", **self._labels, seconds=round(self._seconds, 3), reason=str(error))
        self._statements, self._seconds, self._slowest = 0, 0.0, ("", 0.0)
        self._session.close()

    def _account(self) -> list[Measurement]:
        text, seconds = self._slowest
        return [
            Measurement("warehouse_seconds", round(self._seconds, 3), "s", self._labels),
            Measurement("slowest_statement_s", round(seconds, 3), "s", self._labels | {"statement": text}),
        ]

    @contextmanager
    def _timed(self, sql: str) -> Iterator[_Watch]:
        watch = _Watch(self._clock)
        try:
            yield watch
        finally:
            took = watch.seconds()
            self._statements += 1
            self._seconds += took
            if took > self._slowest[1]:
                self._slowest = (_known_by(sql), took)


class _Watch:
    """Measures from its last start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        self._began = self._clock.monotonic()

    def seconds(self) -> float:
        return self._clock.monotonic() - self._began


def _known_by(sql: str) -> str:
    """The beginning of a statement, without its comments."""
    lines = (line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    return " ".join(" ".join(lines).split())[:_TEXT]
