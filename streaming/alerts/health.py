"""Is the alerts service alive, and is it ready?"""

from __future__ import annotations

from streaming.alerts.progress import Progress
from streaming.member import STALE_S, MemberHealth
from ticklake.clock import Clock
from ticklake_io.serving import Verdict


class Health(MemberHealth):
    """Judges `progress`. Any thread may ask."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        super().__init__(progress, clock)
        self._progress = progress
        self._clock = clock

    def healthy(self) -> Verdict:
        """Whether it polls, and saves what it has said."""
        polls, now, progress = super().healthy(), self._clock.monotonic(), self._progress
        if not polls.ok:
            return polls
        unsaid = now - (progress.unsaid_since or now)
        if unsaid > STALE_S:
            return Verdict(False, f"an alert has waited for the broker for {unsaid:.0f} s")
        return Verdict(True, f"polled {now - progress.polled_at:.1f} s ago, saved {now - progress.saved_at:.1f} s ago")

    def ready(self) -> Verdict:
        """Whether it reads. A warehouse that is away is told, and no reason to be unready."""
        reads, progress = super().ready(), self._progress
        if not reads.ok:
            return reads
        trouble = f"; goes by the last rules, {progress.unstored} alerts wait: {progress.warehouse_error}" if progress.warehouse_error else ""
        return Verdict(True, f"{progress.rules} rules, {reads.says}{trouble}")
