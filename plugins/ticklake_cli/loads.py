"""`ticklake loads list|set-aside|retry`: what became of the lake's objects, and an end to waiting for one that cannot be loaded."""

from __future__ import annotations

import argparse
from contextlib import closing

from ticklake.clock import SystemClock
from ticklake.errors import BadObject, LoadMismatch
from ticklake.settings import Settings
from ticklake_airflow.loading.fence import Fence
from ticklake_airflow.loading.setting_aside import SetAside
from ticklake_airflow.statements import SQL_FOLDER
from ticklake_cli import facts
from ticklake_io.sql import Statements
from ticklake_io.store import open_store
from ticklake_io.warehouse import SnowflakeWarehouse, connection_arguments, open_warehouse

STATES = ("COPIED", "MERGED", "SET_ASIDE", "EXPIRED")
BY_HAND = "ticklake loads"
"""In the ledger instead of a run, and in the lease while it holds the fence."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="the newest objects of the ledger, one a line")
    listing.add_argument("--state", choices=STATES, help="only those of one state")
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="how many (default 50)")
    setting = actions.add_parser("set-aside", help="give up the object that its partition waits for")
    setting.add_argument("key", help="its key, as the failed load names it")
    setting.add_argument("--reason", required=True, metavar="TEXT", help="why; the ledger keeps it")
    setting.add_argument("--last-offset", type=int, metavar="N", help="where it ended, when neither it nor the object after it can tell")
    retrying = actions.add_parser("retry", help="load an object that was set aside")
    retrying.add_argument("key")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """List, set aside or retry; 1 when the object still cannot be loaded."""
    with closing(open_warehouse(connection_arguments(settings), query_tag=BY_HAND)) as warehouse:
        if args.action == "list":
            return _list(warehouse, args.state, args.limit)
        statements, clock = Statements(SQL_FOLDER / "load_ticks"), SystemClock()
        fence = Fence(warehouse, statements, clock, BY_HAND, settings.fence_timeout_s)
        aside = SetAside(open_store(settings), warehouse, fence, statements, clock, BY_HAND)
        return _set_aside(aside, args) if args.action == "set-aside" else _retry(aside, args.key)


def _list(warehouse: SnowflakeWarehouse, state: str | None, most: int) -> int:
    for row in warehouse.rows(facts.STATEMENTS["loads"], {"any_state": state is None, "state": state or "", "most": most}):
        why = f"  {row['SET_ASIDE_REASON']}" if row["SET_ASIDE_REASON"] else ""
        print(f"{row['COPIED_AT']}  {row['STATE']:<10}{row['RECORDS']:>8} records {row['REJECTS']:>6} rejected  {row['OBJECT_KEY']}{why}")
    return 0


def _set_aside(aside: SetAside, args: argparse.Namespace) -> int:
    given_up = aside.set_aside(args.key, args.reason, args.last_offset)
    print(f"{given_up.key}: {given_up.meta.records} records, offsets {given_up.first_offset} to {given_up.end - 1}, are set aside; its partition goes on")
    return 0


def _retry(aside: SetAside, key: str) -> int:
    try:
        merged = aside.retry(key)
    except (BadObject, LoadMismatch) as error:
        print(f"{error}; it stays set aside")
        return 1
    print(f"{key}: {merged.rows} rows loaded, {merged.winners} new ticks, {merged.rejects} in quarantine")
    return 0
