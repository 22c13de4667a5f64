"""The simulator, whose provider is time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from streaming.producer.source import Request, create
from tests.contract.source_cases import Play, Recording, SourceCase
from tests.fakes.clock import ManualClock
from tests.fixtures import services
from ticklake.instruments import Instruments

SECONDS = 2.2
TRADES_EACH = 2
SYMBOLS = ("AAPL", "MSFT")


def case(tmp_path: Path) -> SourceCase:
    """A script is how many seconds pass before the source is told to stop."""
    one = {"kind": "trade", "feed": "synthetic", "sequence": 0}
    trades = tuple({"symbol": symbol} | one for symbol in SYMBOLS[::-1] * TRADES_EACH)
    return SourceCase(play, recordings=(Recording("two seconds", SECONDS, trades),))


@contextmanager
def play(recording: Recording) -> Iterator[Play]:
    clock, stop = ManualClock(), threading.Event()
    end = clock.now() + timedelta(seconds=recording.script)  # type: ignore[arg-type]

    def wait(seconds: float) -> bool:
        clock.advance(seconds)
        return stop.is_set() or clock.now() >= end

    request = Request(symbols=SYMBOLS, rate=len(SYMBOLS))
    yield Play(create("simulator", request, services.settings(), Instruments(), clock), stop, wait)
