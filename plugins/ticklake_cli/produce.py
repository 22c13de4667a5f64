"""`ticklake produce`: run a source by hand, in the foreground.

Exit status: 0, or 1 when input was no tick, or ticks refused or not delivered, or 2 for wrong usage or settings.
"""

from __future__ import annotations

import gc
import math
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from streaming.producer.run import Producer, Summary
from streaming.producer.source import Request, create, names
from ticklake import instruments
from ticklake.clock import SystemClock
from ticklake.errors import ConfigError, TicklakeError
from ticklake_io.kafka_open import open_publisher

if TYPE_CHECKING:
    import argparse

    from ticklake.errors import Reject
    from ticklake.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("--source", required=True, choices=names(), help="where the ticks come from")
    parser.add_argument("--file", type=Path, help="replay: a file of trades, CSV (also .gz) or Parquet")
    parser.add_argument("--symbols", type=_symbols, default=(), metavar="A,B", help="only these symbols")
    parser.add_argument("--rate", type=float, metavar="N", help="ticks a second, all symbols together (replay: instead of the file's pace)")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="replay: how many times faster than it happened, or max (default 1)")
    parser.add_argument("--rebase", action="store_true", help="replay: map the file's time onto now, compressed by the speed")
    parser.add_argument("--limit", type=int, metavar="N", help="stop after so many ticks")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run the source to its end, to `--limit`, or to Ctrl-C; then tell what was done. The exit status."""
    gc.set_threshold(100_000)  # ticks come and go by the ten thousand and form no cycles
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        summary = _produce(args, settings, stop)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except TicklakeError as error:
        print(error, file=sys.stderr)
        return 1
    print(_told(summary), file=sys.stderr)
    return 1 if summary.rejects or summary.refused else 0


def _produce(args: argparse.Namespace, settings: Settings, stop: threading.Event) -> Summary:
    clock = SystemClock()
    listed = instruments.load(settings.config_file)
    request = Request(args.symbols, args.rate, args.file, args.speed, args.rebase)
    source = create(args.source, request, settings, listed, clock)
    publisher = open_publisher(settings, settings.ticks_topic, clock=clock, wait=stop.wait)
    try:
        return Producer([source], publisher, listed, clock, stop, shutdown_s=settings.shutdown_s, on_reject=_print_reject, limit=args.limit).run()
    finally:
        publisher.close()


def _told(summary: Summary) -> str:
    rate = summary.acked / summary.seconds if summary.seconds else 0.0
    refused = f", {summary.refused} refused as too large" if summary.refused else ""
    return f"{summary.sent} sent, {summary.acked} acknowledged{refused}, {summary.rejects} rejects, {summary.seconds:.1f} s, {rate:.0f} ticks/s"


def _print_reject(_: str, reject: Reject) -> None:
    print(reject, file=sys.stderr)


def _symbols(text: str) -> tuple[str, ...]:
    return tuple(symbol.strip() for symbol in text.split(",") if symbol.strip())


def _speed(text: str) -> float:
    return math.inf if text == "max" else float(text)
