"""Is the service alive, and is it ready? Judged by what it has achieved, not by its process being there."""

from __future__ import annotations

from streaming.alerts.progress import Progress
from ticklake.clock import Clock
from ticklake_io.serving import Verdict

STALE_S = 45.0
"""Below the 60 s after which the group gives up a member that does not poll."""
SILENT_S = 15.0
"""Longer than it takes until the broker is asked again."""


class Health:
    """Judges `progress`. Any thread may ask."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress = progress
        self._clock = clock

    def healthy(self) -> Verdict:
        """Whether it polls, and saves what it has said."""
        now, progress = self._clock.monotonic(), self._progress
        polled, unsaid = now - progress.polled_at, now - (progress.unsaid_since or now)
        if polled > STALE_S:
            return Verdict(False, f"the last successful poll was {polled:.0f} s ago")
        if unsaid > STALE_S:
            return Verdict(False, f"an alert has waited for the broker for {unsaid:.0f} s")
        return Verdict(True, f"polled {polled:.1f} s ago, saved {now - progress.saved_at:.1f} s ago")

    def ready(self) -> Verdict:
        """Whether the broker answers, and the group has given it its partitions. A warehouse that is away is told, and no reason to be unready."""
        progress = self._progress
        silent = self._clock.monotonic() - progress.polled_at
        if silent > SILENT_S:
            return Verdict(False, f"the broker has not answered for {silent:.0f} s")
        if not progress.settled:
            return Verdict(False, "waits for its partitions")
        partitions = ", ".join(map(str, sorted(progress.lag))) or "none, others have them all"
        trouble = f"; goes by the last rules, {progress.unstored} alerts wait: {progress.warehouse_error}" if progress.warehouse_error else ""
        return Verdict(True, f"{progress.rules} rules, partitions: {partitions}{trouble}")

    def report(self) -> dict[str, object]:
        """Both verdicts and the figures, for /status."""
        healthy, ready = self.healthy(), self.ready()
        return {
            "healthy": healthy.ok,
            "ready": ready.ok,
            "says": (ready if healthy.ok else healthy).says,
            "lag_by_partition": {str(partition): lag for partition, lag in self._progress.lag.items()},
            **self._progress.figures(),
        }
