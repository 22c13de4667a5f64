"""`ticklake verify`: does every number agree, from the committed offset to the curated row? Exit status 1 on any mismatch."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from ticklake.clock import SystemClock
from ticklake.errors import BadObject
from ticklake.lake import Partition
from ticklake.reconcile import LakeObject, Tables, Verdict, reconcile
from ticklake.settings import Settings
from ticklake_cli import facts
from ticklake_io import generations
from ticklake_io.kafka_open import open_view
from ticklake_io.store import ObjectStore, open_store
from ticklake_io.warehouse import connection_arguments, open_warehouse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--since", type=_hour, default=facts.BEGINNING, metavar="T", help="only objects of the hour of T (UTC, ISO 8601) or later")
    parser.add_argument("--deep", action="store_true", help="read every object again, compare its hash and count its rows")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Compare all stages and tell; 0 when they agree."""
    verdict = _verdict(settings, args.since, args.deep)
    if args.json:
        print(json.dumps(asdict(verdict)))
    else:
        _tell(verdict)
    return 0 if verdict.ok else 1


def _verdict(settings: Settings, since: datetime, deep: bool) -> Verdict:
    store = open_store(settings)
    topic = settings.ticks_topic
    with closing(open_view(settings)) as kafka:
        generation = generations.find(store, topic, kafka.topic_id(topic)) or 1
        committed = {partition: each.offset for partition, each in kafka.committed(settings.kafka_group, topic).items()}
    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake verify")) as warehouse:
        tables = facts.tables(warehouse, since)
    patience = timedelta(seconds=2 * settings.load_interval_s)
    return judge(store, topic, facts.by_generation(committed, generation), tables, since, SystemClock().now(), patience, deep=deep)


def judge(
    store: ObjectStore,
    topic: str,
    committed: Mapping[Partition, int],
    tables: Tables,
    since: datetime,
    now: datetime,
    patience: timedelta,
    *,
    deep: bool = False,
) -> Verdict:
    """List the lake and compare it with what was read before: committed offsets, then tables."""
    objects, foreign = facts.lake_objects(store, topic, tables.ledger, since)
    if since > facts.BEGINNING:
        # A partition that was silent since then has no object to hold its offset against.
        committed = {partition: committed[partition] for partition in committed.keys() & {each.partition for each in objects}}
    verdict = reconcile(committed, tables, objects, now, patience)
    given_up = {key for key, entry in tables.ledger.items() if entry.state == "SET_ASIDE"}
    verdict.mismatches += foreign + (damaged(store, (each for each in objects if each.key not in given_up)) if deep else [])
    verdict.ok = not verdict.mismatches
    return verdict


def damaged(store: ObjectStore, objects: Iterable[LakeObject]) -> list[str]:
    """Objects whose bytes are not those that were written, or whose rows are not as many as their offsets."""
    return [wrong for each in objects if (wrong := _damage(store, each.key))]


def _damage(store: ObjectStore, key: str) -> str | None:
    body = store.read(key)
    try:
        meta = facts.metadata(store, key)
        if body is None or hashlib.sha256(body).hexdigest() != meta.sha256:
            return f"{key}: its bytes are not those that its metadata was made of"
        if pq.read_metadata(pa.BufferReader(body)).num_rows != meta.records:
            return f"{key}: its rows are not the {meta.records} records of its metadata"
    except pa.ArrowInvalid as error:
        return f"{key}: is no Parquet: {error}"
    except BadObject as error:
        return str(error)
    return None


def _tell(verdict: Verdict) -> None:
    for name, value in asdict(verdict).items():
        if name not in ("ok", "mismatches"):
            print(f"{name:<12}{value:>14,}")
    for mismatch in verdict.mismatches:
        print(f"MISMATCH {mismatch}", file=sys.stderr)
    print("all stages agree" if verdict.ok else f"{len(verdict.mismatches)} mismatches")


def _hour(text: str) -> datetime:
    """The hour in which a time lies: what the lake can be asked for."""
    time = datetime.fromisoformat(text)
    return (time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)).replace(minute=0, second=0, microsecond=0)
