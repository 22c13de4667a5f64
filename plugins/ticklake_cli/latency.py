"""`ticklake latency`: how long ticks took from their arrival to each hop; what has not arrived counts at its present age."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pyarrow.parquet as pq

from ticklake import columns, lake
from ticklake.clock import SystemClock
from ticklake.errors import BadObject
from ticklake.lake import Partition
from ticklake.settings import Settings
from ticklake_cli import facts
from ticklake_io import generations, shown
from ticklake_io.kafka_open import open_view
from ticklake_io.kafka_view import KafkaView
from ticklake_io.shown import Screen, Shown
from ticklake_io.store import ObjectStore, open_store
from ticklake_io.warehouse import Warehouse, connection_arguments, open_warehouse

LAKE_TARGET_S = 6.0
WAREHOUSE_TARGET_S = 30.0

_MOST_WAITING = 500_000
"""Most ticks that have not arrived that one measurement takes into memory."""
_CHUNK = 50_000


@dataclass(frozen=True)
class Arrival:
    """A tick's way: when it was received, landed in the lake and was merged; None where it has not arrived."""

    received_at: datetime
    landed_at: datetime | None
    merged_at: datetime | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--window", type=int, default=300, metavar="S", help="ticks received in this many seconds (default 300)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Measure and tell."""
    now = SystemClock().now()
    longest = timedelta(seconds=args.window + WAREHOUSE_TARGET_S)
    store = open_store(settings)
    with closing(open_view(settings)) as kafka:
        with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake latency")) as warehouse:
            loaded = list(_loaded(warehouse, now - longest, now))
            loaded_ends = _loaded_ends(warehouse)
        waiting = list(islice(_waiting(kafka, store, settings, loaded_ends, now - longest), _MOST_WAITING))
    if len(waiting) == _MOST_WAITING:
        print(f"only the first {_MOST_WAITING} ticks that have not arrived were measured; choose a shorter --window", file=sys.stderr)
    report = measure([*loaded, *waiting], now, args.window, shown.ask(settings))
    if args.json:
        print(json.dumps(report))
        return 0
    print(f"{report['ticks']} ticks received in {args.window} s")
    for hop in ("to_lake", "to_warehouse", "to_screen"):
        figures = report[hop]
        print(f"{hop:<14}" + (", ".join(f"{name} {value:.2f} s" for name, value in figures.items()) if figures else "no ticks measured"))
    return 0


def measure(arrivals: list[Arrival], now: datetime, window_s: int, seen: Shown | None = None) -> dict[str, Any]:
    """Percentiles per hop, of the ticks received in the `window_s` seconds that ended one target ago; `seen` is what the dashboard has shown."""

    def figures(target_s: float, hop: str) -> tuple[int, dict[str, float] | None]:
        end = now - timedelta(seconds=target_s)
        begin = end - timedelta(seconds=window_s)
        took = [((getattr(each, hop) or now) - each.received_at).total_seconds() for each in arrivals if begin <= each.received_at < end]
        if not took:
            return 0, None
        return len(took), {f"p{share}": round(facts.percentile(took, share / 100), 3) for share in (50, 95, 99)}

    ticks, to_lake = figures(LAKE_TARGET_S, "landed_at")
    _, to_warehouse = figures(WAREHOUSE_TARGET_S, "merged_at")
    to_screen = _to_screen(arrivals, now, window_s, seen.screen) if seen else None
    return {"ticks": ticks, "window_s": window_s, "to_lake": to_lake, "to_warehouse": to_warehouse, "to_screen": to_screen}


def _to_screen(arrivals: list[Arrival], now: datetime, window_s: int, screen: Screen) -> dict[str, float] | None:
    """Ages at which ticks were first on screen; those received after the newest of them are not there yet."""
    end = now.timestamp() - shown.TARGET_S
    begin = max(end - window_s, screen.since)
    late = [now.timestamp() - received for each in arrivals if max(begin, screen.newest) < (received := each.received_at.timestamp()) < end]
    return shown.percentiles([*screen.ages(begin, end), *((age, 1) for age in late)])


def _loaded(warehouse: Warehouse, begin: datetime, end: datetime) -> Iterator[Arrival]:
    """Ticks that are in RAW.TICKS."""
    for row in warehouse.rows(facts.STATEMENTS["received"], {"from_time": begin, "to_time": end}):
        yield Arrival(facts.utc(row["RECEIVED_AT"]), facts.utc(row["LANDED_AT"]), facts.utc(row["MERGED_AT"]))


def _loaded_ends(warehouse: Warehouse) -> dict[Partition, tuple[int, str]]:
    """By partition the end of what the ledger has, and the last object's key."""
    rows = warehouse.rows(facts.STATEMENTS["loaded_ends"])
    return {Partition(int(row["GENERATION"]), int(row["PARTITION_ID"])): (int(row["NEXT_OFFSET"]), row["OBJECT_KEY"]) for row in rows}


def _waiting(kafka: KafkaView, store: ObjectStore, settings: Settings, loaded: dict[Partition, tuple[int, str]], begin: datetime) -> Iterator[Arrival]:
    """Ticks received at `begin` or later that are in the lake but not in the ledger, and ticks that only the broker has.

    A tick is received before the broker takes it, so what the broker took before `begin` is left unread.
    """
    topic = settings.ticks_topic
    generation = generations.find(store, topic, kafka.topic_id(topic)) or 1
    starts, ends, since = kafka.starts(topic), kafka.ends(topic), kafka.since(topic, begin)
    unread: dict[int, tuple[int, int]] = {}
    for number in ends:
        partition = Partition(generation, number)
        landed, after = loaded.get(partition, (starts[number], None))
        for listed in store.list(lake.partition_prefix(topic, partition), after):
            try:
                meta = facts.metadata(store, listed.key)
            except BadObject:  # no load takes it: `ticklake verify` names it
                continue
            landed = max(landed, meta.end)
            if meta.max_received_at is None or meta.max_received_at < begin:
                continue
            body = store.read(listed.key) or b""
            landed_at = max(listed.modified, meta.put_at)
            for time in pq.read_table(io.BytesIO(body), columns=["RECEIVED_AT"])["RECEIVED_AT"].drop_null().to_pylist():
                yield Arrival(facts.utc(time), landed_at, None)
        unread[number] = (max(landed, since[number]), ends[number])
    while unread := {number: span for number, span in unread.items() if span[0] < span[1]}:
        for records in kafka.read(topic, {number: (first, min(first + _CHUNK, end)) for number, (first, end) in unread.items()}).values():
            for time in columns.decode(records.keys, records.values).columns["RECEIVED_AT"].drop_null().to_pylist():
                yield Arrival(facts.utc(time), None, None)
        unread = {number: (first + _CHUNK, end) for number, (first, end) in unread.items()}
