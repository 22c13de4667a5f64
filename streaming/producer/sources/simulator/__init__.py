"""The simulator: one trade of each symbol in each slot, from the synthetic market.

Slots are as long as it takes to serve every symbol once at the rate asked for; a symbol's slots begin at its own place
within that time, so trades come evenly. Nothing is remembered: after a restart, or a pause longer than a slot, the
simulator goes on at the present and repeats nothing. It lasts until it is stopped.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ticklake.calendars import calendar
from ticklake.errors import ConfigError
from ticklake.simulated.market import MODEL_VERSION, Market
from ticklake.tick import Tick, tick_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from streaming.producer.source import Request, Source, Wait
    from ticklake.clock import Clock
    from ticklake.instruments import Instrument, Instruments
    from ticklake.settings import Settings
    from ticklake.simulated.bridge import Times
    from ticklake.simulated.market import Cents

NAME = "simulator"
SYNTHETIC = True

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AHEAD_US = 2_000_000
"""How far ahead trades are computed: many at once are cheap, few are not."""
_MOST_AHEAD = 2048
_LEAST_NAP_S = 0.004
"""At high rates several trades share one awakening."""
_LATEST_US = 1_000_000
"""A trade later than this, and than a slot, is skipped."""


class _Row(NamedTuple):
    """A trade: the symbol's place in the list, microseconds since 1970, cents and shares."""

    symbol: int
    start: int
    price: int
    bid: int
    ask: int
    size: int
    previous_close: int


class Simulator:
    """Trades of `instruments` at `rate` a second, all together."""

    name = NAME

    def __init__(self, instruments: Sequence[Instrument], *, seed: int, rate: float, exchange_hours: bool, clock: Clock) -> None:
        """Raises `ConfigError` when there are no symbols, or when the rate leaves a symbol no microsecond."""
        if not instruments:
            raise ConfigError("the simulator has no symbols: name some in `sources: simulator` of ticklake.yaml")
        self._instruments = instruments
        self._seed, self._exchange_hours, self._clock = seed, exchange_hours, clock
        self._slot_us = round(len(instruments) / rate * 1e6)
        if self._slot_us < len(instruments):
            raise ConfigError(f"rate {rate}: the simulator makes at most 1000000 ticks a second")
        self._stagger = np.arange(len(instruments), dtype=np.int64) * self._slot_us // len(instruments)
        self._market = Market(seed, instruments)
        self._closes: dict[int, Cents] = {}

    def ticks(self, wait: Wait) -> Iterator[Tick]:
        """Trades from the present on, each when its time has come."""
        begin = self._now_us() + 1
        while True:
            end = begin + max(min(_AHEAD_US, _MOST_AHEAD * self._slot_us // len(self._instruments)), 1)
            for row in self._rows(begin, end):
                if self._sleep_until(row.start, wait):
                    return
                if self._now_us() - row.start > max(_LATEST_US, self._slot_us):
                    end = self._now_us() + 1
                    break
                yield self._tick(row)
            if self._sleep_until(end, wait):
                return
            begin = end

    def history(self, begin: int, end: int) -> Iterator[Tick]:
        """All trades that start from `begin` to before `end` (microseconds since 1970), past or to come, at once."""
        return map(self._tick, self._rows(begin, end))

    def _rows(self, begin: int, end: int) -> Iterator[_Row]:
        """Trades that start from `begin` to before `end`, in the order of their starts."""
        slots = np.arange(begin // self._slot_us - 1, end // self._slot_us + 1)
        starts = (slots[:, None] * self._slot_us + self._stagger[None, :]).ravel()
        symbols = np.tile(np.arange(len(self._instruments)), len(slots))
        wanted = (starts >= begin) & (starts < end)
        if self._exchange_hours:
            wanted &= self._open_mask(symbols, starts)
        symbols, starts = symbols[wanted], starts[wanted]
        if not len(starts):
            return iter(())
        columns = symbols, starts, *self._market.trades(symbols, starts), self._previous_closes(symbols, starts)
        return map(_Row, *(column.tolist() for column in columns))

    def _tick(self, row: _Row) -> Tick:
        instrument = self._instruments[row.symbol]
        return Tick(
            tick_id=tick_id(NAME, self._seed, MODEL_VERSION, self._slot_us, instrument.symbol, "trade", row.start),
            symbol=instrument.symbol,
            kind="trade",
            event_time=_EPOCH + row.start * _MICROSECOND,
            received_at=self._clock.now(),
            price=_dollars(row.price),
            source=NAME,
            feed="synthetic",
            sequence=0,
            size=row.size,
            venue=instrument.mic,
            bid=_dollars(row.bid),
            ask=_dollars(row.ask),
            prev_close=_dollars(row.previous_close),
        )

    def _open_mask(self, symbols: NDArray[np.int64], starts: Times) -> NDArray[np.bool_]:
        masks = {name: calendar(name).open_mask(starts) for name in {each.calendar for each in self._instruments}}
        table = np.stack([masks[each.calendar] for each in self._instruments])
        mask: NDArray[np.bool_] = table[symbols, np.arange(len(starts))]
        return mask

    def _previous_closes(self, symbols: NDArray[np.int64], starts: Times) -> Cents:
        """For each trade the price of its symbol at its exchange's last close, in cents."""
        prices = np.zeros(len(starts), np.int64)
        for name in {each.calendar for each in self._instruments}:
            mine = np.array([each.calendar == name for each in self._instruments])[symbols]
            closes = calendar(name).previous_closes(starts[mine])
            known = {int(close): self._prices_at(int(close)) for close in np.unique(closes)}
            prices[mine] = [known[close][symbol] for close, symbol in zip(closes.tolist(), symbols[mine].tolist(), strict=True)]
        return prices

    def _prices_at(self, close: int) -> Cents:
        if close not in self._closes:
            if len(self._closes) > 100:
                self._closes.clear()
            self._closes[close] = self._market.prices(np.array([close]))[:, 0]
        return self._closes[close]

    def _sleep_until(self, time_us: int, wait: Wait) -> bool:
        """Whether the producer was asked to stop before that time."""
        while (nap := (time_us - self._now_us()) / 1e6) > 0:
            if wait(max(nap, _LEAST_NAP_S)):
                return True
        return False

    def _now_us(self) -> int:
        return (self._clock.now() - _EPOCH) // _MICROSECOND


def create(request: Request, settings: Settings, instruments: Instruments, clock: Clock) -> Source:
    """The simulator of the symbols asked for, by default those of `ticklake.yaml`."""
    symbols = request.symbols or instruments.symbols(NAME)
    return Simulator(
        [instruments.get(symbol) for symbol in dict.fromkeys(symbols)],
        seed=settings.simulator_seed,
        rate=request.rate or settings.simulator_rate,
        exchange_hours=settings.simulator_hours == "exchange",
        clock=clock,
    )


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
