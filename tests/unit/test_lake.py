"""Keys and metadata of raw objects say what they were made of, and nothing else passes for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake import lake
from ticklake.errors import BadObject
from ticklake.lake import ObjectMeta, Partition, Place

TOPIC = "market.ticks"
offsets = st.integers(0, 2**63 - 2)
partitions = st.builds(Partition, st.integers(1, 10_000), st.integers(0, 10_000))
times_ms = st.integers(0, 4_102_444_800_000)
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is the strategy's


@given(partitions, offsets, times_ms)
def test_a_key_says_where_its_object_begins(partition: Partition, first: int, time_ms: int) -> None:
    key = lake.object_key(TOPIC, partition, first, time_ms)
    assert lake.parse_key(key) == Place(TOPIC, partition, first)
    assert key.startswith(lake.partition_prefix(TOPIC, partition))
    assert lake.partition_prefix(TOPIC, partition).startswith(lake.topic_prefix(TOPIC))


def test_the_layout_of_keys_is_the_contracts() -> None:
    key = lake.object_key(TOPIC, Partition(1, 2), 42, 1_795_442_399_999)
    assert key == "raw/market.ticks/g1/p2/dt=2026-11-23/hour=13/00000000000000000042.parquet"
    assert lake.generation_key(TOPIC, 7) == "generations/market.ticks/000007.json"


@given(partitions, st.lists(st.tuples(offsets, times_ms), min_size=2, max_size=2, unique_by=lambda each: each[0]))
def test_keys_of_one_hour_are_in_the_order_of_their_offsets(partition: Partition, records: list[tuple[int, int]]) -> None:
    (one, at), (other, _) = records
    assert (lake.object_key(TOPIC, partition, one, at) < lake.object_key(TOPIC, partition, other, at)) == (one < other)


def test_a_partitions_prefix_holds_no_other_partition() -> None:
    assert not lake.object_key(TOPIC, Partition(1, 10), 0, 0).startswith(lake.partition_prefix(TOPIC, Partition(1, 1)))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "raw/market.ticks/g1/p2/dt=2026-11-23/hour=13/42.parquet",
        "raw/market.ticks/g1/p2/dt=2026-11-23/hour=13/00000000000000000042.json",
        "raw/market.ticks/g1/p2/dt=2026-11-23/hour=13/00000000000000000042.parquet.tmp",
        "raw/market.ticks/g1/p2/dt=today/hour=13/00000000000000000042.parquet",
        "raw/market.ticks/g1/p2/00000000000000000042.parquet",
        "raw/market.ticks/gx/p2/dt=2026-11-23/hour=13/00000000000000000042.parquet",
        "raw/a/b/g1/p2/dt=2026-11-23/hour=13/00000000000000000042.parquet",
        "compacted/market.ticks/g1/p2/dt=2026-11-23/hour=13/00000000000000000042.parquet",
    ],
)
def test_what_is_no_key_of_a_raw_object_is_refused(key: str) -> None:
    with pytest.raises(BadObject, match="not the key of a raw object"):
        lake.parse_key(key)


@given(times)
def test_milliseconds_round_down(time: datetime) -> None:
    assert timedelta(0) <= time - lake.from_ms(lake.to_ms(time)) < timedelta(milliseconds=1)


@st.composite
def metas(draw: st.DrawFn) -> ObjectMeta:
    first, records = draw(st.integers(0, 2**62)), draw(st.integers(1, 100_000))
    return ObjectMeta(
        first_offset=first,
        last_offset=first + records - 1,
        chain_from=draw(st.integers(0, first)),
        records=records,
        rejects=draw(st.integers(0, records)),
        first_kafka_time=draw(times),
        last_kafka_time=draw(times),
        min_event_time=draw(st.none() | times),
        max_event_time=draw(st.none() | times),
        max_received_at=draw(st.none() | times),
        schema_version=1,
        sha256=draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
        writer_id=draw(st.text("0123456789abcdef", min_size=32, max_size=32)),
        put_at=draw(times),
        gap_reason=draw(st.none() | st.text("abc :", min_size=1)),
    )


def key_of(meta: ObjectMeta) -> str:
    return lake.object_key(TOPIC, Partition(1, 0), meta.first_offset, 0)


@given(metas())
def test_metadata_comes_back_exactly(meta: ObjectMeta) -> None:
    headers = meta.headers()
    assert ObjectMeta.parse(key_of(meta), headers) == meta
    assert all(name == name.lower() and "_" not in name for name in headers)


def test_what_s3_adds_to_metadata_is_ignored() -> None:
    assert ObjectMeta.parse(key_of(META), META.headers() | {"owner": "somebody"}) == META


META = ObjectMeta(10, 12, 10, 3, 1, *(datetime(2026, 11, 23, 14, tzinfo=UTC),) * 5, 1, "0" * 64, "w", datetime(2026, 11, 23, 15, tzinfo=UTC))


@pytest.mark.parametrize("name", sorted(META.headers().keys() - {"min-event-time", "max-event-time", "max-received-at"}))
def test_missing_metadata_is_refused(name: str) -> None:
    headers = META.headers()
    del headers[name]
    with pytest.raises(BadObject, match="malformed"):
        ObjectMeta.parse(key_of(META), headers)


@pytest.mark.parametrize("text", ["", "x", "1.5", "0x10", "1e3", "1" * 5_000])
@pytest.mark.parametrize("name", ["first-offset", "last-offset", "chain-from", "records", "rejects", "put-at", "min-event-time"])
def test_malformed_metadata_is_refused(name: str, text: str) -> None:
    with pytest.raises(BadObject):
        ObjectMeta.parse(key_of(META), META.headers() | {name: text})


def test_a_time_beyond_all_calendars_is_refused() -> None:
    with pytest.raises(BadObject, match="malformed"):
        ObjectMeta.parse(key_of(META), META.headers() | {"put-at": "9" * 30})


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"first_offset": 9, "records": 4}, "first offset 9"),
        ({"records": 2}, "2 records do not fill offsets 10 to 12"),
        ({"last_offset": 13}, "3 records do not fill"),
        ({"last_offset": 9, "records": 0}, "0 records do not fill"),
    ],
)
def test_metadata_that_contradicts_itself_or_its_key_is_refused(lie: dict[str, int], why: str) -> None:
    with pytest.raises(BadObject, match=why):
        ObjectMeta.parse(key_of(META), replace(META, **lie).headers())  # type: ignore[arg-type]
