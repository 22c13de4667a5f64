"""`ticklake source check NAME`: does a source work, does my key, and what may it do. Nothing is published."""

from __future__ import annotations

import argparse
import sys
import threading
from datetime import datetime
from pathlib import Path

from streaming.producer.source import Checkable, Checkup, Request, Source, Wait, create, names
from ticklake import calendars, instruments, tick
from ticklake.clock import SystemClock
from ticklake.errors import Reject
from ticklake.instruments import Instruments
from ticklake.settings import Settings
from ticklake.tick import Tick

_PATIENCE_S = 30.0
_SHOWN = 10
"""Most symbols that are named."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="does the source work")
    check.add_argument("name", choices=names(), help="the source")
    check.add_argument("--file", type=Path, help="replay: a file of trades")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Try the source; 0 when it works, 1 when nothing came or nothing can come now. Raises what the source does: a refused key, a missing setting."""
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
        checkup = source.check(stop.wait) if isinstance(source, Checkable) else _first(source, stop.wait)
    except Reject as error:
        print(f"{args.name}: {error}", file=sys.stderr)
        return 1
    finally:
        timer.cancel()
    if checkup is None:
        print(f"{args.name}: no tick within {_PATIENCE_S:.0f} s", file=sys.stderr)
        return 1
    _tell(args.name, checkup, listed.symbols(args.name))
    return 0


def _first(source: Source, wait: Wait) -> Checkup | None:
    """One tick. Raises the reject when that comes first."""
    first = next(iter(source.ticks(wait)), None)
    if isinstance(first, Reject):
        raise first
    return Checkup(sample=first) if first else None


def _tell(name: str, checkup: Checkup, symbols: tuple[str, ...]) -> None:
    print(f"{name} works: {_sample(checkup.sample)}")
    if symbols:
        more = f" and {len(symbols) - _SHOWN} more" if len(symbols) > _SHOWN else ""
        print(f"symbols: {', '.join(symbols[:_SHOWN])}{more}")
    for line in checkup.says:
        print(line)


def _sample(sample: Tick | None) -> str:
    return tick.encode(sample).decode() if sample else "it answers, and has no tick now"


def _opens_at(name: str, settings: Settings, listed: Instruments, now: datetime) -> datetime | None:
    """When the first exchange opens that the source waits for; None when it waits for none."""
    if name != "simulator" or settings.simulator_hours == "always":
        return None
    opens = [calendars.calendar(listed.get(symbol).calendar).state(now).opens_at for symbol in listed.symbols(name)]
    return min((time for time in opens if time), default=None) if all(opens) else None
