"""The loop of the source: whose turn it is, one call, its quotes as ticks."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from streaming.producer.source import Checkup, SourceHealth
from streaming.producer.sources.alphavantage.schedule import Quota, Turn
from ticklake import calendars
from ticklake.errors import BadPayload, QuotaSpent, Reject, Retry, SourceUnavailable, Stop
from ticklake.tick import Tick
from ticklake_io.alphavantage import quotes
from ticklake_io.alphavantage.answers import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from streaming.producer.source import State, Wait
    from streaming.producer.sources.alphavantage.schedule import Schedule
    from ticklake.calendars import Calendar
    from ticklake.clock import Clock
    from ticklake.instruments import Instruments
    from ticklake.patience import Patience
    from ticklake_io.alphavantage.client import AlphaVantage
    from ticklake_io.alphavantage.quotes import Quote
    from ticklake_io.alphavantage.settings import AlphaVantageSettings
    from ticklake_io.budget import QuotaBudget

HOME_EXCHANGE = "XNYS"
"""Whose hours a symbol keeps that is not on the instrument list."""

BULK_PACE_S = 60.0
"""A price that has not changed for so long, though it is asked for every few seconds, is one that nobody trades."""

_WANTED_S = 5.0
"""How long a change of the symbols wanted may go unnoticed."""
_CLOCK_S = 60.0
"""How long a clock that was set, or a machine that slept, may."""
_SAMPLE = "IBM"

log = structlog.get_logger()


class Exchanges:
    """The calendar that a symbol follows."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def __call__(self, symbol: str) -> Calendar:
        """The instrument's, or the provider's home exchange for what is not on the list."""
        listed = symbol in self._instruments
        return calendars.calendar(self._instruments.get(symbol).calendar if listed else HOME_EXCHANGE)


class Feed:
    """Quotes of `symbols`, the most important first, as far as the plan goes.

    After a failure it waits as `patience` says, however soon it is asked for ticks again.
    """

    name = NAME

    def __init__(
        self,
        provider: AlphaVantage,
        schedule: Schedule,
        budget: QuotaBudget,
        patience: Patience,
        own: AlphaVantageSettings,
        instruments: Instruments,
        clock: Clock,
        symbols: Sequence[str],
        wanted: Callable[[], frozenset[str]] | None = None,
    ) -> None:
        self._provider, self._schedule, self._budget, self._patience = provider, schedule, budget, patience
        self._own, self._instruments, self._clock = own, instruments, clock
        self._symbols, self._wanted = tuple(symbols), wanted
        self._exchange = Exchanges(instruments)
        self._sent: dict[str, str] = {}
        self._unknown: set[str] = set()
        self._errors: Counter[str] = Counter()
        self._state: State = "ok"
        self._detail = ""
        self._left = budget.calls_left()
        self._again_at = clock.monotonic()

    def ticks(self, wait: Wait) -> Iterator[Tick | Reject]:
        """Every quote that is not the one before again."""
        while True:
            turn = self._turn()
            if turn.symbols:
                yield from self._take(turn.symbols)
            elif wait(min(turn.wait_s, _CLOCK_S if self._wanted is None else _WANTED_S)):
                return

    def health(self) -> SourceHealth:
        """How the last call went, and what is left of the plan. `no_data` counts symbols that the provider does not know."""
        # One symbol a call takes as long as the plan has it, and a price that did not change is not sent again.
        return SourceHealth(self._state, self._detail, self._left, dict(self._errors), pace_s=BULK_PACE_S if self._own.bulk else math.inf)

    def check(self, wait: Wait) -> Checkup:
        """One call of the kind that the feed makes, for the most important symbol."""
        while (pause_s := self._budget.wait_s()) > 0:
            if wait(pause_s):
                raise SourceUnavailable(f"{NAME}: stopped before it could be asked")
        try:
            items = self._ask((self._symbols or (_SAMPLE,))[:1])
        except Reject as error:
            items = [error]
        left, today = self._budget.calls_left(), self._budget.plan.a_day is not None
        says = (
            f"plan {self._own.plan}, prices: {self._own.entitlement}, {'a hundred symbols' if self._own.bulk else 'one symbol'} a call",
            f"{left} calls left {'today' if today else 'in this minute'}",
            *(str(item) for item in items if isinstance(item, Reject)),
        )
        return Checkup(says, next((item for item in items if isinstance(item, Tick)), None))

    def _turn(self) -> Turn:
        self._left = self._budget.calls_left()
        pause_s = self._again_at - self._clock.monotonic()
        if pause_s > 0:
            return Turn((), pause_s)
        try:
            pause_s = self._budget.wait_s()
        except QuotaSpent as error:
            self._tell("waiting", str(error))
            return Turn((), (error.until - self._clock.now()).total_seconds())
        if pause_s > 0:
            return Turn((), pause_s)
        left_today = None if self._budget.plan.a_day is None else self._left
        turn = self._schedule.next(self._by_priority(), Quota(left_today, self._budget.resets_at(), self._budget.since_last_s()))
        if not turn.symbols:
            self._tell("ok")  # with nobody to ask for, nothing is wrong; else the answer will tell
        return turn

    def _by_priority(self) -> tuple[str, ...]:
        """The symbols to deliver now; those that the user has not listed for this source come last."""
        if self._wanted is None:
            return self._symbols
        wanted = self._wanted()
        return (*(each for each in self._symbols if each in wanted), *sorted(wanted.difference(self._symbols)))

    def _take(self, symbols: tuple[str, ...]) -> Iterator[Tick | Reject]:
        """What one call brings that is new. A symbol is done with once the caller has come back for more."""
        try:
            items = self._ask(symbols)
        except Retry as error:
            self._pause(error)
            raise
        except Stop as error:
            self._tell("refused", str(error))
            raise
        except Reject as error:
            self._pause()
            items = [error]
        else:
            self._patience.succeeded()
            self._tell("ok")
            self._count_missing(symbols, items)
        times: dict[str, datetime | None] = dict.fromkeys(symbols)
        for item in items:
            if isinstance(item, Reject):
                yield item
                continue
            times[item.symbol] = item.event_time
            if self._sent.get(item.symbol) != item.tick_id:
                self._sent[item.symbol] = item.tick_id
                yield item
        for symbol, event_time in times.items():
            self._schedule.answered(symbol, event_time)

    def _ask(self, symbols: tuple[str, ...]) -> list[Tick | Reject]:
        """One call; its quotes as ticks, and what is none."""
        if self._own.bulk:
            return [self._tick(each, symbols) for each in self._provider.bulk(symbols)]
        quote = self._provider.quote(symbols[0])
        return [self._tick(quote, symbols)] if quote else []

    def _tick(self, quote: Quote | BadPayload, asked: tuple[str, ...]) -> Tick | Reject:
        if isinstance(quote, BadPayload):
            return quote
        symbol = self._instruments.canonical(NAME, quote.symbol)
        if symbol not in asked:
            return BadPayload(NAME, "a quote of a symbol that was not asked for")
        try:
            return quotes.to_tick(quote, symbol, self._exchange(symbol), self._own.entitlement, self._clock.now())
        except BadPayload as error:
            return error

    def _count_missing(self, symbols: tuple[str, ...], items: list[Tick | Reject]) -> None:
        """Tell, once for each, of symbols that the provider has nothing to say of."""
        if any(isinstance(item, Reject) for item in items):
            return
        for symbol in set(symbols) - {item.symbol for item in items if not isinstance(item, Reject)} - self._unknown:
            self._unknown.add(symbol)
            self._errors["no_data"] += 1
            log.warning("no_data", source=NAME, symbol=symbol)

    def _pause(self, error: Retry | None = None) -> None:
        pause_s = self._patience.failed(error)
        self._again_at = self._clock.monotonic() + pause_s
        self._left = self._budget.calls_left()
        self._tell("waiting", f"{error or 'answers are no market data'}; asked again in {pause_s:.0f} s")

    def _tell(self, state: State, detail: str = "") -> None:
        self._state, self._detail = state, detail
