"""The replay of a file."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streaming.producer.source import Request, create
from streaming.producer.sources.replay.rows import COLUMNS
from tests.contract.source_cases import Play, Recording, SourceCase
from tests.fakes.clock import ManualClock
from tests.fixtures import services
from ticklake.errors import BadLine
from ticklake.instruments import Instruments

ROW = "IBM,2013-10-07T14:00:00.0{}Z,{},100,N,@"


def case(tmp_path: Path) -> SourceCase:
    """A script is the lines of the file."""

    @contextmanager
    def play(recording: Recording) -> Iterator[Play]:
        file = tmp_path / "trades.csv"
        file.write_text("\n".join((",".join(COLUMNS), *recording.script, "")))  # type: ignore[misc]
        clock, stop = ManualClock(), threading.Event()

        def wait(seconds: float) -> bool:
            clock.advance(seconds)
            return stop.is_set()

        yield Play(create("replay", Request(file=file, speed=math.inf), services.settings(), Instruments(), clock), stop, wait)

    first = {"symbol": "IBM", "price": "180.01", "size": 100, "venue": "N", "conditions": "@", "feed": "replay", "sequence": 0}
    return SourceCase(
        play,
        recordings=(
            Recording(
                "equal rows and bad ones",
                (ROW.format("01", "180.01"), ROW.format("01", "180.01"), "IBM,yesterday,1,1,N,", ROW.format("02", "0"), ROW.format("03", "180.02")),
                (first, first | {"sequence": 1}, BadLine, BadLine, first | {"price": "180.02"}),
            ),
        ),
    )
