"""What the consumer's loop has done since its process began, and how it stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from streaming.member import Membership

KINDS = ("records", "bytes", "age", "gap", "throttle", "drain", "expired")
"""Why a batch is cut: it is full, its bytes or its age suffice, a hole in the offsets ends it, memory is short, the
process stops, the partition's next record has expired."""


@dataclass
class Progress(Membership):
    """How reading goes, and what comes of it. Times are monotonic seconds.

    `lag` is records at the broker that are not in the lake; `held_since` when the oldest record was read that is not
    committed yet; `committed_at` the last commit, `began_at` when none is known; `store_error` why the last try at the
    store failed.
    """

    objects: int = 0
    bytes: int = 0
    adopted: int = 0
    commits: int = 0
    failed_commits: int = 0
    flushes: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)

    held_bytes: int = 0
    held_since: float | None = None
    throttled: bool = False
    store_error: str = ""
    committed_at: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.committed_at = self.began_at

    def let_go(self) -> None:
        """Nothing is held any more; the counts stay."""
        super().let_go()
        self.held_bytes, self.held_since, self.throttled = 0, None, False

    def oldest_age(self, now: float) -> float:
        """Seconds that the oldest record which is not committed has been held; 0 when there is none."""
        return now - self.held_since if self.held_since is not None else 0.0

    def figures(self, now: float) -> dict[str, object]:
        own = {
            "objects": self.objects,
            "adopted": self.adopted,
            "commits": self.commits,
            "rejects": self.rejects.total(),
            "held_bytes": self.held_bytes,
            "oldest_age_s": round(self.oldest_age(now), 1),
        }
        return super().figures(now) | own
