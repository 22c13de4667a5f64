"""`ticklake dlq list|show`: rejected records, why, and where they came from."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import closing

from ticklake.settings import Settings
from ticklake_io.kafka_open import open_view


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="the newest dead letters, one a line")
    listing.add_argument("--limit", type=_at_least(1), default=50, metavar="N", help="how many (default 50)")
    showing = actions.add_parser("show", help="one record's bytes, as they came, to standard output")
    showing.add_argument("offset", type=_at_least(0), help="its offset on the dead-letter topic, as `list` shows it")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """List dead letters or show one; 1 when there is none of that offset."""
    with closing(open_view(settings)) as kafka:
        if args.action == "list":
            for offset, value, headers in kafka.newest(settings.dead_letters_topic, args.limit):
                place = f"{headers.get('topic')} g{headers.get('generation')}/p{headers.get('partition-id')}@{headers.get('offset-id')}"
                print(f"{offset:>8}  {place:<32}{len(value or b''):>9} bytes  {headers.get('reject-reason')}")
            return 0
        records = kafka.read(settings.dead_letters_topic, {0: (args.offset, args.offset + 1)})
    values = [value for each in records.values() for value in each.values]
    if not values:
        print(f"there is no dead letter at offset {args.offset}; see `ticklake dlq list`", file=sys.stderr)
        return 1
    sys.stdout.buffer.write(values[0] or b"")
    return 0


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least {least}")
        return int(text)

    return number
