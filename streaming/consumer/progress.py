"""What the consumer's loop has done since its process began, and how it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = ("records", "bytes", "age", "gap", "throttle", "drain", "expired")
"""Why a batch is cut: it is full, its bytes or its age suffice, a hole in the offsets ends it, memory is short, the
process stops, the partition's next record has expired."""


@dataclass
class Progress:
    """Counts that only grow, and the present state. The loop alone writes; any thread may read, field by field.

    Times are monotonic seconds. `lag` is records at the broker that are not in the lake, by partition; `held_since`
    when the oldest record was read that is not committed yet; `polled_at` and `committed_at` the last success,
    `began_at` when none is known; a poll while the broker does not answer is none. `settled` tells whether the
    group has given this member its partitions and all of them have begun, be it none; `store_error` why the last
    try at the store failed.
    """

    began_at: float
    records: int = 0
    objects: int = 0
    bytes: int = 0
    adopted: int = 0
    commits: int = 0
    failed_commits: int = 0
    rebalances: int = 0
    expired: int = 0
    flushes: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)

    held_bytes: int = 0
    held_since: float | None = None
    throttled: bool = False
    lag: Mapping[int, int] = field(default_factory=dict)
    settled: bool = False
    store_error: str = ""
    polled_at: float = 0.0
    committed_at: float = 0.0

    def __post_init__(self) -> None:
        self.polled_at = self.committed_at = self.began_at

    def let_go(self) -> None:
        """Nothing is held any more; the counts stay."""
        self.held_bytes, self.held_since, self.throttled, self.lag, self.settled = 0, None, False, {}, False

    def oldest_age(self, now: float) -> float:
        """Seconds that the oldest record which is not committed has been held; 0 when there is none."""
        return now - self.held_since if self.held_since is not None else 0.0

    def figures(self, now: float) -> dict[str, object]:
        """For a line of the log, and for /status."""
        return {
            "records": self.records,
            "objects": self.objects,
            "adopted": self.adopted,
            "commits": self.commits,
            "rejects": self.rejects.total(),
            "held_bytes": self.held_bytes,
            "oldest_age_s": round(self.oldest_age(now), 1),
            "partitions": len(self.lag),
            "lag": sum(self.lag.values()),
        }
