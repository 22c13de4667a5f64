"""Checksums of rows that do not depend on their order, nor on who computes them: an engine in SQL, or we from Parquet.

A row is the text of its values in the order of the columns' names; its hash is an MD5 whose letters became digits, and a
table's checksum the sum of its rows' hashes. So equal tables have equal checksums, a row that is there twice counts twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

ROW = "':row'"
"""What stands in a statement in place of a row's text."""

_NULL = "<null>"
_DIGITS = str.maketrans("abcdef", "012345")
_LENGTH = 27
"""Digits of a hash: 10^10 rows still add up within 37."""
_SCALE = 8
_TIME = "YYYY-MM-DD HH24:MI:SS.FF6"


class Column(NamedTuple):
    """A column by name, type as INFORMATION_SCHEMA has it, and decimal places."""

    name: str
    kind: str
    scale: int


class Image(NamedTuple):
    """Rows, and their checksum."""

    rows: int
    checksum: int


def tables(warehouse: Warehouse, statements: Statements, schemas: Sequence[str]) -> dict[str, list[Column]]:
    """The columns of every table of `schemas`, by SCHEMA.TABLE, in the order of their names."""
    rows = warehouse.rows(statements["columns"], {"schemas": schemas})
    return {name: [Column(row["COLUMN_NAME"], row["DATA_TYPE"], int(row["SCALE"])) for row in some] for name, some in groupby(rows, lambda row: row["NAME"])}


def image(warehouse: Warehouse, statements: Statements, table: str, columns: Iterable[Column]) -> Image:
    """Rows and checksum of a table, computed by the engine."""
    row = warehouse.rows(statements["checksum"].replace(ROW, row_text(columns)).replace("RAW.TICKS", table))[0]
    return Image(int(row["N"]), int(row["CHECKSUM"]))


def row_text(columns: Iterable[Column]) -> str:
    """The SQL expression of a row's text."""
    return " || '|' || ".join(f"COALESCE({_sql(each)}, '{_NULL}')" for each in columns)


def image_of(table: pa.Table, columns: Iterable[Column]) -> Image:
    """The same of Parquet's rows, whose columns have the types of RAW.TICKS. A column that the table lacks is null."""
    names = {name.upper(): name for name in table.column_names}
    texts = [_text(table[names[each.name]], each) if each.name in names else pa.nulls(table.num_rows, pa.string()) for each in columns]
    rows = pc.binary_join_element_wise(*[pc.fill_null(text, _NULL) for text in texts], "|")
    return Image(table.num_rows, sum(map(_hash, rows.to_pylist())))


def _hash(row: str) -> int:
    return int(hashlib.md5(row.encode(), usedforsecurity=False).hexdigest().translate(_DIGITS)[:_LENGTH])


def _sql(column: Column) -> str:
    name = f'"{column.name}"'  # some are words of SQL
    if column.kind.startswith("TIMESTAMP"):
        return f"TO_CHAR(CAST({name} AS TIMESTAMP_NTZ(6)), '{_TIME}')"  # fakesnow forgets the format where it is not told the type
    if column.kind == "FLOAT":  # engines write binary floats each in its own way
        return f"CAST(CAST({name} AS NUMBER(37, 12)) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def _text(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    if pa.types.is_decimal(values.type):
        # Arrow writes small decimals with an exponent; whole numbers it does not.
        whole = pc.multiply(pc.cast(values, pa.decimal128(28, _SCALE)), pa.scalar(Decimal(10**_SCALE), pa.decimal128(9, 0)))
        digits = pc.utf8_lpad(pc.cast(pc.cast(whole, pa.decimal128(28, 0)), pa.string()), _SCALE + 1, "0")
        return pc.replace_substring_regex(digits, rf"(\d{{{_SCALE}}})$", r".\1")
    if pa.types.is_timestamp(values.type):
        return pc.strftime(pc.cast(values, pa.timestamp("us")), "%Y-%m-%d %H:%M:%S")
    return pc.cast(values, pa.string())
