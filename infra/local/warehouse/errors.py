"""Errors of the engine as Snowflake would tell them, so that the connector raises instead of trying again in silence."""

from __future__ import annotations

import duckdb
import snowflake.connector.errors as snow

LOCKED = 625
"""Snowflake: the statement could not have the lock; the transaction was rolled back."""

_COMPILATION = 1003
_BAD_VALUE = 100038
_NO_FILE = 91016
_DUPLICATE = 100072
_INTERNAL = 603


def translated(error: Exception) -> snow.Error:
    """The Snowflake error for whatever a statement raised."""
    text = str(error).strip() or type(error).__name__
    match error:
        case snow.Error():
            return error
        case duckdb.TransactionException():
            return snow.OperationalError(msg=f"{text} (roll back and begin again)", errno=LOCKED, sqlstate="57014")
        case duckdb.ConstraintException():
            return snow.ProgrammingError(msg=text, errno=_DUPLICATE, sqlstate="22000")
        case duckdb.ConversionException() | duckdb.OutOfRangeException() | duckdb.InvalidInputException():
            return snow.ProgrammingError(msg=text, errno=_BAD_VALUE, sqlstate="22018")
        case duckdb.IOException() if "No files found" in text:
            return snow.ProgrammingError(msg=text, errno=_NO_FILE, sqlstate="22000")
        case duckdb.IOException() | duckdb.FatalException() | duckdb.InternalException() | duckdb.OutOfMemoryException():
            return snow.OperationalError(msg=text, errno=_INTERNAL, sqlstate="XX000")
        case duckdb.Error() if type(error) is duckdb.Error:
            # What the object store's file system raised, as a traceback.
            return snow.OperationalError(msg=text, errno=_INTERNAL, sqlstate="58030")
        case _:
            return snow.ProgrammingError(msg=f"{type(error).__name__}: {text}", errno=_COMPILATION, sqlstate="42000")
