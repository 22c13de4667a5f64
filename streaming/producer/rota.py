"""Who is on duty for each instrument: its primary source, or the best standby while the primary is silent or gone.

A source always delivers the symbols that it is primary for, so that its return is seen; a standby delivers an instrument
only while it stands in. Ticks keep the name of their source, so two feeds never mix. Downwards a change is immediate.
Upwards it waits until the better source has been fit for as long as a silence may last: one that speaks now and then
does not make the duty flap. Nothing synthetic takes part.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from streaming.producer.source import is_synthetic, names
from ticklake.calendars import calendar
from ticklake.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from streaming.producer.source import State
    from ticklake.instruments import Instrument, Instruments

_GONE = ("refused", "down", "ended")


class Sight(NamedTuple):
    """What is seen of a source that runs: its state, when the last tick of each symbol came (monotonic seconds), and how far apart
    they may ordinarily be; infinite when their silence says nothing, so that only the state does."""

    state: State
    last: Mapping[str, float]
    pace_s: float = 0.0


class Change(NamedTuple):
    """From now on `after` is on duty for `symbol` instead of `before`; `why` says what is wrong with the one it was."""

    symbol: str
    before: str
    after: str
    why: str


class Rota:
    """The duty for `instruments`, among the sources that are `running`."""

    def __init__(
        self,
        instruments: Instruments,
        running: Sequence[str],
        *,
        silence_s: float,
        begin: float,
        synthetic: Callable[[str], bool] = is_synthetic,
    ) -> None:
        """`silence_s`: how long a primary may say nothing with its exchange open, from `begin` (monotonic seconds) on.

        Raises `ConfigError` when an instrument's primary has a standby and one of them is synthetic.
        """
        _check_kinds(instruments, synthetic)
        self._silence_s = silence_s
        self._posts = [_Post(each, running, begin) for each in instruments if set(each.standby) & set(running)]
        own = {name: set(instruments.symbols(name)) for name in running}
        for each in instruments:
            for name in set(each.standby) & set(running):
                own[name].discard(each.symbol)
        self._own = {name: frozenset(symbols) for name, symbols in own.items()}
        self._wanted = self._own

    def wanted(self, source: str) -> frozenset[str]:
        """The symbols that `source` shall deliver now. Any thread may ask."""
        return self._wanted[source]

    @property
    def standing_in(self) -> dict[str, str]:
        """The source that stands in, by symbol."""
        return {post.symbol: post.on_duty for post in self._posts if post.on_duty != post.primary}

    def turn(self, now: datetime, at: float, seen: Mapping[str, Sight]) -> list[Change]:
        """Look at the sources that run at the time `now`, which is `at` in monotonic seconds; what changes."""
        is_open = {name: calendar(name).is_open(now) for name in {post.calendar for post in self._posts}}
        changes = [change for post in self._posts if (change := post.turn(at, seen, is_open=is_open[post.calendar], silence_s=self._silence_s))]
        if changes:
            standing_in = self.standing_in.items()
            self._wanted = {name: own.union(symbol for symbol, source in standing_in if source == name) for name, own in self._own.items()}
        return changes


class _Post:
    """The duty for one instrument."""

    def __init__(self, instrument: Instrument, running: Sequence[str], begin: float) -> None:
        self.symbol, self.calendar, self.primary = instrument.symbol, instrument.calendar, instrument.primary
        self.on_duty = self.primary
        self._ranked = self.primary, *(name for name in instrument.standby if name in running)
        self._fit_since: dict[str, float] = {}
        self._open_since: float | None = begin
        self._ok_at = begin

    def turn(self, at: float, seen: Mapping[str, Sight], *, is_open: bool, silence_s: float) -> Change | None:
        self._open_since = (at if self._open_since is None else self._open_since) if is_open else None
        if self.primary in seen and seen[self.primary].state == "ok":
            self._ok_at = at
        faults = {name: self._fault(name, at, seen.get(name), silence_s) for name in self._ranked}
        for name, fault in faults.items():
            if fault:
                self._fit_since.pop(name, None)
            else:
                self._fit_since.setdefault(name, at)
        gone = {name for name in self._ranked if name not in seen or seen[name].state in _GONE}
        before, self.on_duty = self.on_duty, self._best(at, faults, gone, silence_s)
        if self.on_duty == before:
            return None
        return Change(self.symbol, before, self.on_duty, faults[before] or f"{self.on_duty} is back")

    def _best(self, at: float, faults: Mapping[str, str | None], gone: Collection[str], silence_s: float) -> str:
        fit = [name for name in self._ranked if not faults[name]]
        if faults[self.on_duty]:
            nobody_better = self.primary if self.on_duty in gone else self.on_duty
            return next(iter(fit), nobody_better)
        better = self._ranked[: self._ranked.index(self.on_duty)]
        return next((name for name in fit if name in better and at - self._fit_since[name] > silence_s), self.on_duty)

    def _fault(self, name: str, at: float, sight: Sight | None, silence_s: float) -> str | None:
        """Why a source cannot be on duty. A primary that waits may have ticks again at any moment: only how long it is silent counts,
        or, of one that is ordinarily silent, how long it waits."""
        if sight is None:
            return f"{name} does not run"
        if sight.state in _GONE or (name != self.primary and sight.state != "ok"):
            return f"{name} is {sight.state}"
        if name != self.primary or self._open_since is None:
            return None
        if math.isinf(sight.pace_s):
            waits_s = at - max(self._ok_at, self._open_since)
            return f"{name} has been waiting for {waits_s:.0f} s" if waits_s > silence_s else None
        silent_s = at - max(sight.last.get(self.symbol, self._open_since), self._open_since)
        return f"{name} has been silent for {silent_s:.0f} s" if silent_s > max(silence_s, sight.pace_s) else None


def check_sources(instruments: Instruments, running: Sequence[str]) -> None:
    """Raises `ConfigError` for a source that the instrument list names and that does not exist, and for one that runs without a symbol."""
    known = names()
    for name in sorted(instruments.sources):
        if name not in known:
            raise ConfigError(f"ticklake.yaml names a source {name!r} that does not exist; there are {', '.join(known)}")
    for name in running:
        if not instruments.symbols(name):
            raise ConfigError(f"{name} has no symbols: name some in `sources: {name}` of ticklake.yaml")


def _check_kinds(instruments: Instruments, synthetic: Callable[[str], bool]) -> None:
    for each in instruments:
        made_up = [name for name in (each.primary, *each.standby) if each.standby and synthetic(name)]
        if made_up:
            raise ConfigError(f"instrument {each.symbol}: {made_up[0]} is synthetic; it stands in for nobody and nobody for it")
