"""What sources sent that is no tick: counted, and told without flooding the log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import structlog

from ticklake.errors import BadLine

if TYPE_CHECKING:
    from ticklake.clock import Clock
    from ticklake.errors import Reject

QUIET_S = 60.0
"""A source that sends rubbish gets one line for each reason in so many seconds."""
MOST_REASONS = 5
"""Reasons of one source that are told in that time; what is more is counted, and told with the next."""

log = structlog.get_logger()


class Rejects:
    """The rejects of all sources. One thread at a time may `take`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, dict[str, float]] = {}
        self._untold: Counter[str] = Counter()
        self.counts: Counter[tuple[str, str]] = Counter()
        """Rejects by source and class."""

    def take(self, source: str, reject: Reject) -> None:
        """Count it; say so at once when it is a line of a file, which a person can mend, or when its reason is new, else once for each burst."""
        self.counts[source, type(reject).__name__] += 1
        if isinstance(reject, BadLine):
            log.warning("bad_line", file=reject.file, line=reject.line, reason=reject.reason)
            return
        self._untold[source] += 1
        now, reason = self._clock.monotonic(), str(reject)
        told = self._told[source] = {each: at for each, at in self._told.get(source, {}).items() if now - at < QUIET_S}
        if reason not in told and len(told) < MOST_REASONS:
            told[reason] = now
            log.warning("payloads_rejected", source=source, error=type(reject).__name__, reason=reason, payloads=self._untold.pop(source))
