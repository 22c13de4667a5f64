"""`ticklake history`: which hours of arrival hold a range of event time, and how to rebuild them; checksums of the tables."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.airflow import environment
from infra.local.instance import Instance
from ticklake.errors import ConfigError
from ticklake.settings import Settings
from ticklake_airflow.settling import checksum
from ticklake_airflow.settling.checksum import Image
from ticklake_airflow.settling.model import Hour
from ticklake_airflow.statements import SQL_FOLDER
from ticklake_cli.facts import STATEMENTS
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse, connection_arguments, open_warehouse

_SCHEMAS = ("CURATED", "RAW")
_HOUR = timedelta(hours=1)


@dataclass
class Arrival:
    """An hour of arrival with the objects and records of it that are wanted."""

    hour: Hour
    objects: int = 0
    records: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("what", nargs="?", choices=("checksums",), help="rows and a checksum of every table of RAW and CURATED, instead of hours")
    parser.add_argument("--event-from", type=_time, metavar="T", help="first event time (UTC, ISO 8601)")
    parser.add_argument("--event-to", type=_time, metavar="T", help="the event time at which the range ends")
    parser.add_argument("--symbols", default="", metavar="A,B", help="only ticks of these symbols")
    parser.add_argument("--run", action="store_true", help="start the backfill that rebuilds the hours")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the hours and how to rebuild them, or the checksums.

    Raises `ConfigError` when the range is missing, or when `--run` would need several backfills.
    """
    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake history")) as warehouse:
        if args.what == "checksums":
            _print_checksums(checksums(warehouse), args.json)
            return 0
        if args.event_from is None or args.event_to is None or args.event_from >= args.event_to:
            raise ConfigError("--event-from and --event-to must name a range of event time")
        symbols = [each for each in args.symbols.split(",") if each]
        arrivals = arrived(warehouse, args.event_from, args.event_to, symbols)
    commands = [backfill(some[0].hour, some[-1].hour) for some in adjoining(arrivals)]
    _tell(arrivals, commands, args.json)
    return _start(commands) if args.run and commands else 0


def arrived(warehouse: Warehouse, event_from: datetime, event_to: datetime, symbols: Sequence[str]) -> list[Arrival]:
    """The hours of arrival whose objects may hold ticks of the range, by what the ledger says of each object; in order."""
    params = {"event_from": event_from, "event_to": event_to, "symbols": json.dumps(symbols), "all_symbols": not symbols}
    rows: list[Row] = warehouse.rows(STATEMENTS["history_objects"], params)
    arrivals: dict[Hour, Arrival] = {}
    for row in rows:
        hour = Hour.of(row["OBJECT_KEY"])
        arrival = arrivals.setdefault(hour, Arrival(hour))
        arrival.objects += 1
        arrival.records += row["RECORDS"]
    return [arrivals[hour] for hour in sorted(arrivals)]


def adjoining(arrivals: Iterable[Arrival]) -> list[list[Arrival]]:
    """The hours, in order, in groups that have no hour between them."""
    groups: list[list[Arrival]] = []
    for each in arrivals:
        if groups and groups[-1][-1].hour.start + _HOUR == each.hour.start:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def backfill(first: Hour, last: Hour) -> list[str]:
    """Arguments of `airflow` that rebuild all hours from `first` to `last`."""
    dates = ["--from-date", f"{first.start:%Y-%m-%dT%H:%M:%S+00:00}", "--to-date", f"{last.start:%Y-%m-%dT%H:%M:%S+00:00}"]
    how = ["--reprocess-behavior", "completed", "--max-active-runs", "1", "--dag-run-conf", '{"rebuild": true}']
    return ["backfill", "create", "--dag-id", "settle_ticks", *dates, *how]


def checksums(warehouse: Warehouse) -> dict[str, Image]:
    """Rows and checksum of every table of RAW and CURATED."""
    statements = Statements(SQL_FOLDER / "settle_ticks")
    tables = checksum.tables(warehouse, statements, _SCHEMAS)
    return {name: checksum.image(warehouse, statements, name, columns) for name, columns in tables.items()}


def tell_checksums(images: Mapping[str, Image]) -> None:
    """Print a line for each table."""
    width = max(map(len, images), default=0)
    for name, image in images.items():
        print(f"{name:{width}}  {image.rows:>12}  {image.checksum}")


def _tell(arrivals: Sequence[Arrival], commands: Sequence[Sequence[str]], as_json: bool) -> None:
    texts = [shlex.join(["ticklake", "airflow", *command]) for command in commands]
    if as_json:
        hours = [{"hour": str(each.hour), "objects": each.objects, "records": each.records} for each in arrivals]
        print(json.dumps({"hours": hours, "commands": texts}))
        return
    for each in arrivals:
        print(f"{each.hour}  {each.objects} objects, {each.records} records")
    print("\n".join(texts) if texts else "no object holds ticks of this range")


def _start(commands: Sequence[Sequence[str]]) -> int:
    if len(commands) > 1:
        raise ConfigError(f"the hours lie apart, and Airflow runs one backfill of a DAG at a time: run the {len(commands)} commands one after the other")
    airflow = Path(sys.executable).with_name("airflow")
    done = subprocess.run([airflow, *commands[0]], env=os.environ | environment(Instance.current()), stdout=sys.stderr, check=False)
    return min(done.returncode, 1)


def _print_checksums(images: Mapping[str, Image], as_json: bool) -> None:
    if as_json:
        print(json.dumps({name: {"rows": image.rows, "checksum": str(image.checksum)} for name, image in images.items()}))
    else:
        tell_checksums(images)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no time; one looks like 2013-10-07T13:30:00") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
