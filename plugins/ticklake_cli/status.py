"""`ticklake status`: every component, how fresh each hop is, and who is to blame. Exit status 0 only when all is well."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

import msgspec

from infra.local.instance import Instance
from infra.local.status import Component, components
from ticklake import columns, lake
from ticklake.clock import SystemClock
from ticklake.errors import BadObject, TicklakeError
from ticklake.freshness import Hop, Reading, judge
from ticklake.lake import Partition
from ticklake.settings import Settings
from ticklake_cli import facts, producing
from ticklake_io import generations
from ticklake_io.kafka_open import open_view
from ticklake_io.records import Committed
from ticklake_io.store import ObjectStore, open_store
from ticklake_io.warehouse import connection_arguments, open_warehouse

_QUICK = {"login_timeout": 5, "network_timeout": 10, "socket_timeout": 5}
"""A status that waits is no status."""


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Look at everything and tell; 0 when every component is up and no hop is late."""
    instance = Instance.current()
    now = SystemClock().now()
    found = components(instance)
    sources = producing.ask(settings)
    readings, lag, why = _readings(settings, now, sources)
    if _starting(found, settings):
        readings = {name: Reading(each.age_s, 0.0 if each.waiting_s is not None else None) for name, each in readings.items()}
    targets = {"event": settings.target_event_s, "lake": settings.target_lake_s, "warehouse": settings.target_warehouse_s}
    hops = [replace(hop, says=f"{hop.says}: {why}") if hop.state == "unknown" and why else hop for hop in judge(readings, targets)]
    ok = all(each.state == "up" for each in found) and all(hop.state not in ("cause", "unknown") for hop in hops)
    if args.json:
        print(json.dumps(_report(ok, found, hops, lag, instance) | msgspec.to_builtins(sources)))
    else:
        _tell(found, hops, lag, sources, instance)
    return 0 if ok else 1


def _readings(settings: Settings, now: datetime, sources: producing.Producing) -> tuple[dict[str, Reading], dict[str, int], str]:
    """What each hop says, and the lag; a hop whose keeper does not answer is unknown, and so are those behind it, for the reason given last."""
    unknown = Reading(None, None)
    readings = dict.fromkeys(("event", "lake", "warehouse"), unknown)
    lag: dict[str, int] = {}
    try:
        store = open_store(settings)
        stream = _stream(settings, store)
        lag[settings.ticks_topic] = stream.lag
        age = _age(stream.newest, now)
        readings["event"] = Reading(age, (age or 0.0) if producing.expects_ticks(settings, now, sources) else 0.0)
        readings["lake"] = _lake(store, stream, now)
        readings["warehouse"] = _warehouse(settings, store, stream, now)
    except TicklakeError as error:
        return readings, lag, str(error)
    return readings, lag, ""


def _stream(settings: Settings, store: ObjectStore) -> Stream:
    topic = settings.ticks_topic
    with closing(open_view(settings)) as kafka:
        stream = Stream(generations.find(store, topic, kafka.topic_id(topic)), kafka.ends(topic), kafka.committed(settings.kafka_group, topic))
        starts = kafka.starts(topic)
        last = {partition: (max(starts[partition], end - 1), end) for partition, end in stream.ends.items()}
        for records in kafka.read(topic, last).values():
            received = columns.decode(records.keys, records.values).columns["RECEIVED_AT"].drop_null().to_pylist()
            stream.newest = max((*map(facts.utc, received), *([stream.newest] if stream.newest else [])), default=None)
        waiting = {partition: stream.committed[partition].offset if partition in stream.committed else starts[partition] for partition in stream.ends}
        first = {partition: (offset, offset + 1) for partition, offset in waiting.items() if offset < stream.ends[partition]}
        times = [time for records in kafka.read(topic, first).values() for time in records.times_ms]
        stream.oldest_waiting = lake.from_ms(min(times)) if times else None
    return stream


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


def _warehouse(settings: Settings, store: ObjectStore, stream: Stream, now: datetime) -> Reading:
    """The oldest object behind a watermark tells how long the warehouse is awaited."""
    with closing(open_warehouse(connection_arguments(settings) | _QUICK, query_tag="ticklake status")) as warehouse:
        rows = warehouse.rows(facts.STATEMENTS["progress"])
    marks = {Partition(int(row["GENERATION"]), int(row["PARTITION_ID"])): row for row in rows}
    waits = []
    for number, each in stream.committed.items():
        partition = Partition(stream.generation or 1, number)
        mark = marks.get(partition)
        if mark and int(mark["NEXT_OFFSET"]) >= each.offset:
            continue
        first = next(store.list(lake.partition_prefix(settings.ticks_topic, partition), mark["OBJECT_KEY"] if mark else None), None)
        if first:
            waits.append((now - first.modified).total_seconds())
    newest = facts.utc(datetime.fromisoformat(rows[0]["NEWEST"])) if rows and rows[0]["NEWEST"] else None
    return Reading(_age(newest, now), max(waits, default=0.0))


def _starting(found: list[Component], settings: Settings) -> bool:
    """Whether a service has started so lately that nothing can be called late yet."""
    return any(each.name in ("producer", "consumer", "scheduler") and each.uptime_s < settings.start_grace_s for each in found)


def _age(time: datetime | None, now: datetime) -> float | None:
    return max(0.0, (now - time).total_seconds()) if time else None


def _report(ok: bool, found: list[Component], hops: list[Hop], lag: Mapping[str, int], instance: Instance) -> dict[str, object]:
    return {
        "ok": ok,
        "components": [asdict(each) for each in found],
        "freshness": {hop.name: hop.age_s for hop in hops},
        "hops": [asdict(hop) for hop in hops],
        "cause": next((hop.name for hop in hops if hop.state == "cause"), None),
        "lag": dict(lag),
        "urls": instance.urls(),
    }


def _tell(found: list[Component], hops: list[Hop], lag: Mapping[str, int], sources: producing.Producing, instance: Instance) -> None:
    for each in found:
        print(f"{each.name:<14}{each.state:<10}{'pid ' + str(each.pid) if each.pid else '-':<14}{each.uptime_s:>9.0f} s")
    print()
    for hop in hops:
        age = "-" if hop.age_s is None else f"{hop.age_s:.1f} s"
        print(f"{hop.name:<14}{age:>10}  {hop.says}")
    for topic, records in lag.items():
        print(f"{'lag':<14}{records:>10}  records of {topic}")
    print()
    if sources.sources:
        print(*sources.lines(), sep="\n", end="\n\n")
    for name, address in instance.urls().items():
        print(f"{name:<14}{address}")
