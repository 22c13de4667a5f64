"""The sources of one process side by side: who is on duty, how each one is, and whether the producer gets on.

Health is progress: a supervising loop that turns and, while records wait for it, a broker that acknowledges. Ready means
that the broker acknowledges and at least one source is ok.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from streaming.producer.rota import Sight
from ticklake_io.kafka_producer import Counts
from ticklake_io.serving import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streaming.producer.kept import Kept
    from streaming.producer.rota import Rota
    from ticklake.clock import Clock
    from ticklake.errors import Stop

STUCK_S = 120.0
"""A broker that is away comes back, and a restart would lose what waits for it; past this the client may be what is stuck."""
SILENT_S = 10.0
"""Ready again when the broker has acknowledged something within so long, or nothing waits."""

log = structlog.get_logger()


class Desk:
    """`sources`, and the `rota` that shares the instruments out among them. `turn` belongs to one thread, all else to any."""

    def __init__(self, sources: Sequence[Kept], rota: Rota, clock: Clock) -> None:
        self.sources, self._rota, self._clock = sources, rota, clock
        self.changes: Counter[tuple[str, str]] = Counter()
        """Changes of duty, by who went and who came."""
        self.counts = Counts(0, 0, 0, 0)
        self._turned_at = self._acked_at = self._settled_at = clock.monotonic()

    def turn(self, counts: Counts) -> None:
        """Look at everybody; `counts` is what the publisher has done so far."""
        at = self._clock.monotonic()
        if counts.acked > self.counts.acked:
            self._acked_at = at
        if counts.acked > self.counts.acked or not counts.buffered:
            self._settled_at = at
        self.counts, self._turned_at = counts, at
        for change in self._rota.turn(self._clock.now(), at, {each.name: _sight(each) for each in self.sources}):
            self.changes[change.before, change.after] += 1
            log.warning("duty_changed", symbol=change.symbol, before=change.before, after=change.after, why=change.why)

    @property
    def refusal(self) -> Stop | None:
        """What ended the last source, when none is left and one was refused."""
        left = any(each.health().state not in ("refused", "ended") for each in self.sources)
        return None if left else next((each.refusal for each in self.sources if each.refusal), None)

    @property
    def last_ack_age_s(self) -> float:
        """Seconds since the broker acknowledged something, or since the start."""
        return self._clock.monotonic() - self._acked_at

    @property
    def standing_in(self) -> dict[str, str]:
        """The source that stands in, by symbol."""
        return self._rota.standing_in

    def healthy(self) -> Verdict:
        """Whether this process gets on; one that does not should be restarted."""
        turned_s, settled_s = self._clock.monotonic() - self._turned_at, self._clock.monotonic() - self._settled_at
        if turned_s > STUCK_S:
            return Verdict(False, f"the supervising loop has not turned for {turned_s:.0f} s")
        if settled_s > STUCK_S:
            return Verdict(False, f"{self.counts.buffered} records wait and none was acknowledged for {settled_s:.0f} s")
        return Verdict(True, f"turned {turned_s:.1f} s ago; {self.counts.acked} records acknowledged, the last {self.last_ack_age_s:.1f} s ago")

    def ready(self) -> Verdict:
        """Whether ticks can flow now."""
        settled_s = self._clock.monotonic() - self._settled_at
        if settled_s > SILENT_S:
            return Verdict(False, f"the broker has acknowledged nothing for {settled_s:.0f} s")
        states = {each.name: each.health().state for each in self.sources}
        return Verdict("ok" in states.values(), ", ".join(f"{name} is {state}" for name, state in states.items()))

    def report(self) -> dict[str, object]:
        """What `ticklake status` shows of the sources."""
        return {"sources": [self._line(each) for each in self.sources], "standing_in": self.standing_in}

    def _line(self, source: Kept) -> dict[str, object]:
        health = source.health()
        return {
            "name": source.name,
            "state": health.state,
            "symbols": len(self._rota.wanted(source.name)),
            "steady": math.isfinite(health.pace_s),
            "calls_left": health.calls_left,
            "errors": dict(health.errors),
            "detail": health.detail,
        }


def _sight(source: Kept) -> Sight:
    health = source.health()
    return Sight(health.state, source.last, health.pace_s)
