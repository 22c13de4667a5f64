"""Where the objects of the batch feed lie, and what they hold.

    batch/<what>/source=<source>/year=YYYY/<SHA-256 of the rows>.parquet

A row bears AS_OF, the time at which its source said so, and the newest one counts. So the tables can be made again from the
objects alone, in any order and any number of times.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from ticklake.errors import BadObject

PRICE = pa.decimal128(20, 8)
_TIME = pa.timestamp("us")  # UTC, without a zone: with one, a warehouse would shift it into its session's
_SOURCE = re.compile(r"[a-z][a-z0-9_]*")

_BARS = [(name, PRICE) for name in ("OPEN", "HIGH", "LOW", "CLOSE")]
_ADJUSTED = [(name, PRICE) for name in ("ADJ_OPEN", "ADJ_HIGH", "ADJ_LOW", "ADJ_CLOSE", "RATIO", "AMOUNT")]


@dataclass(frozen=True)
class Kind:
    """What an object holds: its name in the key, and the columns of its rows beside OBJECT_KEY, AS_OF and SOURCE."""

    name: str
    columns: pa.Schema

    def prefix(self, source: str, year: int) -> str:
        """Prefix of the objects of a source and a year. Raises `ValueError` for a name that no source has."""
        if not _SOURCE.fullmatch(source):
            raise ValueError(f"{source!r} is no source")
        return f"batch/{self.name}/source={source}/year={year:04d}/"


DAILY = Kind("daily_bars", pa.schema([("SYMBOL", pa.string()), ("BAR_DATE", pa.date32()), ("KIND", pa.string()), *_BARS, ("VOLUME", pa.int64()), *_ADJUSTED]))
MINUTES = Kind("minute_bars", pa.schema([("SYMBOL", pa.string()), ("BAR_START", _TIME), *_BARS, ("VOLUME", pa.int64())]))


@dataclass(frozen=True)
class BatchObject:
    """An object to be created: its key, its bytes and its metadata."""

    key: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class BatchMeta:
    """What an object says of itself: its rows, and when its source said so (UTC)."""

    rows: int
    as_of: datetime

    @classmethod
    def parse(cls, key: str, headers: Mapping[str, str]) -> BatchMeta:
        """The metadata of the object at `key`. Raises `BadObject` when they are missing or malformed."""
        try:
            return cls(int(headers["rows"]), datetime.fromisoformat(headers["as-of"]))
        except (KeyError, ValueError) as error:
            raise BadObject(key, f"its metadata is malformed: {error}") from error


def encode(kind: Kind, source: str, year: int, rows: pa.Table, as_of: datetime) -> BatchObject:
    """The object that holds `rows`, whose columns are the kind's, as `source` told them at `as_of` (UTC)."""
    count = len(rows)
    told = (
        rows.cast(kind.columns)
        .append_column("SOURCE", pa.array([source] * count))
        .append_column("AS_OF", pa.array([as_of.replace(tzinfo=None)] * count, _TIME))
    )
    key = f"{kind.prefix(source, year)}{_digest(told)}.parquet"
    body = io.BytesIO()
    pq.write_table(told.append_column("OBJECT_KEY", pa.array([key] * count)), body, compression="zstd")
    return BatchObject(key, body.getvalue(), {"rows": str(count), "as-of": as_of.isoformat()})


def _digest(rows: pa.Table) -> str:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    return hashlib.sha256(sink.getbuffer()).hexdigest()
