"""`ticklake backup`: copies of what the lake does not hold, which `ticklake restore --app` reads."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from ticklake.clock import SystemClock
from ticklake.settings import Settings
from ticklake_airflow.restoring import backup, shelves
from ticklake_airflow.restoring.shelves import FolderShelf, Shelf, StoreShelf
from ticklake_io.store import open_store
from ticklake_io.warehouse import connection_arguments, open_warehouse

_BUCKET = "s3://"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--to", required=True, metavar="PLACE", help="a directory, or s3://bucket/prefix; the backup becomes a folder of its own there")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Write a backup and print where it lies and what it holds."""
    now = SystemClock().now()
    place = shelves.folder(args.to, now)
    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake backup")) as warehouse:
        manifest = backup.write(warehouse, shelf(place, settings), now)
    print(place)
    for each in manifest.copies:
        print(f"{each.table:24}{each.rows:>10}  {each.sha256}")
    return 0


def shelf(place: str, settings: Settings) -> Shelf:
    """The shelf at a directory or an address such as s3://bucket/prefix, in the store of the settings."""
    if not place.startswith(_BUCKET):
        return FolderShelf(Path(place))
    bucket, _, prefix = place.removeprefix(_BUCKET).partition("/")
    return StoreShelf(open_store(settings.model_copy(update={"s3_bucket": bucket})), prefix)
