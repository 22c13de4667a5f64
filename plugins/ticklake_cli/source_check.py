"""`ticklake source check NAME`: takes one tick from a source and tells; nothing is published."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from streaming.producer.source import Request, create, names
from ticklake import instruments, tick
from ticklake.clock import SystemClock
from ticklake.errors import BadLine
from ticklake.settings import Settings

_PATIENCE_S = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="does the source work")
    check.add_argument("name", choices=names(), help="the source")
    check.add_argument("--file", type=Path, help="replay: a file of trades")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Take one tick; 0 when one came."""
    listed = instruments.load(settings.config_file)
    source = create(args.name, Request(file=args.file), settings, listed, SystemClock())
    stop = threading.Event()
    timer = threading.Timer(_PATIENCE_S, stop.set)
    timer.start()
    try:
        first = next(iter(source.ticks(stop.wait)), None)
    finally:
        timer.cancel()
    if first is None or isinstance(first, BadLine):
        print(f"{args.name}: {first or f'no tick within {_PATIENCE_S:.0f} s'}", file=sys.stderr)
        return 1
    print(f"{args.name} works: {len(listed.symbols(args.name)) or 'all'} symbols; {tick.encode(first).decode()}")
    return 0
