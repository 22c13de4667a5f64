"""Records of one partition to columns: every consumed record becomes a row, poison included.

All values of a batch are decoded together by column, and the rules of the contract are applied to whole columns. Where
one may be no JSON or have wrong types, they are first parsed one by one, to sort it out with its reason.
A row that breaks a rule keeps its coordinates and bytes; its tick fields are null and REJECT_REASON says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from ticklake import tick

PRICE = pa.decimal128(20, 8)
TIME = pa.timestamp("us")
"""UTC without a zone: with one, a cast to TIMESTAMP_NTZ would take the session's zone."""

PRICE_FIELDS = ("price", "bid", "ask", "open", "high", "low", "prev_close")
TIME_FIELDS = ("event_time", "received_at")
COUNT_FIELDS = ("size", "day_volume")
TEXT_LIMITS = {"tick_id": 128, "symbol": 64, "source": 32, "venue": 64, "conditions": 128}
"""The most characters a text may have."""
YEARS = range(1970, 2200)
"""Of both times. Further out, an engine or a language that handles them has no such date, or none a minute later."""

TICK_SCHEMA = pa.schema(
    [
        ("V", pa.int32()),
        ("TICK_ID", pa.string()),
        ("SYMBOL", pa.string()),
        ("VENUE", pa.string()),
        ("CONDITIONS", pa.string()),
        ("KIND", pa.string()),
        ("EVENT_TIME", TIME),
        ("RECEIVED_AT", TIME),
        *((name.upper(), PRICE) for name in PRICE_FIELDS),
        ("SIZE", pa.int64()),
        ("DAY_VOLUME", pa.int64()),
        ("SOURCE", pa.string()),
        ("FEED", pa.string()),
        ("SEQUENCE", pa.int64()),
    ]
)
"""A tick's fields, by the names and types of RAW.TICKS."""

SCHEMA = pa.schema(
    [
        ("GENERATION", pa.int32()),
        ("PARTITION_ID", pa.int32()),
        ("OFFSET_ID", pa.int64()),
        ("KAFKA_TIME", TIME),
        ("OBJECT_KEY", pa.string()),
        ("REJECT_REASON", pa.string()),
        *TICK_SCHEMA,
        ("TOPIC", pa.string()),
        ("KEY", pa.binary()),
        ("VALUE", pa.binary()),
    ]
)
"""A raw object's columns: RAW.TICKS and the record's own bytes."""

_WIRE = pa.schema(
    [(field.name.lower(), pa.string() if field.type in (PRICE, TIME) else field.type) for field in TICK_SCHEMA if field.name != "V"]
    + [pa.field("v", pa.int64())]
)
_PRICE_FORM = r"^[0-9]{1,12}(\.[0-9]{1,8})?$"
_TIME_FORM = rf"^({'|'.join(map(str, YEARS))})-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?Z$"


class _Wire(msgspec.Struct):
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


_REQUIRED = [field.name for field in msgspec.structs.fields(_Wire) if field.required]


class _Version(msgspec.Struct):
    v: int


_parse = msgspec.json.Decoder(_Wire).decode
_parse_version = msgspec.json.Decoder(_Version).decode


class Decoded(NamedTuple):
    """Tick columns of a batch, a row a record, and why a row was rejected (null where it was not)."""

    columns: pa.Table
    reasons: pa.Array


def decode(keys: Sequence[bytes | None], values: Sequence[bytes | None]) -> Decoded:
    """Tick columns (`TICK_SCHEMA`) and reject reasons of records, in their order. Never raises for bad data.

    Good batches are decoded as one block. Only a batch with a value that the block cannot vouch for is looked at value by
    value, with the same result for its good values.
    """
    wire = _decode_block(values)
    if wire is not None:
        broken = _rule_reasons(wire, pa.array(keys, pa.binary()))
        return Decoded(_typed(wire, broken), broken)
    reasons = [_type_reason(value) for value in values]
    good = [i for i, reason in enumerate(reasons) if reason is None]
    wire = _decode_values([_one_line(values[i] or b"") for i in good], good, reasons)
    rows = [i for i in good if reasons[i] is None]
    broken = _rule_reasons(wire, pa.array([keys[i] for i in rows], pa.binary()))
    return _spread(_typed(wire, broken), broken, pa.array(rows, pa.int64()), reasons)


def _decode_block(values: Sequence[bytes | None]) -> pa.Table | None:
    """Wire columns of values that are beyond doubt one JSON object each, with all that a tick must have; None when one may not be.

    A line that begins with a brace and has no other one holds at most one object, and the reader refuses what is less.
    """
    try:
        block = b"\n".join(values)  # type: ignore[arg-type]
    except TypeError:
        return None
    lines = len(values)
    plain = block.startswith(b"{") and block.count(b"{") == lines and block.count(b"\n{") == block.count(b"\n") == lines - 1 and b"\r" not in block
    if not plain or not _is_utf8(block):
        return None
    try:
        # What the reader would ignore it does not check either, so a field that is not ours is cause for doubt.
        wire = _read(block, unknown="error")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    complete = wire.num_rows == lines and not any(wire[name].null_count for name in _REQUIRED)
    return wire if complete and pc.all(pc.equal(wire["v"], tick.VERSION)).as_py() else None


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read(block: bytes, unknown: Literal["ignore", "error"]) -> pa.Table:
    """Wire columns of JSON objects, a line each. Raises pyarrow's errors when one does not fit."""
    table = pyarrow.json.read_json(
        pa.BufferReader(block),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=_WIRE, unexpected_field_behavior=unknown),
    )
    return table.select(_WIRE.names)


def _type_reason(value: bytes | None) -> str | None:
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


def _decode_values(values: list[bytes], at: list[int], reasons: list[str | None]) -> pa.Table:
    """Wire columns of `values`, less those that only fail here; they get a reason.

    The column reader refuses a whole batch for one value (a field twice, a whole number beyond 64 bits);
    halving the batch finds which, at a cost that only bad data pays.
    """
    if not values:
        return _WIRE.empty_table()
    try:
        table = _read(b"\n".join(values), unknown="ignore")
        if table.num_rows == len(values):
            return table
        reason = "one value holds several rows"
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        reason = str(error).splitlines()[0]
    if len(values) == 1:
        reasons[at[0]] = f"schema: {reason}"
        return _WIRE.empty_table()
    half = len(values) // 2
    return pa.concat_tables([_decode_values(values[:half], at[:half], reasons), _decode_values(values[half:], at[half:], reasons)])


def _rule_reasons(wire: pa.Table, keys: pa.Array) -> pa.Array:
    """The first rule that each row breaks, as text; null where it breaks none."""
    symbol = wire["symbol"]
    rules: list[tuple[str, pa.ChunkedArray]] = [
        *((f"{name}: empty or longer than {TEXT_LIMITS[name]}", _length_broken(wire[name], TEXT_LIMITS[name])) for name in ("tick_id", "symbol", "source")),
        *((f"{name}: longer than {TEXT_LIMITS[name]}", pc.greater(pc.utf8_length(wire[name]), TEXT_LIMITS[name])) for name in ("venue", "conditions")),
        ("key: not the symbol", pc.invert(pc.fill_null(pc.equal(keys, pc.cast(symbol, pa.binary()).combine_chunks()), False))),
        ("kind: unknown", pc.invert(pc.is_in(wire["kind"], pa.array(tick.KINDS)))),
        ("feed: unknown", pc.invert(pc.is_in(wire["feed"], pa.array(tick.FEEDS)))),
        *((f"{name}: not a UTC time from {YEARS[0]} to {YEARS[-1]} with at most 6 decimals", _time_broken(wire[name])) for name in TIME_FIELDS),
        *((f"{name}: not a decimal above 0 and below 10^12 with at most 8 decimals", _price_broken(wire[name])) for name in PRICE_FIELDS),
        *((f"{name}: below 0", pc.less(wire[name], 0)) for name in (*COUNT_FIELDS, "sequence")),
    ]
    reasons: pa.Array = pa.nulls(wire.num_rows, pa.string())
    for reason, broken in reversed(rules):
        reasons = pc.if_else(_plain(broken), reason, reasons)
    return reasons


def _plain(broken: pa.ChunkedArray | pa.Array) -> pa.Array:
    """One array, false where the rule says nothing because the field is null."""
    flags = broken.combine_chunks() if isinstance(broken, pa.ChunkedArray) else broken
    return pc.fill_null(flags, False)


def _length_broken(text: pa.ChunkedArray, limit: int) -> pa.ChunkedArray:
    length = pc.utf8_length(text)
    return pc.or_(pc.equal(length, 0), pc.greater(length, limit))


def _price_broken(price: pa.ChunkedArray) -> pa.ChunkedArray:
    form = pc.match_substring_regex(price, _PRICE_FORM)
    return pc.or_(pc.invert(form), pc.match_substring_regex(price, r"^[0.]*$"))


def _time_broken(time: pa.ChunkedArray) -> pa.ChunkedArray:
    """Wrong form or year, or a date or time of day that does not exist."""
    form = pc.match_substring_regex(time, _TIME_FORM)
    try:
        pc.cast(pc.if_else(form, time, None), pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        exists = pa.chunked_array([pa.array([_is_time(t.as_py()) for t in time], pa.bool_())])
        return pc.or_(pc.invert(form), pc.invert(exists))
    return pc.invert(form)


def _is_time(text: str) -> bool:
    try:
        pa.scalar(text).cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return False
    return True


def _typed(wire: pa.Table, broken: pa.Array) -> pa.Table:
    """Wire columns in the types of `TICK_SCHEMA`, all null in the rows that broke a rule."""
    keep = pc.is_null(broken)
    columns = []
    for field in TICK_SCHEMA:
        text = wire[field.name.lower()].combine_chunks()
        kept = text if broken.null_count == len(broken) else pc.if_else(keep, text, None)
        if field.type == TIME:
            kept = pc.cast(kept, pa.timestamp("us", "UTC"))
        columns.append(pc.cast(kept, field.type))
    return pa.table(columns, schema=TICK_SCHEMA)


def _spread(columns: pa.Table, broken: pa.Array, at: pa.Array, reasons: list[str | None]) -> Decoded:
    """Rows back to the places of their records; places without a row are the values that were no tick."""
    if len(at) == len(reasons):
        return Decoded(columns, broken)
    place = pc.index_in(pa.array(range(len(reasons)), pa.int64()), at)
    return Decoded(columns.take(place), pc.coalesce(pa.array(reasons, pa.string()), broken.take(place)))
