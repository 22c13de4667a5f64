"""What the alerts service has done and how it stands: the one account that metrics and health are read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ticklake.alerts.watch import Tally


@dataclass
class Progress:
    """Counts since the start and the present state. Written by the loop, and by the clerk's thread where that is said.

    `polled_at` and `saved_at` are monotonic seconds, and the start of the process before there was any. `rules` are in
    effect. The clerk's: `stored` alerts are in the warehouse, `unstored` wait for it, `warehouse_error` says why.
    """

    began_at: float
    records: int = 0
    rejects: int = 0
    tally: Tally = field(default_factory=Tally)
    alerts: int = 0
    saves: int = 0
    rebalances: int = 0
    expired: int = 0

    rules: int = 0
    lag: Mapping[int, int] = field(default_factory=dict)
    settled: bool = False
    unsaid_since: float | None = None
    polled_at: float = 0.0
    saved_at: float = 0.0

    stored: int = 0
    unstored: int = 0
    warehouse_error: str = ""

    def __post_init__(self) -> None:
        self.polled_at = self.saved_at = self.began_at

    def let_go(self) -> None:
        """No partition is ours any more; the counts stay."""
        self.lag, self.settled, self.unsaid_since = {}, False, None

    def figures(self) -> dict[str, object]:
        """For a line of the log, and for /status."""
        return {
            "records": self.records,
            "rejects": self.rejects,
            "judged": self.tally.judged,
            "alerts": self.alerts,
            "stored": self.stored,
            "unstored": self.unstored,
            "rules": self.rules,
            "partitions": len(self.lag),
            "lag": sum(self.lag.values()),
        }
