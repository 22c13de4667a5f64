"""Is the consumer alive, and is it ready?"""

from __future__ import annotations

from streaming.consumer.progress import Progress
from streaming.member import STALE_S, MemberHealth
from ticklake.clock import Clock
from ticklake_io.serving import Verdict


class Health(MemberHealth):
    """Judges `progress`. Any thread may ask."""

    def __init__(self, progress: Progress, flush_age_s: float, clock: Clock) -> None:
        super().__init__(progress, clock)
        self._progress = progress
        self._flush_age_s = flush_age_s
        self._clock = clock

    def healthy(self) -> Verdict:
        """Whether it polls, and commits while something waits to be committed."""
        polls, now, progress = super().healthy(), self._clock.monotonic(), self._progress
        if not polls.ok:
            return polls
        committed, held = now - progress.committed_at, progress.oldest_age(now)
        if min(committed, held - self._flush_age_s) > STALE_S:
            why = f"; the store: {progress.store_error}" if progress.store_error else ""
            return Verdict(False, f"nothing was committed for {committed:.0f} s, while the oldest record has waited for {held:.0f} s{why}")
        return Verdict(True, f"polled {now - progress.polled_at:.1f} s ago, committed {committed:.1f} s ago, the oldest record has waited for {held:.1f} s")

    def ready(self) -> Verdict:
        """Whether it reads, and the store answered what waits for it."""
        reads, progress = super().ready(), self._progress
        if reads.ok and progress.store_error and progress.held_since is not None:
            return Verdict(False, f"the store did not answer: {progress.store_error}")
        return reads
