"""Where a raw object lies and what it says of itself.

    raw/<topic>/g<generation>/p<partition>/dt=YYYY-MM-DD/hour=HH/<first offset, 20 digits>.parquet

The key is made of the first consumed record alone (its broker time, partition and offset), so it is known before
anything is encoded, and the same record always leads to the same key: two writers can never both create it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from ticklake.errors import BadObject

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"raw/(?P<topic>[^/]+)/g(?P<generation>\d+)/p(?P<partition>\d+)/dt=\d{4}-\d\d-\d\d/hour=\d\d/(?P<first>\d{20})\.parquet")


@dataclass(frozen=True, order=True)
class Partition:
    """A Kafka partition within one life of its topic. A recreated topic is a new generation."""

    generation: int
    id: int

    def __str__(self) -> str:
        return f"g{self.generation}/p{self.id}"


@dataclass(frozen=True)
class Place:
    """What an object's key says."""

    topic: str
    partition: Partition
    first_offset: int


def topic_prefix(topic: str) -> str:
    """Prefix of all raw objects of a topic."""
    return f"raw/{topic}/"


def partition_prefix(topic: str, partition: Partition) -> str:
    """Prefix of all raw objects of a partition."""
    return f"{topic_prefix(topic)}{partition}/"


def object_key(topic: str, partition: Partition, first_offset: int, time_ms: int) -> str:
    """Key of the object whose first record has this offset and this broker time (milliseconds since 1970)."""
    arrived = from_ms(time_ms)
    return f"{partition_prefix(topic, partition)}dt={arrived:%Y-%m-%d}/hour={arrived:%H}/{first_offset:020d}.parquet"


def parse_key(key: str) -> Place:
    """The place that a key names.

    Raises `BadObject` for a key that `object_key` cannot have made.
    """
    match = _KEY.fullmatch(key)
    if not match:
        raise BadObject(key, "not the key of a raw object")
    return Place(match["topic"], Partition(int(match["generation"]), int(match["partition"])), int(match["first"]))


def generations_prefix(topic: str) -> str:
    """Prefix of the markers of a topic's generations."""
    return f"generations/{topic}/"


def generation_key(topic: str, generation: int) -> str:
    """Key of the create-only marker that gives a generation to one topic id."""
    return f"{generations_prefix(topic)}{generation:06d}.json"


def from_ms(time_ms: int) -> datetime:
    """Milliseconds since 1970 as a UTC time."""
    return _EPOCH + timedelta(milliseconds=time_ms)


def to_ms(time: datetime) -> int:
    """A UTC time as milliseconds since 1970, rounded down."""
    return (time - _EPOCH) // timedelta(milliseconds=1)


@dataclass(frozen=True)
class ObjectMeta:
    """What a raw object says of itself in its metadata.

    Offsets `first_offset` to `last_offset` are all there, a row each: `records` is their number.
    `chain_from` is the end of the partition's object before it; where it is less than `first_offset`,
    `gap_reason` says why the records between do not exist. Times are UTC; event and received times are those of
    valid rows, None where there is no valid row. `put_at` is when this try of the upload began.
    """

    first_offset: int
    last_offset: int
    chain_from: int
    records: int
    rejects: int
    first_kafka_time: datetime
    last_kafka_time: datetime
    min_event_time: datetime | None
    max_event_time: datetime | None
    max_received_at: datetime | None
    schema_version: int
    sha256: str
    writer_id: str
    put_at: datetime
    gap_reason: str | None = None

    @property
    def end(self) -> int:
        """The offset after the last one."""
        return self.last_offset + 1

    def headers(self) -> dict[str, str]:
        """The metadata as S3 stores it: lower-case names with dashes, text values; what is None is left out."""
        values = ((field.name.replace("_", "-"), getattr(self, field.name)) for field in fields(self))
        return {name: _to_text(value) for name, value in values if value is not None}

    @classmethod
    def parse(cls, key: str, headers: Mapping[str, str]) -> ObjectMeta:
        """The metadata of the object at `key`.

        Raises `BadObject` when a name is missing, a value is malformed, or key and counts contradict each other.
        """
        try:
            values: dict[str, Any] = {field.name: _from_text(field.type, headers.get(field.name.replace("_", "-"))) for field in fields(cls)}
            meta = cls(**values)
        except (ValueError, OverflowError) as error:
            raise BadObject(key, f"its metadata is malformed: {error}") from error
        if meta.first_offset != parse_key(key).first_offset:
            raise BadObject(key, f"its metadata says first offset {meta.first_offset}")
        if meta.records < 1 or meta.records != meta.end - meta.first_offset:
            raise BadObject(key, f"{meta.records} records do not fill offsets {meta.first_offset} to {meta.last_offset}")
        return meta


def _to_text(value: object) -> str:
    return str((value - _EPOCH) // timedelta(microseconds=1)) if isinstance(value, datetime) else str(value)


def _from_text(kind: object, text: str | None) -> object:
    """The value of a field whose annotation is `kind`; times are stored as microseconds since 1970."""
    name = str(kind)
    if text is None:
        if "None" in name:
            return None
        raise ValueError(f"a {name} is missing")
    if name.startswith("datetime"):
        return _EPOCH + timedelta(microseconds=int(text))
    return int(text) if name == "int" else text
