"""End-of-day prices: one call for each symbol after each close, the most important first.

A plan's calls of a day belong first to the sessions that close in that day: none is spent earlier in the day that a more
important symbol will need after its close. What is left over (at a weekend: all) goes to symbols whose last session was
missed. Who has been asked is on disk, so that a restart goes on with the next symbol instead of the first.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from streaming.producer.sources.alphavantage.schedule import Exchanges, Quota, Turn
from ticklake.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ticklake.calendars import Calendar
    from ticklake.clock import Clock

_DAY = timedelta(days=1)
EXCHANGE_LATER = timedelta(hours=1)
"""How long an exchange is left alone whose first answer after a close is still of the session before."""
SYMBOL_LATER = timedelta(hours=4)
"""The same for that symbol, which may be one that does not trade at all; and for one that has got no price at first."""


class _Closes(NamedTuple):
    """Of an exchange: the last close whose prices may be asked for, and when those of the next may; that one may have passed already."""

    last: datetime
    next_due_at: datetime
    next_has_passed: bool


class AfterClose:
    """Turns of one symbol, `delay_s` after its exchange has closed; who was asked for which close stands in `path`."""

    def __init__(self, exchanges: Exchanges, clock: Clock, path: Path, *, delay_s: float) -> None:
        """Raises `ConfigError` when the file is damaged."""
        self._exchanges, self._clock, self._path = exchanges, clock, path
        self._delay = timedelta(seconds=delay_s)
        self._asked = _read(path)
        self._fresh: dict[str, datetime] = {}
        self._tried: dict[str, datetime] = {}
        self._exchange_later: dict[str, datetime] = {}
        self._symbol_later: dict[str, datetime] = {}

    def next(self, symbols: Sequence[str], quota: Quota) -> Turn:
        now = self._clock.now()
        left = math.inf if quota.left is None else quota.left
        exchanges = {symbol: self._exchanges(symbol) for symbol in symbols}
        closes = {each: self._closes(each, now) for each in set(exchanges.values())}
        reserved, missed = 0, None
        for symbol in symbols:
            exchange = exchanges[symbol]
            last, next_due_at, next_has_passed = closes[exchange]
            later = max(self._exchange_later.get(exchange.name, now), self._symbol_later.get(symbol, now))
            due = self._asked.get(symbol) != last and later <= now
            if due and last + self._delay > quota.resets_at - _DAY and reserved < left:
                return Turn((symbol,))
            if due and missed is None and not next_has_passed:
                missed = symbol
            reserved += next_due_at <= quota.resets_at
        if missed and reserved < left:
            return Turn((missed,))
        times = [each.next_due_at for each in closes.values()] + [*self._exchange_later.values(), *self._symbol_later.values(), quota.resets_at]
        return Turn((), (min(at for at in times if at > now) - now).total_seconds())

    def answered(self, symbol: str, event_time: datetime | None) -> None:
        """That close is done with, unless the price is of an earlier one, or there was none at the first try: then it is asked for again later."""
        now = self._clock.now()
        exchange = self._exchanges(symbol)
        last = self._closes(exchange, now).last
        if event_time is not None and event_time < last:
            self._symbol_later[symbol] = now + SYMBOL_LATER
            if self._fresh.get(exchange.name) != last:
                self._exchange_later[exchange.name] = now + EXCHANGE_LATER
            return
        if event_time is not None:
            self._fresh[exchange.name] = last
        elif self._tried.get(symbol) != last:
            self._tried[symbol] = last
            self._symbol_later[symbol] = now + SYMBOL_LATER
            return
        self._asked[symbol] = last
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self._asked))
        fresh.replace(self._path)

    def _closes(self, exchange: Calendar, now: datetime) -> _Closes:
        at = now - self._delay
        state = exchange.state(at)
        closes_at = state.closes_at or exchange.state(state.opens_at or at).closes_at or at
        return _Closes(exchange.previous_close(at), closes_at + self._delay, closes_at <= now)


def _read(path: Path) -> dict[str, datetime]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, datetime])
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError:
        raise ConfigError(f"{path} is damaged: delete it, and every symbol is asked for again") from None
