"""Rows of a file of trades, as text, one at a time: CSV, CSV in gzip, or Parquet.

A CSV row is one line: fields may be quoted, so hold commas and quotes, but no line break. So a stray quote spoils one line only.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TextIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from ticklake.errors import BadLine, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("symbol", "event_time", "price", "size", "exchange", "conditions")

_BATCH = 8192


class Row(NamedTuple):
    """A row's fields as the file gives them; absent values are empty. `line` counts from 1; a CSV's header is line 1."""

    line: int
    symbol: str
    event_time: str
    price: str
    size: str
    exchange: str
    conditions: str


def read(path: Path) -> Iterator[Row | BadLine]:
    """The rows of the file, in its order, and the lines that are none.

    Raises `ConfigError` when the file cannot be opened, or lacks a column.
    """
    try:
        yield from _parquet(path) if path.suffix == ".parquet" else _csv(path)
    except OSError as error:
        raise ConfigError(f"--file {path}: {error.strerror or error}") from None


def _csv(path: Path) -> Iterator[Row | BadLine]:
    with _open(path) as file:
        number = 0
        try:
            header = _check_header(path, _fields(file.readline()))
            pick = itemgetter(*(header.index(name) for name in COLUMNS))
            number = 1
            for number, line in enumerate(file, 2):
                if not line.strip():
                    continue
                try:
                    fields = _fields(line)
                    if len(fields) != len(header):
                        raise ValueError(f"{len(fields)} fields where the header has {len(header)}")
                    yield Row(number, *pick(fields))
                except (csv.Error, ValueError) as error:
                    yield BadLine(str(path), number, str(error))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            yield BadLine(str(path), number + 1, f"the file is damaged from here on: {error}")


def _open(path: Path) -> TextIO:
    # Bytes that are no UTF-8 become surrogates, which the row's own check finds: they spoil their line, not the file.
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8-sig", errors="surrogateescape"))
    return path.open(encoding="utf-8-sig", errors="surrogateescape")


def _fields(line: str) -> list[str]:
    text = line.rstrip("\r\n")
    return next(csv.reader([text], strict=True)) if '"' in text else text.split(",")


def _check_header(path: Path, header: list[str]) -> list[str]:
    names = [name.strip().lower() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ConfigError(f"--file {path}: column {', '.join(missing)} is missing; a file of trades has {','.join(COLUMNS)}")
    doubled = [name for name in COLUMNS if names.count(name) > 1]
    if doubled:
        raise ConfigError(f"--file {path}: column {', '.join(doubled)} is there more than once")
    return names


def _parquet(path: Path) -> Iterator[Row | BadLine]:
    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            header = _check_header(path, names)
            wanted = [names[header.index(name)] for name in COLUMNS]
            for batch in file.iter_batches(_BATCH, columns=wanted):
                for fields in zip(*(_text(batch[name]) for name in wanted), strict=True):
                    number += 1
                    yield Row(number, *fields)
    except pa.ArrowNotImplementedError as error:
        raise ConfigError(f"--file {path}: a column's type or encoding cannot be read as text: {str(error).splitlines()[0]}") from None
    except pa.ArrowInvalid as error:
        yield BadLine(str(path), number + 1, f"the file is damaged from here on: {str(error).splitlines()[0]}")


def _text(column: pa.Array) -> list[str]:
    if pa.types.is_timestamp(column.type):
        column = pc.strftime(pc.cast(column, pa.timestamp("us", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
    texts: list[str] = pc.fill_null(pc.cast(column, pa.string()), "").to_pylist()
    return texts
