"""What a check finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ticklake.quality.kinds import Rule

Status = Literal["ok", "broken", "unknown"]


@dataclass(frozen=True)
class Answer:
    """What the warehouse says to one rule. `rows` are offenders by column, the worst first, not necessarily all of them.

    "unknown" is a rule that could not be asked, or whose answer is not to be believed; `rows` says why.
    """

    rule: Rule
    status: Status
    offending: int
    checked: int
    rows: Sequence[Mapping[str, Any]]
    window: tuple[datetime, datetime]

    @property
    def holds_back(self) -> bool:
        """Whether what was checked may not be called checked."""
        return self.status == "unknown" or (self.status == "broken" and self.rule.severity == "fail")


@dataclass(frozen=True)
class CheckReport:
    """What a check did: rules asked, those broken (offenders by rule), those that hold back what was checked, and ticks put into quarantine."""

    asked: int
    broken: Mapping[str, int] = field(default_factory=dict)
    holding_back: Sequence[str] = ()
    quarantined: int = 0
    seconds: float = 0.0
