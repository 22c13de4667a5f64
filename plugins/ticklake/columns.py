"""Records of one partition to columns: every consumed record becomes a row, poison included.

`ticklake.wire` reads the values; here the rules of the contract are applied to whole columns.
A row that breaks one keeps its coordinates and bytes; its tick fields are null and REJECT_REASON says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ticklake import tick, wire

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
        ("EXTRA", pa.string()),
    ]
)
"""A tick's fields, by the names and types of RAW.TICKS; EXTRA is JSON with those that the contract does not know."""

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

_ZONED = pa.timestamp("us", "UTC")
_ZERO = pa.scalar(Decimal(0), PRICE)
_PRICE_FORM = r"^[0-9]{1,12}(\.[0-9]{1,8})?$"
_TIME_FORM = rf"^({'|'.join(map(str, YEARS))})-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?Z$"


class Decoded(NamedTuple):
    """Tick columns of a batch, a row a record, and why a row was rejected (null where it was not)."""

    columns: pa.Table
    reasons: pa.Array


def decode(keys: Sequence[bytes | None], values: Sequence[bytes | None]) -> Decoded:
    """Tick columns (`TICK_SCHEMA`) and reject reasons of records, in their order. Never raises for bad data."""
    fields, reasons, extra = wire.parse(values)
    typed: dict[str, pa.Array] = {"extra": extra}
    rules = list(_text_rules(fields, pa.array(keys, pa.binary())))
    for name in TIME_FIELDS:
        typed[name], broken = _times(fields[name])
        rules.append((f"{name}: not a UTC time from {YEARS[0]} to {YEARS[-1]} with at most 6 decimals", broken))
    for name in PRICE_FIELDS:
        typed[name], broken = _prices(fields[name])
        rules.append((f"{name}: not a decimal above 0 and below 10^12 with at most 8 decimals", broken))
    rules += [(f"{name}: below 0", pc.less(fields[name], 0)) for name in (*COUNT_FIELDS, "sequence")]
    reasons = pc.coalesce(reasons, _first_broken(rules, len(values)))
    return Decoded(_columns(fields, typed, pc.is_null(reasons)), reasons)


def _text_rules(fields: pa.RecordBatch, keys: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """Rules of text, each as the reason that it gives and the rows that break it (null: it says nothing of them)."""
    for name in ("tick_id", "symbol", "source"):
        length = pc.utf8_length(fields[name])
        yield f"{name}: empty or longer than {TEXT_LIMITS[name]}", pc.or_(pc.equal(length, 0), pc.greater(length, TEXT_LIMITS[name]))
    for name in ("venue", "conditions"):
        yield f"{name}: longer than {TEXT_LIMITS[name]}", pc.greater(pc.utf8_length(fields[name]), TEXT_LIMITS[name])
    yield "key: not the symbol", pc.invert(pc.fill_null(pc.equal(keys, fields["symbol"].view(pa.binary())), False))
    yield "kind: unknown", pc.invert(pc.is_in(fields["kind"], pa.array(tick.KINDS)))
    yield "feed: unknown", pc.invert(pc.is_in(fields["feed"], pa.array(tick.FEEDS)))


def _first_broken(rules: Sequence[tuple[str, pa.Array]], rows: int) -> pa.Array:
    """The reason of the first rule that each row breaks; null where it breaks none."""
    reasons = pa.nulls(rows, pa.string())
    for reason, broken in reversed(rules):
        if pc.any(broken).as_py():
            reasons = pc.if_else(pc.fill_null(broken, False), reason, reasons)
    return reasons


def _times(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The times, null where the text is none, and which rows those are."""
    good = pc.match_substring_regex(text, _TIME_FORM)
    try:
        return _cast_where(good, text, _ZONED).cast(TIME), pc.invert(good)
    except pa.ArrowInvalid:  # the form is right, the date or the time of day does not exist
        good = pc.and_(good, pa.array([_is_time(each) for each in text.to_pylist()], pa.bool_()))
        return _cast_where(good, text, _ZONED).cast(TIME), pc.invert(good)


def _is_time(text: str | None) -> bool:
    try:
        pa.scalar(text).cast(_ZONED)
    except pa.ArrowInvalid:
        return False
    return True


def _prices(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The prices, null where the text is none, and which rows those are, or are 0."""
    if text.null_count == len(text):
        return pa.nulls(len(text), PRICE), pa.nulls(len(text), pa.bool_())
    good = pc.match_substring_regex(text, _PRICE_FORM)
    prices = _cast_where(good, text, PRICE)
    return prices, pc.or_kleene(pc.invert(good), pc.equal(prices, _ZERO))


def _cast_where(good: pa.Array, text: pa.Array, kind: pa.DataType) -> pa.Array:
    return pc.cast(text if pc.all(good).as_py() else pc.if_else(good, text, None), kind)


def _columns(fields: pa.RecordBatch, typed: Mapping[str, pa.Array], valid: pa.Array) -> pa.Table:
    """The fields in the types of `TICK_SCHEMA`, all null in the rows that are not valid."""
    all_valid = pc.all(valid).as_py()
    columns = []
    for field in TICK_SCHEMA:
        name = field.name.lower()
        column = typed[name] if name in typed else fields[name]
        columns.append(pc.cast(column if all_valid else pc.if_else(valid, column, None), field.type))
    return pa.table(columns, schema=TICK_SCHEMA)
