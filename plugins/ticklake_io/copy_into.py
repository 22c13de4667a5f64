"""COPY of named objects, whose result rows are read: what is not stored in full is an error that names the object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple

from ticklake.errors import BadObject, LoadMismatch, WarehouseRefused
from ticklake_io.warehouse import Row, Warehouse

MOST_FILES = 1_000
"""Of one COPY; Snowflake's limit."""

FILES = "':files'"
"""What stands in a statement in place of the names: neither engine binds them."""

_SAFE_KEY = re.compile(r"[\w./=-]+", re.ASCII)
_NOT_OF_THE_OBJECTS = {"42501", "42S02", "02000", "57014"}
"""A right or a table that is missing, or a statement that ran out of time."""


class Copied(NamedTuple):
    """One result row: the object's key, what the engine says became of it, and the rows that it stored."""

    key: str
    status: str
    rows: int


def copy_into(warehouse: Warehouse, statement: str, objects: Mapping[str, int | None]) -> list[Copied]:
    """Copy `objects` by `statement`, which says `FILES = (':files')`, at most 1,000 in each; a result for each, in their order.

    The value of each key is the number of rows that must be stored; None: any. Nothing is undone here: call it inside of a transaction.
    Raises `LoadMismatch` that names the first object that was not stored in full and its first error, `BadObject` for a key
    that cannot stand in a statement, `WarehouseRefused` when it is the table, the stage or the right that is missing, or the time.
    """
    keys = iter(objects)
    copied: list[Copied] = []
    while chunk := list(islice(keys, MOST_FILES)):
        results = {_key(str(row["file"])): row for row in _results(warehouse, statement, chunk)}
        copied += [_checked(key, objects[key], results.get(key)) for key in chunk]
    return copied


def _results(warehouse: Warehouse, statement: str, keys: list[str]) -> list[Row]:
    names = ", ".join(f"'{_plain(key)}'" for key in keys)
    try:
        rows = warehouse.rows(statement.replace(FILES, names))
    except WarehouseRefused as error:
        if error.sqlstate in _NOT_OF_THE_OBJECTS:
            raise
        raise LoadMismatch(f"{keys[0]}{f' and {len(keys) - 1} more' if keys[1:] else ''} cannot be copied: {error}") from error
    lower = [{name.lower(): value for name, value in row.items()} for row in rows]
    return [row for row in lower if "file" in row]  # an engine that found none of the files says so in a row of its own


def _checked(key: str, expected: int | None, row: Mapping[str, Any] | None) -> Copied:
    if row is None:
        raise LoadMismatch(f"{key}: COPY has no result for it")
    copied = Copied(key, row["status"], row["rows_loaded"])
    if copied.status != "LOADED" or expected not in (None, copied.rows):
        wanted = "" if expected is None else f", {expected} were expected"
        because = f": {' '.join(str(row['first_error']).split())}" if row.get("first_error") else ""
        raise LoadMismatch(f"{key}: {copied.rows} rows were stored{wanted} ({copied.status}{because})")
    return copied


def _key(file: str) -> str:
    """The key in a result's file, which is an address where the stage is a bucket."""
    return file.split("/", 3)[3] if "://" in file else file


def _plain(key: str) -> str:
    if not _SAFE_KEY.fullmatch(key):
        raise BadObject(key, "has characters that no object of ours has in its key")
    return key
