"""How many equal things came before, in memory that a window of time bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Place(NamedTuple):
    """How many came before of the same symbol, time and key, and of the same symbol and time."""

    equal: int
    at_time: int


class Ordinals:
    """Counts what is equal within each symbol.

    Forgets what is more than `window` older than a symbol's newest time, and therefore refuses to count there.
    """

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._symbols: dict[str, _Counts] = {}

    def next(self, symbol: str, time: datetime, key: object = None) -> Place | None:
        """The place of what comes now; None when `time` lies before the window."""
        counts = self._symbols.get(symbol)
        if counts is None:
            counts = self._symbols[symbol] = _Counts(time, self._window)
        return counts.next(time, key)


@dataclass(slots=True)
class _Moment:
    total: int = 0
    equal: dict[object, int] = field(default_factory=dict)


class _Counts:
    """The counts of one symbol, by time and key."""

    def __init__(self, time: datetime, window: timedelta) -> None:
        self._window = window
        self._newest = self._swept = time
        self._at: dict[datetime, _Moment] = {}

    def next(self, time: datetime, key: object) -> Place | None:
        if time > self._newest:
            self._newest = time
            # Once per window, so that sweeping costs next to nothing a row.
            if time - self._swept > self._window:
                self._sweep()
        elif self._newest - time > self._window:
            return None
        moment = self._at.get(time)
        if moment is None:
            moment = self._at[time] = _Moment()
        place = Place(moment.equal.get(key, 0), moment.total)
        moment.equal[key] = place.equal + 1
        moment.total += 1
        return place

    def _sweep(self) -> None:
        self._swept = self._newest
        for time in [each for each in self._at if self._newest - each > self._window]:
            del self._at[time]
