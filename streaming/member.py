"""A member of a consumer group: how its reading goes, whether it is alive, and the metrics of that. Each service adds its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from streaming.families import Families
from ticklake.clock import Clock
from ticklake_io.serving import Verdict

STALE_S = 45.0
"""Below the 60 s after which the group gives up a member that does not poll."""
SILENT_S = 15.0
"""Longer than it takes until the broker is asked again."""


@dataclass
class Membership:
    """Counts that only grow, and the present state. The loop alone writes; any thread may read, field by field.

    `lag` is records at the broker that the service has not dealt with, by partition; `settled` tells whether the group has
    given this member its partitions and all of them have begun, be it none. `polled_at` is the last successful poll in
    monotonic seconds, `began_at` before there was one; a poll while the broker does not answer is none.
    """

    began_at: float
    records: int = 0
    rebalances: int = 0
    expired: int = 0
    lag: Mapping[int, int] = field(default_factory=dict)
    settled: bool = False
    polled_at: float = 0.0

    def __post_init__(self) -> None:
        self.polled_at = self.began_at

    def let_go(self) -> None:
        """No partition is ours any more; the counts stay."""
        self.lag, self.settled = {}, False

    def figures(self, now: float) -> dict[str, object]:
        """At `now`, monotonic seconds, for a line of the log and for /status."""
        return {"records": self.records, "partitions": len(self.lag), "lag": sum(self.lag.values())}

    def partitions(self) -> str:
        """Those that are ours, for people to read."""
        return ", ".join(map(str, sorted(self.lag))) or "none, others have them all"


class MemberHealth:
    """Is it alive, and is it ready? Judged by what it has achieved, not by its process being there. Any thread may ask."""

    def __init__(self, membership: Membership, clock: Clock) -> None:
        self._membership = membership
        self._clock = clock

    def healthy(self) -> Verdict:
        """Whether it polls."""
        silent = self._silent_s()
        return Verdict(silent <= STALE_S, f"the last successful poll was {silent:.0f} s ago")

    def ready(self) -> Verdict:
        """Whether the broker answers, and the group has given it its partitions."""
        silent = self._silent_s()
        if silent > SILENT_S:
            return Verdict(False, f"the broker has not answered for {silent:.0f} s")
        if not self._membership.settled:
            return Verdict(False, "waits for its partitions")
        return Verdict(True, f"partitions: {self._membership.partitions()}")

    def report(self) -> dict[str, object]:
        """Both verdicts and the figures, for /status."""
        healthy, ready = self.healthy(), self.ready()
        return {
            "healthy": healthy.ok,
            "ready": ready.ok,
            "says": (ready if healthy.ok else healthy).says,
            "lag_by_partition": {str(partition): lag for partition, lag in self._membership.lag.items()},
            **self._membership.figures(self._clock.monotonic()),
        }

    def _silent_s(self) -> float:
        return self._clock.monotonic() - self._membership.polled_at


def metrics(families: Families, membership: Membership, now: float, *, lag: str) -> Iterator[Metric]:
    """The figures of `membership` at `now`, monotonic seconds; `lag` says what is counted as such."""
    yield families.counter("records", "Records read from Kafka.", membership.records)
    yield families.counter("rebalances", "Changes of the partitions that are ours.", membership.rebalances)
    yield families.counter("expired_records", "Offsets that the broker deleted before they were read.", membership.expired)
    yield families.gauge("lag_records", lag, {str(partition): records for partition, records in membership.lag.items()}, "partition")
    yield families.gauge("partitions", "Partitions that are ours.", len(membership.lag))
    yield families.gauge("last_poll_seconds", "Age of the last successful poll.", now - membership.polled_at)
