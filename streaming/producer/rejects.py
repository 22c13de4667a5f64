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
"""A source that sends rubbish gets one line in so many seconds."""

log = structlog.get_logger()


class Rejects:
    """The rejects of all sources. One thread at a time may `take`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}
        self._untold: Counter[str] = Counter()
        self.counts: Counter[tuple[str, str]] = Counter()
        """Rejects by source and class."""

    def take(self, source: str, reject: Reject) -> None:
        """Count it; say so at once when it is a line of a file, which a person can mend, else once for each burst."""
        self.counts[source, type(reject).__name__] += 1
        if isinstance(reject, BadLine):
            log.warning("bad_line", file=reject.file, line=reject.line, reason=reject.reason)
            return
        self._untold[source] += 1
        now = self._clock.monotonic()
        if now - self._told.get(source, -QUIET_S) >= QUIET_S:
            self._told[source] = now
            log.warning("payloads_rejected", source=source, error=type(reject).__name__, reason=str(reject), payloads=self._untold.pop(source))
