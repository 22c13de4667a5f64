"""`ticklake logs NAME`: the end of a component's log."""

from __future__ import annotations

import argparse
import os
from collections import deque

from infra.local.instance import COMPONENTS, Instance
from ticklake.errors import ConfigError
from ticklake.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `run` reads to `parser`."""
    parser.add_argument("name", choices=(*COMPONENTS, "supervisor"), help="the component")
    parser.add_argument("--lines", type=int, default=50, metavar="N", help="how many lines (default 50)")
    parser.add_argument("--follow", action="store_true", help="go on as lines come")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the end of the log, and what follows when asked."""
    path = Instance.current().log_path(args.name)
    if not path.exists():
        raise ConfigError(f"{args.name} has no log yet; `make up` starts it")
    if args.follow:
        os.execvp("tail", ["tail", "-n", str(args.lines), "-F", str(path)])  # noqa: S606, S607 - follows rotation, which is not worth writing again
    with path.open(errors="replace") as file:
        print("".join(deque(file, args.lines)), end="")
    return 0
