"""Sources to Kafka: a thread for each source, every tick accounted for.

Order of a stop: intake ends first, then everything taken is acknowledged, then the process ends. What a source
raises, or a delivery that finally failed, ends the others in the same way before it is raised again.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import structlog

from ticklake.errors import BadLine, BrokerUnavailable, Reject, TicklakeError
from ticklake.tick import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streaming.producer.source import Source
    from ticklake.clock import Clock
    from ticklake.instruments import Instruments
    from ticklake_io.kafka_producer import Publisher

REPORT_S = 60.0
FLUSH_S = 15.0
"""How long a stopped process waits for acknowledgements; its supervisor kills it after 20 s."""

_LOOK_S = 0.5

log = structlog.get_logger()


class Summary(NamedTuple):
    """What a run did: ticks taken, acknowledged and refused, input that was no tick, and how long it took."""

    sent: int
    acked: int
    rejected: int
    bad_lines: int
    seconds: float


class Producer:
    """Runs `sources` until they end or `stop` is set; `limit` is the most ticks of each."""

    def __init__(
        self,
        sources: Sequence[Source],
        publisher: Publisher,
        instruments: Instruments,
        clock: Clock,
        stop: threading.Event,
        *,
        on_bad_line: Callable[[BadLine], None],
        limit: int | None = None,
    ) -> None:
        self._sources, self._publisher, self._clock, self._stop = sources, publisher, clock, stop
        self._on_bad_line, self._limit = on_bad_line, limit
        self._known = {each.symbol for each in instruments}
        self._bad_lines = 0
        self._lock = threading.Lock()
        self._failure: Exception | None = None

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
        return Summary(counts.sent, counts.acked, counts.rejected, self._bad_lines, self._clock.monotonic() - begin)

    def _supervise(self, threads: list[threading.Thread]) -> None:
        """Wait for the sources, and report while they run."""
        reported = self._clock.monotonic()
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_S)
                counts = self._publisher.counts()
                if self._clock.monotonic() - reported >= REPORT_S:
                    reported = self._clock.monotonic()
                    log.info("producing", **counts._asdict(), bad_lines=self._bad_lines)

    def _drain(self) -> None:
        """Wait until everything taken is acknowledged, but not much longer once the process is asked to stop."""
        stopped_at: float | None = None
        while not self._publisher.flush(_LOOK_S):
            if not self._stop.is_set():
                continue
            stopped_at = self._clock.monotonic() if stopped_at is None else stopped_at
            if self._clock.monotonic() - stopped_at > FLUSH_S:
                raise BrokerUnavailable(f"{self._publisher.counts().buffered} ticks are not acknowledged; is the broker up?")

    def _guard(self, source: Source) -> None:
        try:
            self._pump(source)
        except Exception as error:  # whatever it is, it is raised again in the main thread
            self._failure = self._failure or error
            self._stop.set()

    def _pump(self, source: Source) -> None:
        publish, stop = self._publisher.publish, self._stop
        left = self._limit
        for item in source.ticks(stop.wait):
            if isinstance(item, Reject):
                self._report(item)
                continue
            if item.symbol not in self._known:
                self._meet(item.symbol)
            if left == 0 or stop.is_set() or not publish(item.symbol.encode(), encode(item)):
                return
            if left is not None:
                left -= 1

    def _report(self, line: Reject) -> None:
        with self._lock:
            self._bad_lines += 1
        if isinstance(line, BadLine):
            self._on_bad_line(line)

    def _meet(self, symbol: str) -> None:
        """A symbol that is not on the instrument list is taken as it comes, and reported once."""
        with self._lock:
            first = symbol not in self._known
            self._known.add(symbol)
        if first:
            log.warning("unknown_symbol", symbol=symbol)
