"""Rows of a table as a file, and back. Every value is text, so that no engine, driver or file format rounds or shifts it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from ticklake_airflow.settling.checksum import Column
from ticklake_io.warehouse import Warehouse

_AT_ONCE = 5_000
"""Rows that one statement inserts."""
_FORMATS = {"DATE": "YYYY-MM-DD", "TIMESTAMP_NTZ": "YYYY-MM-DD HH24:MI:SS.FF6"}

Texts = dict[str, str | None]
"""A row: its values by column."""


def stored(warehouse: Warehouse, table: str, columns: Sequence[Column], where: str = "TRUE") -> list[Texts]:
    """The rows of a table for which `where` is true, in an order that follows from their values alone."""
    names = ", ".join(_as_read(each) for each in columns)
    rows = warehouse.rows(f"SELECT {names} FROM {table} WHERE {where}")  # noqa: S608 - names are those of INFORMATION_SCHEMA
    texts = [{name: _text(value) for name, value in row.items()} for row in rows]
    return sorted(texts, key=lambda row: [(value is not None, value or "") for value in row.values()])


def insert(warehouse: Warehouse, table: str, columns: Sequence[Column], rows: Sequence[Texts]) -> None:
    """Add rows; columns that they do not have are null. Call it inside of a transaction."""
    known = [each for each in columns if rows and each.name in rows[0]]
    names = ", ".join(f'"{each.name}"' for each in known)
    values = ", ".join(f"EACH.VALUE[{at}]::VARCHAR::{_type(each)}" for at, each in enumerate(known))
    statement = f"INSERT INTO {table} ({names}) SELECT {values} FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:rows))) AS EACH"  # noqa: S608 - as above
    for first in range(0, len(rows), _AT_ONCE):
        some = [[row[each.name] for each in known] for row in rows[first : first + _AT_ONCE]]
        warehouse.rows(statement, {"rows": json.dumps(some)})


def as_parquet(columns: Sequence[Column], rows: Sequence[Texts]) -> bytes:
    """The rows as a file; equal rows are equal bytes."""
    body = io.BytesIO()
    table = pa.table({each.name: pa.array([row[each.name] for row in rows], pa.string()) for each in columns})
    pq.write_table(table, body, compression="zstd")
    return body.getvalue()


def of_parquet(body: bytes) -> list[Texts]:
    """The inverse of `as_parquet`."""
    rows: list[Texts] = pq.read_table(io.BytesIO(body)).to_pylist()
    return rows


def _as_read(column: Column) -> str:
    kind = column.kind.partition("(")[0]
    if kind not in _FORMATS:
        return f'"{column.name}"'
    # A null time comes through fakesnow's connector as 1970, a null text as null; and it forgets the format where it is not told the type.
    return f'TO_CHAR(CAST("{column.name}" AS {_type(column)}), \'{_FORMATS[kind]}\') AS "{column.name}"'


def _type(column: Column) -> str:
    kind = column.kind.partition("(")[0]
    return {"NUMBER": f"NUMBER(37, {column.scale})", "TEXT": "VARCHAR", "TIMESTAMP_NTZ": "TIMESTAMP_NTZ(6)"}.get(kind, kind)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
