"""How many equal things came before, in memory that a window of time bounds."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta


class Ordinals:
    """Counts equal keys of a symbol and a time, from 0.

    Forgets what is more than `window` older than a symbol's newest time, and therefore refuses to count there.
    """

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._symbols: dict[str, _Counts] = {}

    def next(self, symbol: str, time: datetime, key: object = None) -> int | None:
        """How many of the same symbol, time and key came before; None when `time` lies before the window."""
        counts = self._symbols.get(symbol)
        if counts is None:
            counts = self._symbols[symbol] = _Counts(time, self._window)
        return counts.next(time, key)


class _Counts:
    """The counts of one symbol, by time and key."""

    def __init__(self, time: datetime, window: timedelta) -> None:
        self._window = window
        self._newest = self._swept = time
        self._at: defaultdict[datetime, dict[object, int]] = defaultdict(dict)

    def next(self, time: datetime, key: object) -> int | None:
        if time > self._newest:
            self._newest = time
            # Once per window, so that sweeping costs next to nothing a row.
            if time - self._swept > self._window:
                self._sweep()
        elif self._newest - time > self._window:
            return None
        counts = self._at[time]
        ordinal = counts.get(key, 0)
        counts[key] = ordinal + 1
        return ordinal

    def _sweep(self) -> None:
        self._swept = self._newest
        for time in [each for each in self._at if self._newest - each > self._window]:
            del self._at[time]
