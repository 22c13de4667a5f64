"""`ticklake source check NAME`: takes one tick from a source and tells; nothing is published."""

from __future__ import annotations

import argparse
import sys
import threading
from datetime import datetime
from pathlib import Path

from streaming.producer.source import Request, create, names
from ticklake import calendars, instruments, tick
from ticklake.clock import SystemClock
from ticklake.errors import Reject
from ticklake.instruments import Instruments
from ticklake.settings import Settings

_PATIENCE_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="does the source work")
    check.add_argument("name", choices=names(), help="the source")
    check.add_argument("--file", type=Path, help="replay: a file of trades")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Take one tick; 0 when one came, 1 when none came or none can come now."""
    listed = instruments.load(settings.config_file)
    clock = SystemClock()
    source = create(args.name, Request(file=args.file), settings, listed, clock)
    opens_at = _opens_at(args.name, settings, listed, clock.now())
    if opens_at:
        print(f"{args.name}: the exchanges of its symbols are closed until {opens_at:%Y-%m-%d %H:%M} UTC (TICKLAKE_SIMULATOR_HOURS=exchange)", file=sys.stderr)
        return 1
    stop = threading.Event()
    timer = threading.Timer(_PATIENCE_S, stop.set)
    timer.start()
    try:
        first = next(iter(source.ticks(stop.wait)), None)
    finally:
        timer.cancel()
    if first is None or isinstance(first, Reject):
        print(f"{args.name}: {first or f'no tick within {_PATIENCE_S:.0f} s'}", file=sys.stderr)
        return 1
    print(f"{args.name} works: {len(listed.symbols(args.name)) or 'all'} symbols; {tick.encode(first).decode()}")
    return 0


def _opens_at(name: str, settings: Settings, listed: Instruments, now: datetime) -> datetime | None:
    """When the first exchange opens that the source waits for; None when it waits for none."""
    if name != "simulator" or settings.simulator_hours == "always":
        return None
    opens = [calendars.calendar(listed.get(symbol).calendar).state(now).opens_at for symbol in listed.symbols(name)]
    return min((time for time in opens if time), default=None) if all(opens) else None
