"""`ticklake dq results|rules|run`: what the data quality rules found, which there are, and a check now."""

from __future__ import annotations

import argparse
import json
import uuid
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from ticklake.clock import SystemClock
from ticklake.quality.file import load_rules
from ticklake.settings import Settings
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, connection_arguments, open_warehouse

STATEMENTS = Statements(Path(__file__).parent / "sql")
DAG_STATEMENTS = Path(__file__).parents[2] / "dags" / "sql"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    actions = parser.add_subparsers(dest="action", required=True)
    results = actions.add_parser("results", help="the newest result of each rule")
    results.add_argument("--days", type=int, default=2, help="how far back (default 2)")
    results.add_argument("--broken", action="store_true", help="only rules that do not hold, with a sample of what offends")
    results.add_argument("--json", action="store_true", help="an array of objects")
    actions.add_parser("rules", help="the rules, as the file has them")
    actions.add_parser("run", help="check what is new, now")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Tell results or rules, or check; 1 when a rule that may stop data from going on does not hold."""
    match args.action:
        case "results":
            return _results(args, settings)
        case "rules":
            return _rules(settings)
        case _:
            return _run(settings)


def _results(args: argparse.Namespace, settings: Settings) -> int:
    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake dq")) as warehouse:
        rows = warehouse.rows(STATEMENTS["dq_results"], {"since": SystemClock().now() - timedelta(days=args.days)})
    if args.broken:
        rows = [row for row in rows if row["STATUS"] != "ok"]
    if args.json:
        print(json.dumps([{name.lower(): value for name, value in row.items()} | {"sample": json.loads(row["SAMPLE"])} for row in rows], default=str))
    else:
        for row in rows:
            print(
                f"{row['STATUS']:<8} {row['SEVERITY']:<10} {row['RULE']:<26} {row['OFFENDING']:>9} of {row['CHECKED']:<10} {row['CHECKED_AT']:%Y-%m-%d %H:%M}"
            )
            for offender in json.loads(row["SAMPLE"]) if args.broken else ():
                print(f"         {', '.join(f'{name}={value}' for name, value in offender.items())}")
    return int(any(_holds_back(row) for row in rows))


def _holds_back(row: Row) -> bool:
    return bool(row["STATUS"] == "unknown" or (row["STATUS"] == "broken" and row["SEVERITY"] == "fail"))


def _rules(settings: Settings) -> int:
    for rule in load_rules(settings.quality_rules_file):
        print(f"{rule.id:<26} {rule.kind:<20} {rule.severity if rule.enabled else 'off':<10} {rule.table:<26} {rule.description}")
    return 0


def _run(settings: Settings) -> int:
    from ticklake_airflow.quality.check import Check

    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake dq")) as warehouse:
        report = Check(
            warehouse=warehouse,
            rules=load_rules(settings.quality_rules_file),
            clock=SystemClock(),
            statements=Statements(DAG_STATEMENTS / "data_quality"),
            load=Statements(DAG_STATEMENTS / "load_ticks"),
            run_id=f"ticklake dq {uuid.uuid4()}",
            fence_timeout_s=settings.fence_timeout_s,
        ).run()
    print(f"{report.asked} rules asked, {report.quarantined} ticks put into quarantine")
    for rule, offending in report.broken.items():
        print(f"broken   {rule:<26} {offending:>9}")
    for rule in report.holding_back:
        print(f"held     {rule}")
    return int(bool(report.holding_back))
