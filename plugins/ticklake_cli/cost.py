"""`ticklake cost`: credits a day and age of data, as the settings are and as they could be."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta

from ticklake.clock import SystemClock
from ticklake.credits import Estimate, by_copy, by_snowpipe
from ticklake.errors import WarehouseRefused, WarehouseUnavailable
from ticklake.settings import Settings
from ticklake_cli import facts
from ticklake_io.warehouse import Warehouse, connection_arguments, open_warehouse

DAY = timedelta(days=1)
INTERVALS_S = (60, 300, 600)
WORK_S = 15.0
SHORTEST_SPAN_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--work", type=float, default=WORK_S, metavar="S", help=f"seconds that a load keeps the warehouse busy (default {WORK_S:g})")
    parser.add_argument("--hours", type=float, default=24.0, metavar="H", help="hours a day in which data arrives (default 24)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the estimates; 0."""
    bytes_a_day = _measured(settings)
    found = estimates(settings, bytes_a_day, args.work, args.hours)
    if args.json:
        print(json.dumps({"bytes_a_day": bytes_a_day, "ways": [asdict(each) for each in found]}))
        return 0
    print(f"{'':<28}{'credits a day':>14}{'data at most':>14}")
    for each in found:
        amount = "-" if each.credits is None else f"{each.credits:.2f}"
        print(f"{each.name:<28}{amount:>14}{each.oldest_s:>10.0f} s   {each.because}")
    print("An estimate for an X-Small warehouse on Snowflake; on one machine nothing is charged.")
    return 0


def estimates(settings: Settings, bytes_a_day: float | None, work_s: float, hours: float) -> list[Estimate]:
    """The ways of loading: first the present one, then the others."""

    def copy(name: str, every_s: float) -> Estimate:
        return by_copy(name, every_s=every_s, work_s=work_s, flush_s=settings.flush_age_s, hours=hours)

    hinted_s = max(settings.load_hint_gap_s, settings.landing_hint_s)
    present_s = min(settings.load_interval_s, hinted_s) if settings.load_hints else settings.load_interval_s
    present = copy(f"now: {'on hints' if settings.load_hints else f'every {present_s:g} s'}", present_s)
    others = [copy("on hints", hinted_s), *(copy(f"no hints, every {each} s", each) for each in INTERVALS_S)]
    return [present, *others, by_snowpipe(bytes_a_day, flush_s=settings.flush_age_s)]


def _measured(settings: Settings) -> float | None:
    """Bytes a day by what the ledger has of the last day; None when it has nothing, or the warehouse does not tell."""
    with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake cost")) as warehouse:
        try:
            return bytes_a_day(warehouse)
        except (WarehouseUnavailable, WarehouseRefused):
            return None


def bytes_a_day(warehouse: Warehouse) -> float | None:
    """What landed in the last day or, where there is less of it, at that rate."""
    now = SystemClock().now()
    (row,) = warehouse.rows(facts.STATEMENTS["landed_bytes"], {"now": now, "since": now - DAY})
    span_s = float(row["SPAN_S"])
    return float(row["N"]) * DAY.total_seconds() / span_s if row["N"] and span_s >= SHORTEST_SPAN_S else None
