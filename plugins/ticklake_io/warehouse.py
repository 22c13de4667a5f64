"""The warehouse: Snowflake's connector behind a small Protocol, with errors that say what to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from snowflake.connector import SnowflakeConnection
from snowflake.connector import errors as snow

from ticklake.errors import TicklakeError, WarehouseBusy, WarehouseRefused, WarehouseUnavailable
from ticklake.settings import Settings
from ticklake_io.sql import Params, bind

if TYPE_CHECKING:
    from uuid import UUID

    import pandas as pd
    from snowflake.connector.cursor import SnowflakeCursor

Row = dict[str, Any]

LOCK_TIMEOUT_S = 10
"""How long a statement waits for a lock; Snowflake's own limit is twelve hours."""

_BUSY = {604, 625, 626}
"""Cancelled by another, waited too long for a lock, or the lock's owner went away."""

_SESSION_GONE = {390104, 390111, 390112, 390114, 390195}
"""The server no longer knows the session or its token."""


class Warehouse(Protocol):
    """What the platform needs of a warehouse. Every call may raise `WarehouseUnavailable`, `WarehouseBusy` or `WarehouseRefused`."""

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        """Run one statement; its rows by upper-case column name. Times are naive, in UTC."""
        ...

    def frame(self, sql: str, params: Params | None = None) -> pd.DataFrame:
        """Run one query; its rows as a frame with upper-case columns."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """A context in which statements take effect together or not at all."""
        ...


class SnowflakeWarehouse:
    """One session, opened at the first statement and again when the server has forgotten it. For one thread at a time."""

    def __init__(self, connect: Callable[[], SnowflakeConnection]) -> None:
        self._connect = connect
        self._connection: SnowflakeConnection | None = None
        self._lock = threading.RLock()
        self._in_transaction = False

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        with self._lock, self._cursor(sql, params) as cursor:
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def frame(self, sql: str, params: Params | None = None) -> pd.DataFrame:
        with self._lock, self._cursor(sql, params) as cursor:
            frame: pd.DataFrame = cursor.fetch_pandas_all()
            return frame

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            self.rows("BEGIN")
            self._in_transaction = True
            try:
                yield
                self.rows("COMMIT")
            except BaseException:
                # Rolling back can only fail when the session is gone, and with it the transaction.
                with suppress(TicklakeError):
                    self.rows("ROLLBACK")
                raise
            finally:
                self._in_transaction = False

    @property
    def session_id(self) -> str | None:
        """What the engine calls this session; None before its first statement and where the engine has no such names."""
        known = self._connection.session_id if self._connection else None
        return None if known is None else str(known)

    def close(self) -> None:
        """End the session; the next statement opens another."""
        connection, self._connection = self._connection, None
        if connection:
            with suppress(snow.Error, OSError):
                connection.close()

    @contextmanager
    def _cursor(self, sql: str, params: Params | None) -> Iterator[Any]:
        bound = bind(sql, params) if params is not None else (sql, [])
        try:
            cursor = self._execute(*bound)
        except snow.Error as error:
            if error.errno not in _SESSION_GONE or self._in_transaction:
                raise self._translated(error) from error
            self.close()
            try:
                cursor = self._execute(*bound)
            except snow.Error as again:
                raise self._translated(again) from again
        try:
            yield cursor
        except snow.Error as error:
            raise self._translated(error) from error
        finally:
            cursor.close()

    def _execute(self, text: str, values: list[Any]) -> SnowflakeCursor:
        if self._connection is None:
            self._connection = self._connect()
        cursor = self._connection.cursor()
        cursor.execute(text, values or None)
        return cursor

    def _translated(self, error: snow.Error) -> TicklakeError:
        """Our error for the connector's; a session that may be broken is dropped."""
        text = " ".join(str(error.msg or error).split())[:500]
        if error.errno in _BUSY:
            return WarehouseBusy(f"another writer holds the rows: {text}")
        if isinstance(error, snow.ProgrammingError | snow.IntegrityError | snow.NotSupportedError | snow.DataError) and error.errno not in _SESSION_GONE:
            return WarehouseRefused(text, error.sqlstate)
        self.close()
        return WarehouseUnavailable(f"the warehouse does not answer: {text}")


def connection_arguments(settings: Settings) -> dict[str, Any]:
    """The connector's arguments that the settings name."""
    password = settings.warehouse_password
    arguments = {
        "account": settings.warehouse_account,
        "user": settings.warehouse_user,
        "password": password.get_secret_value() if password else None,
        "private_key_file": str(settings.warehouse_private_key_file) if settings.warehouse_private_key_file else None,
        "host": settings.warehouse_host,
        "port": settings.warehouse_port,
        "database": settings.warehouse_database,
        "warehouse": settings.warehouse_compute,
        "role": settings.warehouse_role,
    }
    return {name: value for name, value in arguments.items() if value is not None}


class _Connection(SnowflakeConnection):
    """A connection that gives a statement up quietly."""

    def _cancel_query(self, sql: str, request_id: UUID) -> dict[str, bool | None]:
        """Ask the server to stop a statement, on the timer that the connector starts for each.

        Nobody waits for that timer: what it raised would be a traceback of a thread, while who ran the statement is told of the
        timeout anyway. A connection that was given up meanwhile has no way to ask.
        """
        with suppress(snow.Error, AttributeError):
            return super()._cancel_query(sql, request_id)
        return {}


def open_warehouse(arguments: dict[str, Any], query_tag: str) -> SnowflakeWarehouse:
    """A warehouse for `arguments` of the connector; each of its statements carries `query_tag`.

    Timeouts are short, because the caller knows better than the connector when to try again.
    """

    def connect() -> SnowflakeConnection:
        return _Connection(
            **{"login_timeout": 20, "network_timeout": 120} | arguments,
            paramstyle="qmark",
            session_parameters={"QUERY_TAG": query_tag, "TIMEZONE": "UTC", "LOCK_TIMEOUT": LOCK_TIMEOUT_S},
        )

    return SnowflakeWarehouse(connect)
