"""Values of records to columns of JSON's own types, and what is no JSON object with a tick's fields.

All values of a batch are read together by column. Where the reader cannot vouch for one, all are first parsed one by one
to find it; a stand-in takes its place, so that the others are still read together and every row stays where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Literal, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from ticklake import tick


class _Wire(msgspec.Struct, gc=False):
    """The types of `Tick` as they stand in JSON: times and prices are still text."""

    v: int
    tick_id: str
    symbol: str
    kind: str
    event_time: str
    received_at: str
    price: str
    source: str
    feed: str
    sequence: int
    size: int | None = None
    venue: str | None = None
    conditions: str | None = None
    bid: str | None = None
    ask: str | None = None
    open: str | None = None
    high: str | None = None
    low: str | None = None
    prev_close: str | None = None
    day_volume: int | None = None


class _Version(msgspec.Struct):
    v: int


class Parsed(NamedTuple):
    """A row a value: the fields (`SCHEMA`), and why the value is no tick; of both, one is null.

    `extra` are the fields that a tick does not have, one JSON object with their values as they came; null where there are none.
    """

    fields: pa.RecordBatch
    reasons: pa.Array
    extra: pa.Array


_FIELDS = msgspec.structs.fields(_Wire)
_NAMES = {field.name for field in _FIELDS}
_REQUIRED = [field.name for field in _FIELDS if field.required]
SCHEMA = pa.schema([(field.name, pa.int64() if field.type in (int, int | None) else pa.string()) for field in _FIELDS])
"""A tick's fields by their names in JSON."""

_STAND_IN = b"{}"
_LOOKED_AT = 16
_parse = msgspec.json.Decoder(_Wire).decode
_parse_raw = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode_raw = msgspec.json.Encoder().encode
_parse_version = msgspec.json.Decoder(_Version).decode
_first_byte = itemgetter(0)
_REFUSED = (pa.ArrowInvalid, pa.ArrowNotImplementedError)


def parse(values: Sequence[bytes | None]) -> Parsed:
    """The fields of values, or why they have none, in their order. Never raises for bad data."""
    if not values:
        return Parsed(pa.RecordBatch.from_pylist([], SCHEMA), _nulls(0), _nulls(0))
    fields = _read_plain(values)
    if fields is not None and _is_complete(fields):
        return Parsed(fields, _nulls(len(values)), _nulls(len(values)))
    reasons = [_reason(value) for value in values]
    lines = [value if value and reason is None else _STAND_IN for value, reason in zip(values, reasons, strict=True)]
    fields = _read_plain(lines) if lines != values else None
    if fields is not None:
        return Parsed(fields, pa.array(reasons, pa.string()), _nulls(len(values)))
    extra = _extra(lines, reasons)
    fields = _batch(_read_doubtful([_one_line(line) for line in lines], reasons, 0))
    return Parsed(fields, pa.array(reasons, pa.string()), extra)


def _read_plain(values: Sequence[bytes | None]) -> pa.RecordBatch | None:
    """The fields of values that are beyond doubt one JSON object each and have no field that is not ours; None when one may not be.

    A value that begins with a brace, has no other one and no line break holds at most one object, and the reader refuses what is less.
    """
    try:
        lines = b"\n".join(values)  # type: ignore[arg-type]
        braced = set(map(_first_byte, values)) == {ord("{")}  # type: ignore[arg-type]
    except (TypeError, IndexError):
        return None  # a record without a value, or an empty one
    rows = len(values)
    if not braced or lines.count(b"{") != rows or lines.count(b"\n") != rows - 1 or b"\r" in lines or not _is_utf8(lines):
        return None
    # Fields that no value has cost as much as others; the longest of some values tells which they may be.
    for schema in (_schema_of(max(values[:_LOOKED_AT], key=len)), SCHEMA):  # type: ignore[arg-type]
        try:
            # What the reader would ignore it does not check either, so a field that is not ours is cause for doubt.
            table = _read(lines, schema, unknown="error")
        except _REFUSED:
            continue
        return _batch(table) if table.num_rows == rows else None
    return None


def _schema_of(value: bytes) -> pa.Schema:
    """The fields that `value` seems to have; which may be wrong, the reader will tell."""
    return pa.schema([field for field in SCHEMA if b'"%s"' % field.name.encode() in value])


def _is_utf8(lines: bytes) -> bool:
    if lines.isascii():
        return True
    try:
        lines.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_complete(fields: pa.RecordBatch) -> bool:
    """Whether every row has what a tick must have, of our version."""
    return not any(fields[name].null_count for name in _REQUIRED) and bool(pc.all(pc.equal(fields["v"], tick.VERSION)).as_py())


def _read_doubtful(lines: list[bytes], reasons: list[str | None], first: int) -> pa.Table:
    """The fields of values that were parsed alone, less those that only fail here; they get a reason.

    The reader refuses a whole batch for one value (a field twice, a whole number beyond 64 bits); halving the batch finds
    which, at a cost that only bad data pays.
    """
    try:
        table = _read(b"\n".join(lines), SCHEMA, unknown="ignore")
        if table.num_rows == len(lines):
            return table
        reason = "one value holds several rows"
    except _REFUSED as error:
        reason = str(error).splitlines()[0]
    if len(lines) == 1:
        reasons[first] = f"schema: {reason}"
        return _read(_STAND_IN, SCHEMA, unknown="ignore")
    half = len(lines) // 2
    return pa.concat_tables([_read_doubtful(lines[:half], reasons, first), _read_doubtful(lines[half:], reasons, first + half)])


def _read(lines: bytes, schema: pa.Schema, unknown: Literal["ignore", "error"]) -> pa.Table:
    """The fields of JSON objects, a line each. Raises `_REFUSED` when one does not fit."""
    table = pyarrow.json.read_json(
        pa.BufferReader(lines),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior=unknown),
    )
    columns = [table[field.name] if field.name in schema.names else pa.nulls(table.num_rows, field.type) for field in SCHEMA]
    return pa.table(columns, schema=SCHEMA)


def _extra(lines: list[bytes], reasons: list[str | None]) -> pa.Array:
    """Of each value the fields that are not ours; one in which they are no text gets a reason, and a stand-in takes its place."""
    extra: list[str | None] = []
    for row, line in enumerate(lines):
        try:
            unknown = {name: value for name, value in _parse_raw(line).items() if name not in _NAMES}
            extra.append(_encode_raw(unknown).decode() if unknown else None)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            lines[row], reasons[row] = _STAND_IN, f"not JSON: {error}"
            extra.append(None)
    return pa.array(extra, pa.string())


def _nulls(rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string())


def _batch(table: pa.Table) -> pa.RecordBatch:
    (batch,) = table.combine_chunks().to_batches()
    return batch


def _reason(value: bytes | None) -> str | None:
    """Why `value` is no JSON object with a tick's fields and types; None when it is."""
    if value is None:
        return "empty: the record has no value"
    try:
        version, schema = _parse(value).v, None
    except msgspec.ValidationError as error:
        version, schema = _version(value), f"schema: {error}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"not JSON: {error}"
    return schema if version == tick.VERSION else f"version: {version} is unknown"


def _version(value: bytes) -> int:
    """The version of a value with wrong fields, which may be right for another version; ours where it has none."""
    try:
        return _parse_version(value).v
    except msgspec.MsgspecError:
        return tick.VERSION


def _one_line(value: bytes) -> bytes:
    """JSON without line breaks, which separate the values of a batch."""
    return msgspec.json.format(value, indent=-1) if b"\n" in value or b"\r" in value else value
