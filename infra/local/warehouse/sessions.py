"""Sessions as Snowflake keeps them, on top of fakesnow's: errors with codes, one statement at a time, and no lock held for ever."""

from __future__ import annotations

import os
import re
from threading import Lock
from typing import Any

import duckdb
import snowflake.connector.errors as snow
import structlog
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.instance import FakeSnow

from infra.local.warehouse.errors import LOCKED, translated

log = structlog.get_logger()

RESULTS_KEPT = 100
"""Results that can still be asked for by their query's id; of the statements of all sessions, the last ones."""

_OPENS_OR_ENDS = re.compile(r"\s*(BEGIN|START\s+TRANSACTION|ROLLBACK)\b", re.IGNORECASE)
_COMMITS = re.compile(r"\s*COMMIT\b", re.IGNORECASE)


class Cursor(FakeSnowflakeCursor):
    """A cursor whose every error is one of Snowflake's."""

    def execute(self, command: str, params: Any = None, *args: object, **kwargs: object) -> FakeSnowflakeCursor:  # noqa: ANN401 - as fakesnow has it
        session = self._conn
        if isinstance(session, Session):
            session.refuse_after_abort(command)
        try:
            return super().execute(command, params, *args, **kwargs)
        except duckdb.FatalException as error:
            # The engine answers nothing more until its files are opened again, which the next process does.
            log.critical("engine_invalidated", reason=str(error))
            os._exit(1)
        except Exception as error:
            raise translated(error) from error

    def _describe_last_sql(self) -> list[Any]:
        try:
            rows: list[Any] = super()._describe_last_sql()
        except Exception as error:
            raise translated(error) from error
        return rows


class Session(FakeSnowflakeConnection):
    """A session whose transaction others may end. After that it refuses everything until it has rolled back or begun anew."""

    aborted = False

    def cursor(self, *args: object, **kwargs: object) -> Cursor:
        return Cursor(self, self._duck_conn)

    def abort(self) -> bool:
        """Roll back the open transaction, from outside; whether there was one."""
        try:
            self._duck_conn.rollback()
        except duckdb.TransactionException:
            return False
        self._in_transaction = False
        self.aborted = True
        return True

    def refuse_after_abort(self, command: str) -> None:
        """Raises the error of a lost lock while the client still believes in a transaction that is gone.

        Without this, the second half of its statements would take effect by themselves.
        """
        if not self.aborted:
            return
        if _OPENS_OR_ENDS.match(command):
            self.aborted = False
            return
        self.aborted = not _COMMITS.match(command)
        raise snow.OperationalError(msg="the transaction was silent for too long and has been rolled back; begin again", errno=LOCKED, sqlstate="57014")


class RecentResults(dict[str, tuple[Any, ...]]):
    """Results by query id, the newest `RESULTS_KEPT`. Sessions write from several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()

    def __setitem__(self, query_id: str, result: tuple[Any, ...]) -> None:
        with self._lock:
            super().__setitem__(query_id, result)
            while len(self) > RESULTS_KEPT:
                del self[next(iter(self))]


class Engine(FakeSnow):
    """A fakesnow instance that hands out our sessions and forgets old results, which fakesnow keeps for ever."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as fakesnow has it
        super().__init__(*args, **kwargs)
        self.results_cache = RecentResults()

    def connect(self, database: str | None = None, schema: str | None = None, nop_regexes: list[str] | None = None, **kwargs: Any) -> Session:  # noqa: ANN401
        return Session(self.duck_conn.cursor(), self.results_cache, database, schema, db_path=self.db_path, nop_regexes=nop_regexes, **kwargs)
