"""`ticklake dlq list|show|replay`: rejected records, why, where they came from, and back to the ticks topic once they are valid."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path

from ticklake.clock import SystemClock
from ticklake.errors import ConfigError
from ticklake.settings import Settings
from ticklake_cli.letters import Letter, LetterBox, Repaired, key_of, put_back, why_not
from ticklake_io.kafka_open import open_publisher, open_view


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="the newest dead letters, one a line")
    listing.add_argument("--limit", type=_at_least(1), default=50, metavar="N", help="how many (default 50)")
    showing = actions.add_parser("show", help="one record's bytes, as they came, to standard output")
    showing.add_argument("offset", type=_at_least(0), help="its offset on the dead-letter topic, as `list` shows it")
    replaying = actions.add_parser("replay", help="put records back that are valid ticks now, each once")
    replaying.add_argument("offsets", type=_offsets, nargs="?", metavar="OFFSET|FIRST-LAST", help="on the dead-letter topic")
    replaying.add_argument("--reason", metavar="TEXT", help="only those whose reason contains this")
    replaying.add_argument("--file", type=Path, metavar="PATH", help="the repaired value of the one record")
    replaying.add_argument("--dry-run", action="store_true", help="only tell what would be done")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """List dead letters, show one, or replay some; 1 when there is none such, or one that is asked for is no valid tick."""
    with closing(open_view(settings)) as kafka:
        box = LetterBox(kafka, settings.dead_letters_topic)
        match args.action:
            case "list":
                return _list(box, args.limit)
            case "show":
                return _show(box, args.offset)
            case _:
                return _replay(box, args, settings)


def _list(box: LetterBox, limit: int) -> int:
    letters, replayed = box.newest(limit)
    for each in letters:
        print(f"{each.offset:>8}  {each.origin:<32} {each.size:>8} bytes  {each.reason}{' (replayed)' if each.origin in replayed else ''}")
    return 0


def _show(box: LetterBox, offset: int) -> int:
    record = box.record(offset)
    if record is None:
        print(f"there is no dead letter at offset {offset}; see `ticklake dlq list`", file=sys.stderr)
        return 1
    sys.stdout.buffer.write(record[1] or b"")
    return 0


def _replay(box: LetterBox, args: argparse.Namespace, settings: Settings) -> int:
    if args.offsets is None and args.reason is None:
        raise ConfigError("say which: an offset, a range of them (17-40), or --reason")
    if args.file and (args.offsets is None or len(args.offsets) != 1):
        raise ConfigError("--file is the value of one record: say its offset")
    letters, replayed = box.all()
    wanted = [each for each in letters if (args.offsets is None or each.offset in args.offsets) and (args.reason or "") in each.reason]
    if not wanted:
        print("there is no such dead letter; see `ticklake dlq list`", file=sys.stderr)
        return 1
    for each in wanted:
        if each.origin in replayed:
            print(f"{each.offset:>8}  {each.origin}  was replayed already")
    first_copies = {each.origin: each for each in reversed(wanted) if each.origin not in replayed}
    chosen, refused = _valid(box, sorted(first_copies.values(), key=lambda each: each.offset), args.file)
    if args.dry_run:
        _tell((each.letter for each in chosen), "would be replayed")
    elif chosen:
        _put_back(chosen, settings)
    return 1 if refused else 0


def _valid(box: LetterBox, letters: list[Letter], file: Path | None) -> tuple[list[Repaired], int]:
    """The letters that are valid ticks now, and how many are not; those are told."""
    chosen, refused = [], 0
    for letter in letters:
        key, value = box.record(letter.offset) or (None, None)
        if file:
            value = _content(file)
            key = key_of(value, otherwise=key)
        repaired = Repaired(letter, key, value)
        reason = why_not(repaired, from_file=file is not None)
        if reason is None:
            chosen.append(repaired)
        else:
            refused += 1
            print(f"{letter.offset:>8}  {letter.origin}  is still no tick: {reason}", file=sys.stderr)
    return chosen, refused


def _put_back(chosen: list[Repaired], settings: Settings) -> None:
    with ExitStack() as cleanup:
        wait, clock = threading.Event().wait, SystemClock()
        ticks = open_publisher(settings, settings.ticks_topic, clock=clock, wait=wait)
        cleanup.callback(ticks.close)
        notes = open_publisher(settings, settings.dead_letters_topic, clock=clock, wait=wait)
        cleanup.callback(notes.close)
        _tell(put_back(chosen, ticks, notes), "replayed")


def _tell(letters: Iterable[Letter], what: str) -> None:
    for each in letters:
        print(f"{each.offset:>8}  {each.origin}  {what}")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least {least}")
        return int(text)

    return number


def _offsets(text: str) -> range:
    first, dash, last = text.partition("-")
    number = _at_least(0)
    return range(number(first), number(last if dash else first) + 1)
