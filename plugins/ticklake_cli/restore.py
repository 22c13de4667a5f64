"""`ticklake restore`: the warehouse again, from nothing but the lake; what the lake does not hold from a backup."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import date

from ticklake.changes import Subject
from ticklake.clock import SystemClock
from ticklake.errors import ConfigError
from ticklake.settings import Settings
from ticklake_airflow.restoring import backup, decisions
from ticklake_airflow.restoring.decisions import GivenUp
from ticklake_airflow.restoring.lake import Since, Survey
from ticklake_airflow.restoring.restore import RUN, Restore
from ticklake_airflow.settling.checksum import Image
from ticklake_cli.backup import shelf
from ticklake_cli.history import checksums, tell_checksums
from ticklake_io.changes import announce
from ticklake_io.store import open_store
from ticklake_io.warehouse import SnowflakeWarehouse, connection_arguments, open_warehouse

_MEGABYTE = 1e6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--from-lake", action="store_true", help="load every object of the lake into a warehouse that holds none")
    parser.add_argument("--app", metavar="FROM", help="a backup's folder or s3:// address: what users wrote; with --from-lake also what was decided about rows")
    parser.add_argument("--since", type=_day, metavar="DATE", help="only ticks that arrived on this day (UTC) or later; the earlier ones can never follow")
    parser.add_argument("--dry-run", action="store_true", help="only tell what the lake holds, and whether the warehouse is ready")
    parser.add_argument("--into-existing", action="store_true", help="also into a warehouse that holds rows: adds what its ledger lacks")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Restore and print counts and checksums; 1 when a partition could not go on.

    Raises `ConfigError` when nothing is asked for, or the warehouse is not ready.
    """
    if not args.from_lake and not args.app:
        raise ConfigError("say --from-lake, --app FROM, or both")
    with closing(open_warehouse(connection_arguments(settings), query_tag=RUN)) as warehouse:
        restore = _restore(args.since, settings, warehouse)
        if args.from_lake and not args.into_existing:
            restore.check_empty()
        if args.dry_run:
            _tell_survey(restore.survey(), args.json)
            return 0
        given_up = _kept(args.app, settings, warehouse, with_decisions=args.from_lake) if args.app else []
        return _load(restore, given_up, settings, warehouse, args.json) if args.from_lake else 0


def _restore(since: date | None, settings: Settings, warehouse: SnowflakeWarehouse) -> Restore:
    store = open_store(settings)
    return Restore(
        store=Since(store, since) if since else store,
        warehouse=warehouse,
        clock=SystemClock(),
        topic=settings.ticks_topic,
        benchmark=settings.benchmark,
        fence_timeout_s=settings.fence_timeout_s,
        told=_say,
    )


def _kept(place: str, settings: Settings, warehouse: SnowflakeWarehouse, *, with_decisions: bool) -> list[GivenUp]:
    """Restore from a backup; the objects that are to be given up again."""
    found = backup.read(shelf(place, settings))
    backup.restore(warehouse, found, _say)
    if not with_decisions:
        return []
    kept = decisions.quarantine(warehouse, backup.tables(warehouse)[decisions.QUARANTINE], found.get(decisions.QUARANTINE, []))
    given_up = [GivenUp.of(row) for row in found.get(decisions.LEDGER, [])]
    _say(f"decisions: {kept} rows in quarantine, {len(given_up)} objects set aside")
    return given_up


def _load(restore: Restore, given_up: Sequence[GivenUp], settings: Settings, warehouse: SnowflakeWarehouse, as_json: bool) -> int:
    report = restore.run(given_up)
    announce(settings, Subject.TICKS, Subject.DAILY, Subject.ANALYTICS)
    images: dict[str, Image] = checksums(warehouse)
    if as_json:
        told = {name: {"rows": image.rows, "checksum": str(image.checksum)} for name, image in images.items()}
        print(json.dumps(asdict(report) | {"checksums": told}))
    else:
        print(f"{report.objects} raw objects, {report.rows} rows, {report.winners} ticks, {report.rejects} in quarantine")
        print(f"{report.batch_objects} objects of the batch feed, {report.batch_rows} rows")
        print(f"{report.seconds:.0f} s")
        tell_checksums(images)
    for why in report.stopped.values():
        _say(f"{why}; `ticklake loads set-aside` gives an object up, then run this again")
    return int(bool(report.stopped or report.pending))


def _tell_survey(found: Survey, as_json: bool) -> None:
    raw = {str(partition): each._asdict() for partition, each in found.raw.items()}
    batch = {name: each._asdict() for name, each in found.batch.items()}
    if as_json:
        print(json.dumps({"raw": raw, "batch": batch}))
        return
    for name, each in (raw | batch).items():
        print(f"{name:24}{each['objects']:>10} objects {each['size'] / _MEGABYTE:>12.1f} MB")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day; one looks like 2026-11-23") from None
