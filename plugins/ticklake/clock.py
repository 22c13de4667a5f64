"""Time, as an argument: nothing outside this module asks the machine what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the platform needs of time."""

    def now(self) -> datetime:
        """The wall clock, with time zone UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never runs backwards; for durations only."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
