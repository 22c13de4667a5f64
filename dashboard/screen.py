"""How old ticks were when they were first on the board, by the second in which they were received."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOUNDS_S = np.round(np.geomspace(0.01, 600.0, 160), 4)
"""Ages are told by the least of these that they do not exceed; two neighbours differ by 7 percent."""

KEPT_S = 3_600
"""Seconds of arrival that are remembered."""


class Screen:
    """Counts ages. One thread tells, any thread asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[int, NDArray[np.int64]] = {}
        self._totals = np.zeros(len(BOUNDS_S), np.int64)
        self._total_s = 0.0
        self._since_us: int | None = None
        self._newest_us = 0

    def begin(self, at: datetime) -> None:
        """The board shows all that there is, for the first time; what was received before could not be on it sooner."""
        if self._since_us is None:
            self._since_us = _us(at)

    def shown(self, received_us: NDArray[np.int64], at: datetime) -> None:
        """Ticks that were received at these times (n, microseconds since 1970) are on the board since `at`."""
        if self._since_us is None:
            return
        received_us = received_us[received_us >= self._since_us]
        if not len(received_us):
            return
        seconds = received_us // 1_000_000
        ages = np.maximum(0.0, (_us(at) - received_us) / 1e6)
        buckets = np.minimum(np.searchsorted(BOUNDS_S, ages), len(BOUNDS_S) - 1)
        with self._lock:
            self._totals += np.bincount(buckets, minlength=len(BOUNDS_S))
            self._total_s += float(ages.sum())
            self._newest_us = max(self._newest_us, int(received_us.max()))
            for second in np.unique(seconds).tolist():
                counts = self._counts.setdefault(second, np.zeros(len(BOUNDS_S), np.int64))
                counts += np.bincount(buckets[seconds == second], minlength=len(BOUNDS_S))
            oldest = self._newest_us // 1_000_000 - KEPT_S
            for second in [each for each in self._counts if each < oldest]:
                del self._counts[second]

    def totals(self) -> tuple[list[tuple[str, float]], float]:
        """As Prometheus has it: by upper bound in seconds the ticks so far up to it, and the sum of their ages in seconds."""
        with self._lock:
            counts = np.cumsum(self._totals).tolist()
            bounds = [*map(str, BOUNDS_S[:-1:8].tolist()), "+Inf"]
            return list(zip(bounds, [*counts[:-1:8], counts[-1]], strict=True)), self._total_s

    def report(self) -> dict[str, object]:
        """As JSON has it: `since` and `newest`, seconds since 1970 between whose ticks were counted, and by second of arrival [age, ticks] pairs."""
        with self._lock:
            seconds = {
                str(second): [[float(BOUNDS_S[at]), int(counts[at])] for at in np.flatnonzero(counts)] for second, counts in sorted(self._counts.items())
            }
        return {"since": (self._since_us or 0) / 1e6, "newest": self._newest_us / 1e6, "seconds": seconds}


def _us(at: datetime) -> int:
    return round(at.timestamp() * 1e6)
