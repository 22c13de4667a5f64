"""A value that all sessions share: read off their threads, by one reader at a time, no more often than somebody asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from ticklake.clock import Clock
from ticklake.errors import TicklakeError

T = TypeVar("T")


@dataclass(frozen=True)
class Reading(Generic[T]):
    """The last good value, None before the first; why the newest attempt failed, None when it did not; when the value was read."""

    value: T | None = None
    problem: str | None = None
    at: datetime | None = field(default=None, compare=False)


class Shared(Generic[T]):
    """A value behind a single flight. Safe for several threads."""

    def __init__(
        self,
        read: Callable[[T | None], T],
        worker: Executor,
        clock: Clock,
        *,
        first_wait_s: float = 10.0,
        wait_s: float = 0.3,
        explain: Callable[[TicklakeError], str] = str,
    ) -> None:
        """`read` gets the last good value and returns the next; it runs on `worker` and may raise a `TicklakeError`, which `explain` puts in words.

        A reading that is under way is waited for: `first_wait_s` seconds from its start for the first value, `wait_s` for a
        newer one. After that everybody takes what is there.
        """
        self._read, self._worker, self._clock, self._explain = read, worker, clock, explain
        self._first_wait_s, self._wait_s = first_wait_s, wait_s
        self._lock = threading.Lock()
        self._reading: Reading[T] = Reading()
        self._flight: Future[None] | None = None
        self._started = float("-inf")

    @property
    def last(self) -> Reading[T]:
        """The newest reading, without asking for another."""
        return self._reading

    def get(self, max_age_s: Callable[[], float]) -> Reading[T]:
        """The newest reading; one older than `max_age_s` says, in seconds, is being renewed when this returns, if it is not new already.

        `max_age_s` is asked when nobody can renew the value meanwhile.
        """
        with self._lock:
            if (self._flight is None or self._flight.done()) and self._clock.monotonic() - self._started >= max_age_s():
                self._started = self._clock.monotonic()
                self._flight = self._worker.submit(self._renew)
            flight = self._flight
        if flight is not None:
            if not flight.done():
                is_first = self._reading.value is None and self._reading.problem is None
                patience_s = self._started + (self._first_wait_s if is_first else self._wait_s) - self._clock.monotonic()
                if patience_s > 0:
                    wait([flight], patience_s)
            if flight.done():
                flight.result()
        return self._reading

    def _renew(self) -> None:
        try:
            value = self._read(self._reading.value)
            self._reading = Reading(value, None, self._clock.now())
        except TicklakeError as error:
            self._reading = Reading(self._reading.value, self._explain(error), self._reading.at)
