"""Rows of tables as files, and back. Values are text, so that no engine, driver or file format rounds or shifts them."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ticklake_airflow.settling.checksum import Column
from ticklake_io.warehouse import Warehouse

_AT_ONCE = 5_000
"""Rows that one statement inserts."""
_FORMATS = {"DATE": "YYYY-MM-DD", "TIMESTAMP_NTZ": "YYYY-MM-DD HH24:MI:SS.FF6"}
_OWN_TEXT = ("BOOLEAN", "FLOAT")
"""Types that become text here: engines write them each in its own way, and not every digit of a float."""
_TABLE = "TABLE_NAME"

Texts = dict[str, str | None]
"""A row: its values by column."""


class Some(NamedTuple):
    """Of a table, the rows for which `where` is true."""

    columns: Sequence[Column]
    where: str = "TRUE"


def stored(warehouse: Warehouse, table: str, columns: Sequence[Column], where: str = "TRUE") -> list[Texts]:
    """The rows of a table for which `where` is true, in an order that follows from their values alone."""
    return at_once(warehouse, {table: Some(columns, where)})[table]


def at_once(warehouse: Warehouse, wanted: Mapping[str, Some]) -> dict[str, list[Texts]]:
    """The same of several tables, as they are at one moment: a row that another one names is there, too."""
    slots = {table: _slots(some.columns) for table, some in wanted.items()}
    found: dict[str, list[Texts]] = {table: [] for table in wanted}
    for row in warehouse.rows(statement(wanted)):
        found[row[_TABLE]].append({column.name: _text(row[slot]) for slot, column in slots[row[_TABLE]].items()})
    return {table: sorted(texts, key=lambda row: [(value is not None, value or "") for value in row.values()]) for table, texts in found.items()}


def statement(wanted: Mapping[str, Some]) -> str:
    """The query of `at_once`. It is one, because on Snowflake a statement sees one moment and a transaction does not."""
    slots = {table: _slots(some.columns) for table, some in wanted.items()}
    every = sorted({slot for mine in slots.values() for slot in mine})
    parts = []
    for table, some in wanted.items():
        mine = slots[table]
        values = ", ".join(f"{_as_read(mine[slot]) if slot in mine else f'CAST(NULL AS {_slot_type(slot)})'} AS {slot}" for slot in every)
        parts.append(f"SELECT '{table}' AS {_TABLE}, {values} FROM {table} WHERE {some.where}")  # noqa: S608 - names are those of INFORMATION_SCHEMA
    return " UNION ALL ".join(parts)


def insert(warehouse: Warehouse, table: str, columns: Sequence[Column], rows: Sequence[Texts]) -> None:
    """Add rows; columns that they do not have are null. Call it inside of a transaction."""
    known = [each for each in columns if rows and each.name in rows[0]]
    names = ", ".join(f'"{each.name}"' for each in known)
    values = ", ".join(f"EACH.VALUE[{at}]::VARCHAR::{_type(each)}" for at, each in enumerate(known))
    query = f"INSERT INTO {table} ({names}) SELECT {values} FROM TABLE(FLATTEN(INPUT => PARSE_JSON(:rows))) AS EACH"  # noqa: S608 - as above
    for first in range(0, len(rows), _AT_ONCE):
        some = [[row[each.name] for each in known] for row in rows[first : first + _AT_ONCE]]
        warehouse.rows(query, {"rows": json.dumps(some)})


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


def _slots(columns: Sequence[Column]) -> dict[str, Column]:
    """What columns are called while tables are read together: by type and number, so that tables share them."""
    count: Counter[str] = Counter()
    slots = {}
    for each in columns:
        kind = _kind(each) if _kind(each) in _OWN_TEXT else "VARCHAR"
        slots[f"{kind}_{count[kind]}"] = each
        count[kind] += 1
    return slots


def _slot_type(slot: str) -> str:
    return slot.partition("_")[0]


def _as_read(column: Column) -> str:
    name, kind = f'"{column.name}"', _kind(column)
    if kind in _OWN_TEXT:
        return name
    if kind not in _FORMATS:
        return f"CAST({name} AS VARCHAR)"
    # A null time comes through fakesnow's connector as 1970, a null text as null; and it forgets the format where it is not told the type.
    return f"TO_CHAR(CAST({name} AS {_type(column)}), '{_FORMATS[kind]}')"


def _type(column: Column) -> str:
    kind = _kind(column)
    return {"NUMBER": f"NUMBER(37, {column.scale})", "TEXT": "VARCHAR", "TIMESTAMP_NTZ": "TIMESTAMP_NTZ(6)"}.get(kind, kind)


def _kind(column: Column) -> str:
    return column.kind.partition("(")[0]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
