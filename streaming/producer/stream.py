"""A source that is a WebSocket: one connection at a time, opened again for as long as it is wanted.

What all such providers share is here: opening and closing, subscriptions that follow what is wanted, silence, lost
connections, repetitions after one. What is one provider's own is a `Dialect`.

A connection ends when the provider closes it (most do once a day; that is no failure), when it breaks, or when nothing
has come for `silence_s`. After each the source waits as `Patience` says, connects, and subscribes again. Messages that are
no market data are rejects and end nothing. Only a refused key ends the source.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from random import SystemRandom
from typing import TYPE_CHECKING, Protocol

import structlog
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.frames import CloseCode

from streaming.producer.dialing import MOST_BYTES, dial
from streaming.producer.source import Checkup, SourceHealth
from ticklake.errors import BadPayload, ConfigError, SourceUnavailable, Stop
from ticklake.patience import Patience
from ticklake.tick import Tick

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from websockets.sync.client import ClientConnection

    from streaming.producer.source import Request, Wait
    from ticklake.clock import Clock
    from ticklake.errors import Reject
    from ticklake.instruments import Instruments

STABLE_S = 30.0
"""A connection that lasted so long makes up for the failures before it."""
FOLLOW_S = 1.0
"""How often subscriptions are compared with what is wanted."""
CHECK_S = 10.0
"""How long a check waits for a tick."""
FIRST_WAIT_S = 0.5
"""Longest wait after a first failure."""
REMEMBERED = 1_000
"""Newest ticks of each symbol that are not sent again when the provider repeats them."""

_LOOK_S = 0.2

log = structlog.get_logger()


class Session(Protocol):
    """What a provider says in one connection, and what must be remembered meanwhile."""

    def greeting(self) -> Iterable[str]:
        """Requests that open the conversation."""
        ...

    def subscribe(self, symbols: Iterable[str]) -> Iterable[str]:
        """Requests for ticks of at least one symbol."""
        ...

    def unsubscribe(self, symbols: Iterable[str]) -> Iterable[str]:
        """Requests to hear no more of at least one symbol."""
        ...

    def read(self, message: bytes) -> Iterator[Tick | Reject]:
        """What a message says; nothing for one that only shows life. Raises `SourceRefused`."""
        ...


class Dialect(Protocol):
    """What is one provider's own."""

    @property
    def name(self) -> str:
        """The source's name."""
        ...

    @property
    def silence_s(self) -> float:
        """How long a living connection can be silent."""
        ...

    @property
    def terms(self) -> str:
        """What who is let in may do there, in one line."""
        ...

    def url(self) -> str:
        """The address; with the key, where the provider wants it there. Not to be shown."""
        ...

    def open(self, on_gap: Callable[[int], None]) -> Session:
        """A new conversation; `on_gap` is told how many messages were missed, each time some were."""
        ...


def wanted(name: str, request: Request, instruments: Instruments) -> Callable[[], frozenset[str]]:
    """The symbols to deliver, whenever it is called. Raises `ConfigError` when nobody names any."""
    symbols = frozenset(request.symbols or instruments.symbols(name))
    if not symbols:
        raise ConfigError(f"{name} has no symbols: name some in `sources: {name}` of ticklake.yaml")
    return request.wanted or (lambda: symbols)


class Stream:
    """The ticks of the symbols that `wanted` names now."""

    def __init__(self, dialect: Dialect, wanted: Callable[[], frozenset[str]], clock: Clock, patience: Patience | None = None) -> None:
        self.name = dialect.name
        self._dialect, self._wanted, self._clock = dialect, wanted, clock
        self._patience = patience or Patience(clock, SystemRandom(), first_s=FIRST_WAIT_S)
        self._health = SourceHealth("waiting", "not connected yet")
        self._subscribed: frozenset[str] = frozenset()
        self._asked: set[str] = set()
        self._missed = False
        self._recent: dict[str, dict[str, None]] = {}

    def health(self) -> SourceHealth:
        """How the connection is."""
        return self._health

    def ticks(self, wait: Wait) -> Iterator[Tick | Reject]:
        """Ticks, each once, until `wait` tells to stop. Raises `SourceRefused` or `ConfigError`."""
        while True:
            lost: SourceUnavailable | None = None
            try:
                if (yield from self._connection(wait)):
                    return
            except SourceUnavailable as error:
                lost = error
                self._count(error)
            except Stop as refused:
                self._health = replace(self._health, state="refused", detail=str(refused))
                raise
            if wait(self._pause_s(lost)):
                return

    def check(self, wait: Wait) -> Checkup:
        """Connect, subscribe, and wait a little for a tick. Raises `SourceRefused`, `ConfigError` or `SourceUnavailable`."""
        deadline = self._clock.monotonic() + CHECK_S
        complaints: dict[str, None] = {}
        sample: Tick | None = None
        with closing(self._connection(lambda seconds: self._clock.monotonic() >= deadline or wait(seconds))) as items:
            for item in items:
                if isinstance(item, Tick):
                    sample = item
                    break
                complaints[str(item)] = None
        silent = () if sample else (f"no tick within {CHECK_S:g} s: are the exchanges open?",)
        return Checkup((self._dialect.terms, *silent, *complaints), sample)

    def _pause_s(self, lost: SourceUnavailable | None) -> float:
        """Seconds until the next connection, after one that was lost, or ended with a goodbye; tells of it."""
        pause_s = self._patience.failed(lost)
        if lost:
            log.warning("source_lost", source=self.name, reason=str(lost), seconds=round(pause_s, 1))
        else:
            log.info("source_closed", source=self.name, seconds=round(pause_s, 1))
        detail = str(lost or f"{self.name} closed the connection")
        self._health = replace(self._health, state="waiting", detail=detail, reconnects=self._health.reconnects + 1)
        return pause_s

    def _connection(self, wait: Wait) -> Generator[Tick | Reject, None, bool]:
        """What one connection gives; whether it ended because `wait` told to stop. Raises `SourceUnavailable` or `Stop`."""
        opened = dial(self.name, self._dialect.url(), wait, self._clock)
        if opened is None:
            return True
        self._subscribed, self._missed = frozenset(), False
        begin = self._clock.monotonic()
        with closing(opened) as connection:
            try:
                return (yield from self._conversation(connection, wait))
            except ConnectionClosedOK:
                return False
            except ConnectionClosed as closed:
                if closed.sent is not None and closed.sent.code == CloseCode.MESSAGE_TOO_BIG:
                    yield BadPayload(self.name, f"a message is longer than {MOST_BYTES} bytes")
                code = closed.rcvd.code if closed.rcvd is not None else None
            finally:
                if self._clock.monotonic() - begin >= STABLE_S:
                    self._patience.succeeded()
        raise SourceUnavailable(f"{self.name} lost the connection" + (f" (code {code})" if code else ""))

    def _conversation(self, connection: ClientConnection, wait: Wait) -> Generator[Tick | Reject, None, bool]:
        session = self._dialect.open(self._gap)
        for request in session.greeting():
            connection.send(request)
        self._health = replace(self._health, state="ok", detail="connected")
        log.info("source_connected", source=self.name)
        heard = self._clock.monotonic()
        followed: float | None = None
        while not wait(0.0):
            now = self._clock.monotonic()
            if followed is None or now - followed >= FOLLOW_S:
                self._follow(connection, session)
                followed = now
            try:
                message = connection.recv(_LOOK_S, decode=False)
            except TimeoutError:
                if self._clock.monotonic() - heard > self._dialect.silence_s:
                    raise SourceUnavailable(f"{self.name} was silent for {self._dialect.silence_s:g} s") from None
                continue
            heard = self._clock.monotonic()
            yield from filter(self._is_new, map(self._asked_for, session.read(message)))
        return True

    def _follow(self, connection: ClientConnection, session: Session) -> None:
        """Subscribe to what is wanted and no more; to all of it anew after a gap, so that the provider says again what it can."""
        wanted = self._wanted()
        kept = self._subscribed & wanted if not self._missed else frozenset()
        self._missed = False
        if gone := self._subscribed - kept:
            for request in session.unsubscribe(sorted(gone)):
                connection.send(request)
        if new := wanted - kept:
            for request in session.subscribe(sorted(new)):
                connection.send(request)
        self._subscribed = wanted
        self._asked |= wanted
        self._health = replace(self._health, detail=f"connected, {len(wanted)} symbols")

    def _asked_for(self, item: Tick | Reject) -> Tick | Reject:
        """The item, or a reject for a tick of a symbol that nobody has ever asked for: what is remembered by symbol must have a bound."""
        if isinstance(item, Tick) and item.symbol not in self._asked:
            return BadPayload(self.name, "a tick of a symbol that was not asked for")
        return item

    def _is_new(self, item: Tick | Reject) -> bool:
        """Whether it is a reject, or a tick that is not among the newest of its symbol already."""
        if not isinstance(item, Tick):
            return True
        recent = self._recent.setdefault(item.symbol, {})
        if item.tick_id in recent:
            return False
        recent[item.tick_id] = None
        if len(recent) > REMEMBERED:
            del recent[next(iter(recent))]
        return True

    def _gap(self, missed: int) -> None:
        self._missed = True
        self._health = replace(self._health, gaps=self._health.gaps + 1)
        log.warning("source_gap", source=self.name, missed=missed)

    def _count(self, error: SourceUnavailable) -> None:
        name, errors = type(error).__name__, self._health.errors
        self._health = replace(self._health, errors={**errors, name: errors.get(name, 0) + 1})
