"""Tables as files for other programs: CSV and Parquet, each in an archive with a sidecar that says what it is and proves it whole."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import pandas as pd

SIDECAR = "sidecar.json"

_FORMULA = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
"""How a cell begins that a spreadsheet would run (OWASP, CSV injection); the last four are full-width = + - @."""

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"

_NAME_PART = re.compile(r"[^\w.^=+-]+")
_NAME_LENGTH = 80


class Format(StrEnum):
    """How a table is written; the value is the file's ending."""

    CSV = "csv"
    PARQUET = "parquet"


class DataFile(NamedTuple):
    """A table as bytes: its rows, its columns as they are named in it, and the SHA-256 of `body` in hexadecimal."""

    name: str
    body: bytes
    rows: int
    columns: list[str]
    sha256: str


def data_file(frame: pd.DataFrame, name: str, file_format: Format) -> DataFile:
    """The rows of `frame`, without its index, as a file `name` plus ending.

    Times are UTC: ISO 8601 in CSV, typed with zone in Parquet; naive ones are taken for UTC. What is unknown is empty. CSV cells
    that a spreadsheet would take for a formula get a `'` before them; numbers never do. Lists are JSON in CSV.
    """
    table = _in_utc(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None))
    sink = io.BytesIO()
    if file_format is Format.CSV:
        table = _for_spreadsheets(table)
        pyarrow.csv.write_csv(table, sink)
    else:
        texts = [field.name for field in table.schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
        pq.write_table(table, sink, compression="zstd", use_dictionary=texts)
    body = sink.getvalue()
    return DataFile(f"{name}.{file_format}", body, table.num_rows, table.column_names, hashlib.sha256(body).hexdigest())


def archive(data: DataFile, sidecar: dict[str, object], at: datetime) -> bytes:
    """A ZIP of the file and its sidecar as JSON, both dated `at`. Parquet is compressed already and only stored."""
    date = at.astimezone(UTC).timetuple()[:6]
    method = zipfile.ZIP_STORED if data.name.endswith(Format.PARQUET) else zipfile.ZIP_DEFLATED
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", compresslevel=1) as box:
        box.writestr(zipfile.ZipInfo(data.name, date), data.body, method)
        box.writestr(zipfile.ZipInfo(SIDECAR, date), json.dumps(sidecar, indent=2, ensure_ascii=False).encode(), zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def file_name(title: str, as_of: datetime) -> str:
    """`title` and the time as a name that every file system takes, without an ending: AAPL_1d_2026-01-02_20261123T150000Z."""
    stem = _NAME_PART.sub("_", title).strip("._")[:_NAME_LENGTH] or "export"
    return f"{stem}_{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _in_utc(table: pa.Table) -> pa.Table:
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(index, field.name, table[index].cast(pa.timestamp("us", "UTC")))
    return table


def _for_spreadsheets(table: pa.Table) -> pa.Table:
    columns = [_written(table[index]) for index in range(table.num_columns)]
    return pa.table(columns, names=_defused(pa.chunked_array([table.column_names], pa.string())).to_pylist())


def _written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return pc.replace_substring(column.cast(pa.string()), " ", "T", max_replacements=1)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_struct(kind):
        return pa.chunked_array([[None if value is None else json.dumps(value, default=str) for value in column.to_pylist()]], pa.string())
    return _defused(column) if pa.types.is_string(kind) or pa.types.is_large_string(kind) else column


def _defused(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pc.any(_runs(texts.unique())).as_py():  # a symbol stands in every row, and few texts of all begin so
        return texts
    dangerous = _runs(texts)
    return pc.if_else(dangerous, pc.binary_join_element_wise(pa.scalar("'", texts.type), texts, pa.scalar("", texts.type)), texts)


def _runs(texts: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """For each text whether a spreadsheet would run it."""
    return pc.and_(pc.match_substring_regex(texts, _FORMULA), pc.invert(pc.match_substring_regex(texts, _NUMBER)))
