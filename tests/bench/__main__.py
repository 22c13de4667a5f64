"""`make bench [GROUP=…]`: measures, prints a table and updates `build/bench.json`. Without a group: all of them."""

from __future__ import annotations

import argparse
from importlib import import_module

GROUPS = ("platform", "streaming", "load", "dashboard")


def main() -> None:
    """Measure the groups that the arguments name."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS], default=[], metavar="GROUP", help=", ".join(GROUPS))
    for group in parser.parse_args().groups or GROUPS:
        import_module(f"tests.bench.{group}").measure()


if __name__ == "__main__":
    main()
