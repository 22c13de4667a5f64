"""A raw object holds every record as a row, and its metadata is true."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.consumer.buffer import Batch
from streaming.consumer.encoder import Encoded, Encoder
from ticklake import columns, lake
from ticklake.lake import ObjectMeta
from ticklake.tick import Tick, encode
from ticklake_io.records import Records

TOPIC = "market.ticks"
START = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
APPENDED_MS = lake.to_ms(START)


def tick(n: int) -> bytes:
    """A tick that happened `n` microseconds after the start and was received a second later."""
    at = START + timedelta(microseconds=n)
    return encode(
        Tick(
            tick_id=f"x-{n}",
            symbol="A",
            kind="trade",
            event_time=at,
            received_at=at + timedelta(seconds=1),
            price="1.00000001",
            source="x",
            feed="replay",
            sequence=0,
        )
    )


def batch(values: list[bytes | None], first: int = 100, gap: int = 0) -> Batch:
    size = len(values)
    records = Records(list(range(first, first + size)), [APPENDED_MS + i for i in range(size)], [b"A"] * size, list(values))
    return Batch(2, records, 0, first - gap, "expired" if gap else None)


def table(encoded: Encoded) -> pa.Table:
    return pq.read_table(pa.BufferReader(encoded.body))


values = st.none() | st.binary(max_size=30) | st.integers(-10_000, 10_000).map(tick)


@given(st.lists(values, min_size=1, max_size=20), st.integers(0, 2**40), st.integers(0, 5))
def test_every_record_is_a_row_and_the_metadata_is_true(came: list[bytes | None], first: int, gap: int) -> None:
    encoded = Encoder(TOPIC, 3, "w").encode(batch(came, first + gap, gap))
    rows, meta = table(encoded), encoded.meta
    assert rows.schema.equals(columns.SCHEMA)
    assert rows["OFFSET_ID"].to_pylist() == list(range(first + gap, first + gap + len(came)))
    assert rows["VALUE"].to_pylist() == came
    assert set(rows["KEY"].to_pylist()) == {b"A"}
    assert rows["KAFKA_TIME"].to_pylist() == [lake.from_ms(APPENDED_MS + i).replace(tzinfo=None) for i in range(len(came))]
    for name, constant in {"GENERATION": 3, "PARTITION_ID": 2, "TOPIC": TOPIC, "OBJECT_KEY": encoded.key}.items():
        assert set(rows[name].to_pylist()) == {constant}

    assert ObjectMeta.parse(encoded.key, meta.headers()) == meta
    assert (meta.first_offset, meta.end, meta.records) == (first + gap, first + gap + len(came), len(came))
    assert (meta.chain_from, meta.gap_reason) == (first, "expired" if gap else None)
    assert meta.sha256 == hashlib.sha256(encoded.body).hexdigest()
    assert (meta.first_kafka_time, meta.last_kafka_time) == (START, START + timedelta(milliseconds=len(came) - 1))
    valid = [time.replace(tzinfo=UTC) for time in rows["EVENT_TIME"].drop_null().to_pylist()]
    assert (meta.min_event_time, meta.max_event_time) == ((min(valid), max(valid)) if valid else (None, None))
    assert meta.max_received_at == (max(valid) + timedelta(seconds=1) if valid else None)

    assert meta.rejects == len(came) - len(valid) == encoded.rejected.num_rows
    assert encoded.rejected.to_pylist() == rows.filter(pc.is_valid(rows["REJECT_REASON"])).to_pylist()


@given(st.lists(values, min_size=1, max_size=10))
def test_the_same_records_make_the_same_bytes(came: list[bytes | None]) -> None:
    one, other = Encoder(TOPIC, 1, "one").encode(batch(came)), Encoder(TOPIC, 1, "other").encode(batch(came))
    assert (one.key, one.body) == (other.key, other.body)


def test_the_key_is_that_of_the_first_record_however_many_follow() -> None:
    long, short = (Encoder(TOPIC, 1, "w").encode(batch([tick(0)] * size)) for size in (5, 1))
    assert long.key == short.key == "raw/market.ticks/g1/p2/dt=2026-11-23/hour=14/00000000000000000100.parquet"


def test_prices_and_times_are_stored_exactly_and_without_a_zone() -> None:
    rows = table(Encoder(TOPIC, 1, "w").encode(batch([tick(1)])))
    assert rows["PRICE"].to_pylist() == [Decimal("1.00000001")]
    assert rows["EVENT_TIME"].to_pylist() == [datetime(2026, 11, 23, 14, 30, 0, 1)]  # noqa: DTZ001 - as it is stored


@pytest.mark.parametrize("time", ["0000-06-01T00:00:00Z", "9999-12-31T23:59:00Z"])
def test_a_time_that_nobody_can_count_on_from_is_a_rejected_row_and_no_end(time: str) -> None:
    value = tick(0).replace(b'"2026-11-23T14:30:00Z"', b'"' + time.encode() + b'"')
    encoded = Encoder(TOPIC, 1, "w").encode(batch([value, tick(1)]))
    assert (encoded.meta.records, encoded.meta.rejects) == (2, 1)
    assert table(encoded)["REJECT_REASON"].to_pylist() == ["event_time: not a UTC time from 1970 to 2199 with at most 6 decimals", None]
