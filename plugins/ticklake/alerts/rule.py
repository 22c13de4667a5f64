"""A rule: whose price is watched, and what of it is told."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

Key = tuple[str, str]
"""A symbol and a source: prices of different sources never meet."""


class Kind(StrEnum):
    """What a rule waits for. A crossing has a level; a move has a percentage and a window."""

    CROSS_UP = "cross_up"
    CROSS_DOWN = "cross_down"
    MOVE_UP = "move_up"
    MOVE_DOWN = "move_down"
    MOVE_EITHER = "move_either"

    @property
    def is_crossing(self) -> bool:
        return self in (Kind.CROSS_UP, Kind.CROSS_DOWN)


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of a rule; whatever a user changes makes another, which begins anew.

    `since` is when this version was made: no record that the broker took earlier counts. `level` is a price, `percent` is
    above 0, `window_s` are seconds of event time. A rule that is told `once` says nothing after its first alert.
    """

    rule_id: str
    version: int
    owner: str
    symbol: str
    source: str
    kind: Kind
    since: datetime
    level: Decimal | None = None
    percent: Decimal | None = None
    window_s: int | None = None
    once: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        """Raises `ValueError` (msgspec: `ValidationError`) when the kind lacks what it needs."""
        needed = (self.level,) if self.kind.is_crossing else (self.percent, self.window_s)
        if any(each is None or each <= 0 for each in needed):
            raise ValueError(f"a rule of kind {self.kind} needs {'a level' if self.kind.is_crossing else 'a percentage and a window'} above 0")

    @property
    def key(self) -> Key:
        return self.symbol, self.source
