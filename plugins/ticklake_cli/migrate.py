"""`ticklake migrate`: brings the warehouse that the settings name to the tables, views and reference data of this release. Safe to run again."""

from __future__ import annotations

import argparse
from contextlib import closing

from ticklake.settings import Settings
from ticklake_io.migrations import account_of, account_only, always, pending, update
from ticklake_io.warehouse import connection_arguments, open_warehouse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--dry-run", action="store_true", help="name the scripts that would run, and change nothing")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Apply the DDL, or name the scripts. Raises `ConfigError` when a script was changed after it had run."""
    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake migrate")) as warehouse:
        if not args.dry_run:
            print(update(warehouse, settings))
            return 0
        account = account_of(settings)
        every_time = [*always(settings.s3_bucket), *(account_only(account, settings.s3_bucket) if account else [])]
        for script in [*pending(warehouse), *every_time]:
            print(script.name)
    return 0
