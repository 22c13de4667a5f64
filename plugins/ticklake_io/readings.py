"""Asks broker, lake and warehouse how fresh each hop is, and how many records wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ticklake import columns, lake
from ticklake.errors import BadObject, TicklakeError
from ticklake.freshness import HOPS, Reading
from ticklake.lake import Partition
from ticklake.settings import Settings
from ticklake_io import generations
from ticklake_io.kafka_open import open_view
from ticklake_io.records import Committed
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore
from ticklake_io.warehouse import Row, Warehouse

_STATEMENTS = Statements(Path(__file__).parent / "queries")
_UNKNOWN = Reading(None, None)


@dataclass
class Stream:
    """What the broker says: ends and commits by partition, the newest tick's arrival, and since when the oldest record waits for the lake."""

    generation: int | None = None
    ends: dict[int, int] = field(default_factory=dict)
    committed: dict[int, Committed] = field(default_factory=dict)
    newest: datetime | None = None
    oldest_waiting: datetime | None = None

    @property
    def lag(self) -> int:
        return sum(end - (self.committed[partition].offset if partition in self.committed else 0) for partition, end in self.ends.items())


@dataclass(frozen=True)
class Look:
    """What was read of each hop, the lag in records by topic, and what kept the rest from being read.

    A hop whose keeper does not answer is unknown, and so are those behind it. `loaded_to` is, by partition, the offset
    after the last one in CURATED and its object's key.
    """

    readings: Mapping[str, Reading]
    lag: Mapping[str, int]
    fault: TicklakeError | None
    loaded_to: Mapping[Partition, tuple[int, str | None]] = field(default_factory=dict)


def look(settings: Settings, store: ObjectStore, warehouse: Warehouse, now: datetime, expected: Callable[[], bool]) -> Look:
    """Read the hops at `now`; `expected` says whether silence of the sources is a fault. Raises nothing of ours."""
    readings = dict.fromkeys(HOPS, _UNKNOWN)
    lag: dict[str, int] = {}
    try:
        stream = read_stream(settings, store)
        lag[settings.ticks_topic] = stream.lag
        age = _age(stream.newest, now)
        readings["event"] = Reading(age, (age or 0.0) if expected() else 0.0)
        readings["lake"] = _lake(store, stream, now)
        rows = warehouse.rows(_STATEMENTS["progress"])
        readings["warehouse"] = read_warehouse(settings, store, rows, stream, now)
    except TicklakeError as error:
        return Look(readings, lag, error)
    unloaded = {Partition(stream.generation or 1, number): (0, None) for number in stream.ends}
    return Look(readings, lag, None, unloaded | loaded_to(rows))


def loaded_to(rows: Iterable[Row]) -> dict[Partition, tuple[int, str | None]]:
    """By partition its watermark and the last merged object's key, of the rows of `progress`."""
    return {Partition(int(row["GENERATION"]), int(row["PARTITION_ID"])): (int(row["NEXT_OFFSET"]), row["OBJECT_KEY"]) for row in rows}


def read_stream(settings: Settings, store: ObjectStore) -> Stream:
    """What the broker says. Raises what broker and store raise."""
    topic = settings.ticks_topic
    with closing(open_view(settings)) as kafka:
        stream = Stream(generations.find(store, topic, kafka.topic_id(topic)), kafka.ends(topic), kafka.committed(settings.kafka_group, topic))
        starts = kafka.starts(topic)
        last = {partition: (max(starts[partition], end - 1), end) for partition, end in stream.ends.items()}
        for records in kafka.read(topic, last).values():
            received = columns.decode(records.keys, records.values).columns["RECEIVED_AT"].drop_null().to_pylist()
            stream.newest = max((*map(_utc, received), *([stream.newest] if stream.newest else [])), default=None)
        waiting = {partition: stream.committed[partition].offset if partition in stream.committed else starts[partition] for partition in stream.ends}
        first = {partition: (offset, offset + 1) for partition, offset in waiting.items() if offset < stream.ends[partition]}
        times = [time for records in kafka.read(topic, first).values() for time in records.times_ms]
        stream.oldest_waiting = lake.from_ms(min(times)) if times else None
    return stream


def read_warehouse(settings: Settings, store: ObjectStore, rows: Sequence[Row], stream: Stream, now: datetime) -> Reading:
    """The oldest object behind a watermark tells how long the warehouse is awaited; `rows` are those of `progress`. Raises what the store raises."""
    marks = loaded_to(rows)
    waits = []
    for number, each in stream.committed.items():
        partition = Partition(stream.generation or 1, number)
        mark = marks.get(partition)
        if mark and mark[0] >= each.offset:
            continue
        first = next(store.list(lake.partition_prefix(settings.ticks_topic, partition), mark[1] if mark else None), None)
        if first:
            waits.append((now - first.modified).total_seconds())
    newest = _utc(datetime.fromisoformat(rows[0]["NEWEST"])) if rows and rows[0]["NEWEST"] else None
    return Reading(_age(newest, now), max(waits, default=0.0))


def _lake(store: ObjectStore, stream: Stream, now: datetime) -> Reading:
    """A commit names the newest object of its partition."""
    newest: datetime | None = None
    for each in stream.committed.values():
        head = store.head(each.note) if each.note else None
        try:
            received = lake.ObjectMeta.parse(each.note, head.headers).max_received_at if head else None
        except BadObject:
            continue
        newest = max((time for time in (newest, received) if time), default=None)
    return Reading(_age(newest, now), _age(stream.oldest_waiting, now) or 0.0)


def _age(time: datetime | None, now: datetime) -> float | None:
    return max(0.0, (now - time).total_seconds()) if time else None


def _utc(time: datetime) -> datetime:
    """A time without a zone, as Parquet and the warehouse have it, is UTC."""
    return time.replace(tzinfo=UTC)
