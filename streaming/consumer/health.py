"""Is the consumer alive, and is it ready? Judged by what it has achieved, not by its process being there."""

from __future__ import annotations

from streaming.consumer.progress import Progress
from ticklake.clock import Clock
from ticklake_io.serving import Verdict

STALE_S = 45.0
"""Below the 60 s after which the group gives up a member that does not poll."""
SILENT_S = 15.0
"""Longer than it takes until the broker is asked again."""


class Health:
    """Judges `progress`. Any thread may ask."""

    def __init__(self, progress: Progress, flush_age_s: float, clock: Clock) -> None:
        self._progress = progress
        self._flush_age_s = flush_age_s
        self._clock = clock

    def healthy(self) -> Verdict:
        """Whether it polls, and commits while something waits to be committed."""
        now, progress = self._clock.monotonic(), self._progress
        polled, committed, held = now - progress.polled_at, now - progress.committed_at, progress.oldest_age(now)
        if polled > STALE_S:
            return Verdict(False, f"the last successful poll was {polled:.0f} s ago")
        if min(committed, held - self._flush_age_s) > STALE_S:
            why = f"; the store: {progress.store_error}" if progress.store_error else ""
            return Verdict(False, f"nothing was committed for {committed:.0f} s, while the oldest record has waited for {held:.0f} s{why}")
        return Verdict(True, f"polled {polled:.1f} s ago, committed {committed:.1f} s ago, the oldest record has waited for {held:.1f} s")

    def ready(self) -> Verdict:
        """Whether the broker answers, the group has given it its partitions, all have begun, and the store answered what waits for it."""
        progress = self._progress
        silent = self._clock.monotonic() - progress.polled_at
        if silent > SILENT_S:
            return Verdict(False, f"the broker has not answered for {silent:.0f} s")
        if progress.store_error and progress.held_since is not None:
            return Verdict(False, f"the store did not answer: {progress.store_error}")
        if not progress.settled:
            return Verdict(False, "waits for its partitions")
        return Verdict(True, f"partitions: {', '.join(map(str, sorted(progress.lag))) or 'none, others have them all'}")

    def report(self) -> dict[str, object]:
        """Both verdicts and the figures, for /status."""
        healthy, ready = self.healthy(), self.ready()
        return {
            "healthy": healthy.ok,
            "ready": ready.ok,
            "says": (ready if healthy.ok else healthy).says,
            "lag_by_partition": {str(partition): lag for partition, lag in self._progress.lag.items()},
            **self._progress.figures(self._clock.monotonic()),
        }
