"""`ticklake verify`: does every number agree, from the committed offset to the curated row? Exit status 1 on any mismatch."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from ticklake.clock import SystemClock
from ticklake.reconcile import LakeObject, Verdict, reconcile
from ticklake.settings import Settings
from ticklake_cli import facts
from ticklake_io import generations
from ticklake_io.kafka_view import KafkaView
from ticklake_io.store import ObjectStore, open_store
from ticklake_io.warehouse import connection_arguments, open_warehouse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--since", type=_time, default=facts.BEGINNING, metavar="T", help="only objects whose records arrived at T (UTC, ISO 8601) or later")
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
    with closing(KafkaView(settings.kafka_bootstrap)) as kafka:
        generation = generations.find(store, topic, kafka.topic_id(topic)) or 1
        committed = {partition: each.offset for partition, each in kafka.committed(settings.kafka_group, topic).items()}
    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake verify")) as warehouse:
        tables = facts.tables(warehouse, since)
    objects = facts.lake_objects(store, topic, tables.ledger, since)
    patience = timedelta(seconds=2 * settings.load_interval_s)
    verdict = reconcile(facts.by_generation(committed, generation), tables, objects, SystemClock().now(), patience)
    if deep:
        verdict.mismatches += damaged(store, objects)
        verdict.ok = not verdict.mismatches
    return verdict


def damaged(store: ObjectStore, objects: Iterable[LakeObject]) -> list[str]:
    """Objects whose bytes are not those that were written, or whose rows are not as many as their offsets."""
    wrong = []
    for each in objects:
        body, meta = store.read(each.key), facts.metadata(store, each.key)
        if body is None or hashlib.sha256(body).hexdigest() != meta.sha256:
            wrong.append(f"{each.key}: its bytes are not those that its metadata was made of")
        elif pq.read_metadata(pa.BufferReader(body)).num_rows != meta.records:
            wrong.append(f"{each.key}: its rows are not the {meta.records} records of its metadata")
    return wrong


def _tell(verdict: Verdict) -> None:
    for name, value in asdict(verdict).items():
        if name not in ("ok", "mismatches"):
            print(f"{name:<12}{value:>14,}")
    for mismatch in verdict.mismatches:
        print(f"MISMATCH {mismatch}", file=sys.stderr)
    print("all stages agree" if verdict.ok else f"{len(verdict.mismatches)} mismatches")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
