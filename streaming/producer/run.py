"""Sources to Kafka: a thread for each source, every tick accounted for.

Order of a stop, all within one budget: intake ends, everything taken is acknowledged, the process ends. What a source
raises, or a delivery that finally failed, ends the others in the same way before it is raised again; a source that shall
not end the others is handed in as a `Kept` one.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, NamedTuple

import structlog

from ticklake.errors import BrokerUnavailable, Reject, TicklakeError
from ticklake.tick import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streaming.producer.source import Source
    from ticklake.clock import Clock
    from ticklake.instruments import Instruments
    from ticklake_io.kafka_producer import Counts, Publisher

REPORT_S = 60.0
INTAKE_SHARE, FLUSH_SHARE = 0.5, 0.75
"""Of the budget of a stop: when a source that does not end is left behind, and when the acknowledgements must be there.
The rest is for closing."""

_LOOK_S = 0.5

log = structlog.get_logger()


class Summary(NamedTuple):
    """What a run did: ticks taken, acknowledged and refused, input that was no tick, and how long it took."""

    sent: int
    acked: int
    refused: int
    rejects: int
    seconds: float


class Producer:
    """Runs `sources` until they end or `stop` is set; `limit` is the most ticks of each.

    `shutdown_s` is what a stop may take, the caller's closing included. `on_reject` is told the name of the source, by one
    thread at a time; `on_turn` is called about twice a second while sources run.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        publisher: Publisher,
        instruments: Instruments,
        clock: Clock,
        stop: threading.Event,
        *,
        shutdown_s: float,
        on_reject: Callable[[str, Reject], None],
        on_turn: Callable[[Counts], None] | None = None,
        limit: int | None = None,
    ) -> None:
        self._sources, self._publisher, self._clock, self._stop = sources, publisher, clock, stop
        self._shutdown_s, self._on_reject, self._on_turn, self._limit = shutdown_s, on_reject, on_turn, limit
        self._known = {each.symbol for each in instruments}
        self._rejects = 0
        self._lock = threading.Lock()
        self._failure: Exception | None = None
        self._stopped_at: float | None = None

    def run(self) -> Summary:
        """Run to the end and account for every tick.

        Raises what a source or the publisher raised, and `BrokerUnavailable` when ticks were not acknowledged.
        """
        begin = self._clock.monotonic()
        threads = [threading.Thread(target=self._guard, args=(source,), name=source.name, daemon=True) for source in self._sources]
        for thread in threads:
            thread.start()
        try:
            self._supervise(threads)
            self._drain()
        except TicklakeError as error:
            self._failure = self._failure or error
        finally:
            self._stop.set()
        if self._failure:
            raise self._failure
        counts = self._publisher.counts()
        return Summary(counts.sent, counts.acked, counts.rejected, self._rejects, self._clock.monotonic() - begin)

    def _supervise(self, threads: list[threading.Thread]) -> None:
        """Wait for the sources, and report while they run."""
        reported = self._clock.monotonic()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_S)
                counts = self._publisher.counts()
                if self._on_turn:
                    self._on_turn(counts)
                if self._clock.monotonic() - reported >= REPORT_S:
                    reported = self._clock.monotonic()
                    log.info("producing", **counts._asdict(), rejects=self._rejects)
                if self._is_past(INTAKE_SHARE):
                    log.warning("source_does_not_end", source=thread.name)
                    break

    def _drain(self) -> None:
        """Wait until everything taken is acknowledged, but no longer than the budget of a stop once there is one."""
        while not self._publisher.flush(_LOOK_S):
            if self._is_past(FLUSH_SHARE):
                raise BrokerUnavailable(f"{self._publisher.counts().buffered} ticks are not acknowledged; is the broker up?")

    def _is_past(self, share: float) -> bool:
        """Whether that share of the budget of a stop is used up."""
        if not self._stop.is_set():
            return False
        if self._stopped_at is None:
            self._stopped_at = self._clock.monotonic()
        return self._clock.monotonic() - self._stopped_at > share * self._shutdown_s

    def _guard(self, source: Source) -> None:
        try:
            self._pump(source)
        except Exception as error:  # whatever it is, it is raised again in the main thread
            self._failure = self._failure or error
            self._stop.set()

    def _pump(self, source: Source) -> None:
        publish, stop = self._publisher.publish, self._stop
        left = math.inf if self._limit is None else self._limit
        if left <= 0:
            return
        for item in source.ticks(stop.wait):
            if isinstance(item, Reject):
                self._report(source.name, item)
                continue
            if item.symbol not in self._known:
                self._meet(item.symbol)
            if stop.is_set() or not publish(item.symbol.encode(), encode(item)):
                return
            left -= 1
            if not left:  # the next one may be hours away
                return

    def _report(self, source: str, reject: Reject) -> None:
        with self._lock:
            self._rejects += 1
            self._on_reject(source, reject)

    def _meet(self, symbol: str) -> None:
        """A symbol that is not on the instrument list is taken as it comes, and reported once."""
        with self._lock:
            first = symbol not in self._known
            self._known.add(symbol)
        if first:
            log.warning("unknown_symbol", symbol=symbol)
