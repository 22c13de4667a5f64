"""`make chaos`: the fault-injection run and its proof, on screen and in `build/chaos.json`. Exit status 1 unless every record is in the lake exactly once.

--seed decides order, victims and faults; what the operating system makes of it in time differs from run to run.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.plan import LONG, SHORT
from tests.chaos.run import CLIENTS, Figures, run
from tests.chaos.waiting import NeverCame


def main() -> int:
    """Run, tell, and keep the figures."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--short", action="store_true", help="the form that `make test` runs; leaves build/chaos.json alone")
    parser.add_argument("--client", choices=CLIENTS, default="mixed", help="of consumers and producers; mixed: some of each")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leaves no process behind
    folder = Path(tempfile.mkdtemp(prefix="ticklake-chaos-"))
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:>6.0f} s  {text}", flush=True)

    tell(f"seed {args.seed}, {args.client}, in {folder}")
    try:
        figures = run(folder, SHORT if args.short else LONG, args.seed, args.client, tell)
    except NeverCame as error:
        tell(f"FAILED: {error}; logs are kept in {folder}")
        return 1
    if not args.short:
        figures.keep()
    _table(figures)
    if not figures.ok:
        print(f"FAILED, first of {len(figures.wrong())}: {figures.wrong()[0]}\nlogs and data are kept in {folder}")
        return 1
    shutil.rmtree(folder)
    print("every record that was acknowledged is in the lake exactly once")
    return 0


def _table(figures: Figures) -> None:
    for name, value in figures.row().items():
        print(f"{name.replace('_', ' '):<20}{value:>14,}" if type(value) is int else f"{name.replace('_', ' '):<20}{value!s:>14}")


if __name__ == "__main__":
    sys.exit(main())
