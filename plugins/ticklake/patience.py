"""Patience with a provider: exponential backoff with full jitter, and a circuit breaker.

    patience = Patience(clock, random.Random())
    while True:
        try:
            ...                      # one try: a call, a connection
            patience.succeeded()     # as soon as the provider has given something useful
        except Retry as error:
            if wait(patience.failed(error)):
                return

Neither part sleeps: they say how long to wait, and the caller's `wait` lets it pass, so that a stop is prompt and a test
needs no time. Nothing here is for more than one thread. (tenacity draws its jitter from a generator that cannot be handed
in, and wraps a function that returns: a source is a loop that yields.)
"""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ticklake.errors import QuotaSpent, SourceUnavailable

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from ticklake.clock import Clock
    from ticklake.errors import Retry

MOST_ASKED_S = 86_400.0
"""A provider that asks for more than a day is asked again after one; years of silence are a mistake of its own."""

_MOST_DOUBLINGS = 62
"""Past this a float of seconds says no more than the longest wait does."""


class Backoff:
    """Waits between 0 and `first_s` after the first failure in a row, and up to twice as long after each further one, at most `most_s`.

    The wait is drawn evenly from the whole range (full jitter), so that many clients that failed together do not come back together.
    """

    def __init__(self, random: Random, *, first_s: float = 1.0, most_s: float = 60.0) -> None:
        self._random, self._first_s, self._most_s = random, first_s, most_s
        self._failures = 0

    def failed(self, after_s: float | None = None) -> float:
        """Seconds to wait after one more failure: never less than the `after_s` that the provider asked for, up to a day."""
        longest = min(self._first_s * 2.0 ** min(self._failures, _MOST_DOUBLINGS), self._most_s)
        self._failures += 1
        return max(self._random.uniform(0.0, longest), min(after_s or 0.0, MOST_ASKED_S))

    def succeeded(self) -> None:
        """Begin again with the shortest wait."""
        self._failures = 0


class Breaker:
    """Opens after `failures` in a row; then it lets one probe through in each `cooldown_s`, and closes when one succeeds."""

    def __init__(self, clock: Clock, *, failures: int = 5, cooldown_s: float = 60.0) -> None:
        self._clock, self._limit, self._cooldown_s = clock, failures, cooldown_s
        self._failures = 0
        self._probe_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether only probes are let through."""
        return self._probe_at is not None

    def wait_s(self) -> float:
        """Seconds until the next call is let through; 0 when one is now."""
        return 0.0 if self._probe_at is None else max(self._probe_at - self._clock.monotonic(), 0.0)

    def allows(self) -> bool:
        """Whether a call may be made now. While open, a True is the probe of this cool-down: the next one waits for its outcome or a cool-down."""
        if self.wait_s() > 0:
            return False
        if self.is_open:
            self._probe_at = self._clock.monotonic() + self._cooldown_s
        return True

    def failed(self) -> None:
        """A call failed."""
        self._failures += 1
        if self._failures >= self._limit:
            self._probe_at = self._clock.monotonic() + self._cooldown_s

    def succeeded(self) -> None:
        """A call succeeded."""
        self._failures, self._probe_at = 0, None


class Patience:
    """Both together, for a loop that makes one try at a time."""

    def __init__(self, clock: Clock, random: Random, *, first_s: float = 1.0, most_s: float = 60.0, failures: int = 5, cooldown_s: float = 60.0) -> None:
        self._clock = clock
        self._backoff = Backoff(random, first_s=first_s, most_s=most_s)
        self._breaker = Breaker(clock, failures=failures, cooldown_s=cooldown_s)

    @property
    def is_open(self) -> bool:
        """Whether the provider has failed so often in a row that only probes are made."""
        return self._breaker.is_open

    def failed(self, error: Retry | None = None) -> float:
        """Seconds to wait before the next try: the longest of the backoff, what the provider asked for, and the breaker's cool-down.

        A spent quota is an answer, not a failure: only its own time counts.
        """
        if isinstance(error, QuotaSpent):
            return max((error.until - self._clock.now()).total_seconds(), 0.0)
        self._breaker.failed()
        asked_s = error.after_s if isinstance(error, SourceUnavailable) else None
        return max(self._backoff.failed(asked_s), self._breaker.wait_s())

    def succeeded(self) -> None:
        """A try succeeded: forget the failures."""
        self._backoff.succeeded()
        self._breaker.succeeded()


def retry_after_s(text: str, at: datetime) -> float | None:
    """Seconds that the HTTP header Retry-After asks for at the time `at`, as a number or as a time; None without a sensible one."""
    text = text.strip()
    try:
        seconds = float(text) if text[:1].isdigit() else (parsedate_to_datetime(text) - at).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
