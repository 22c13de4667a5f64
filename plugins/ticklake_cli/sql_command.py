"""`ticklake sql`: one statement against the warehouse, with the operator's rights."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal

from ticklake.settings import Settings
from ticklake_io.warehouse import Row, connection_arguments, open_warehouse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("statement", help="one SQL statement")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="how rows are printed (default table)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run the statement and print its rows."""
    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake sql")) as warehouse:
        rows = warehouse.rows(args.statement)
    {"table": _table, "csv": _csv, "json": _json}[args.format](rows)
    return 0


def _json(rows: list[Row]) -> None:
    print(json.dumps(rows, default=_plain))


def _csv(rows: list[Row]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(rows[0] if rows else ())
    writer.writerows([_text(value) for value in row.values()] for row in rows)


def _table(rows: list[Row]) -> None:
    names = list(rows[0]) if rows else []
    cells = [names, *([_text(value) for value in row.values()] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(names))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"({len(rows)} rows)", file=sys.stderr)


def _plain(value: object) -> object:
    """What JSON cannot hold: decimals keep their digits as text, times are ISO 8601."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    return str(value)


def _text(value: object) -> str:
    return "" if value is None else str(_plain(value)) if isinstance(value, datetime | date) else str(value)
