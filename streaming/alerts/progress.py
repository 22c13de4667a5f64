"""What the alerts service has done and how it stands: the one account that metrics and health are read from."""

from __future__ import annotations

from dataclasses import dataclass, field

from streaming.member import Membership
from ticklake.alerts.watch import Tally


@dataclass
class Progress(Membership):
    """How reading goes, and what comes of it. Written by the loop, and by the clerk's thread where that is said.

    `saved_at` is monotonic seconds, and the start of the process before there was any. `rules` are in effect. The
    clerk's: `stored` alerts are in the warehouse, `unstored` wait for it, `warehouse_error` says why.
    """

    rejects: int = 0
    tally: Tally = field(default_factory=Tally)
    alerts: int = 0
    saves: int = 0

    rules: int = 0
    unsaid_since: float | None = None
    saved_at: float = 0.0

    stored: int = 0
    unstored: int = 0
    warehouse_error: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.saved_at = self.began_at

    def let_go(self) -> None:
        super().let_go()
        self.unsaid_since = None

    def figures(self, now: float) -> dict[str, object]:
        own = {
            "rejects": self.rejects,
            "judged": self.tally.judged,
            "alerts": self.alerts,
            "stored": self.stored,
            "unstored": self.unstored,
            "rules": self.rules,
        }
        return super().figures(now) | own
