"""Whom to ask next, and when: calls go to the symbols that matter most, while their exchange has something new to say.

Symbols stand in the order of their priority. There are two schedules, by what the plan includes:

* `InSession`, for delayed and realtime prices: while an exchange is open (later by the delay). A plan with a number of calls
  a day is spread over the open hours that are left of its day. Each time the symbol is asked whose turn is most overdue,
  where the first has a turn at every step, the second at every second, the n-th at every n-th; none more often than
  every `poll_s`. When there are calls enough, that is everybody every `poll_s`.
* `AfterClose` (in `after_close`), for end-of-day prices: one call for each symbol after each close.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from ticklake.calendars import Calendar
    from ticklake.clock import Clock

Exchanges = Callable[[str], "Calendar"]
"""The calendar that a canonical symbol follows."""

_DAY = timedelta(days=1)


class Quota(NamedTuple):
    """What is left of a plan's day: calls (None: no limit), when the next day begins, and seconds since the last call."""

    left: int | None
    resets_at: datetime
    since_last_s: float


class Turn(NamedTuple):
    """Symbols to ask for in one call now, or, when there are none, seconds until there may be some."""

    symbols: tuple[str, ...]
    wait_s: float = 0.0


class Schedule(Protocol):
    """Says whose turn it is."""

    def next(self, symbols: Sequence[str], quota: Quota) -> Turn:
        """Whom of `symbols`, the most important first, to ask now. Who is named is taken to be asked."""
        ...

    def answered(self, symbol: str, event_time: datetime | None) -> None:
        """What is known of `symbol` now: a price of that time, None for no price."""
        ...


class InSession:
    """Turns while exchanges are open, of at most `batch` symbols a call. `delay_s` is how late the provider's data are."""

    def __init__(self, exchanges: Exchanges, clock: Clock, *, poll_s: float, delay_s: float = 0.0, batch: int = 1) -> None:
        self._exchanges, self._clock = exchanges, clock
        self._poll_s, self._delay, self._batch = poll_s, timedelta(seconds=delay_s), batch
        self._asked: dict[str, float] = {}
        self._turns: dict[str, float] = {}
        self._step = 0.0

    def next(self, symbols: Sequence[str], quota: Quota) -> Turn:
        seen = self._clock.now() - self._delay
        exchanges = {exchange.name: exchange for exchange in map(self._exchanges, symbols)}.values()
        is_open = {each.name for each in exchanges if each.is_open(seen)}
        if not is_open:
            return Turn((), min((_until_open_s(each, seen) for each in exchanges), default=math.inf))
        if quota.left is not None:
            open_s = _open_s(exchanges, seen, quota.resets_at - self._delay)
            pause_s = open_s / quota.left - quota.since_last_s if quota.left else math.inf
            if pause_s > 0:
                return Turn((), pause_s)
        monotonic = self._clock.monotonic()
        waits = {each: self._asked.get(each, -math.inf) + self._poll_s - monotonic for each in symbols if self._exchanges(each).name in is_open}
        if min(waits.values()) > 0:
            return Turn((), min(waits.values()))
        return Turn(self._most_overdue([(rank, each) for rank, each in enumerate(symbols, 1) if waits.get(each, math.inf) <= 0], monotonic))

    def answered(self, symbol: str, event_time: datetime | None) -> None:
        """Nothing: a symbol is asked again whatever it said."""

    def _most_overdue(self, due: list[tuple[int, str]], monotonic: float) -> tuple[str, ...]:
        """The next `batch` of `due` (rank, symbol), with their next turns set."""
        for rank, symbol in due:
            # Who could not be asked for a while does not make up for it.
            self._turns[symbol] = max(self._turns.get(symbol, self._step + rank), self._step)
        chosen = sorted(due, key=lambda each: (self._turns[each[1]], each[0]))[: self._batch]
        for rank, symbol in chosen:
            self._step = max(self._step, self._turns[symbol])
            self._turns[symbol] += rank
            self._asked[symbol] = monotonic
        return tuple(symbol for _, symbol in chosen)


def _until_open_s(exchange: Calendar, at: datetime) -> float:
    opens_at = exchange.state(at).opens_at
    return (opens_at - at).total_seconds() if opens_at else 0.0


def _open_s(exchanges: Iterable[Calendar], begin: datetime, end: datetime) -> float:
    """Seconds between `begin` and `end` in which at least one of `exchanges` is open."""
    sessions = (session for each in exchanges for session in each.sessions(begin.date() - _DAY, end.date() + _DAY))
    total_s, reached = 0.0, begin
    for _, opens_at, closes_at in sorted(sessions, key=lambda session: session.opens_at):
        total_s += max((min(closes_at, end) - max(opens_at, reached)).total_seconds(), 0.0)
        reached = max(reached, closes_at)
    return total_s
