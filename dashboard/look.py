"""How a reader looks at every page: what the frame's controls and the page's address say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from dashboard.components.palette import Palette

Key = tuple[str, str]
"""A symbol and a source: prices of different sources never meet."""


class Zone(StrEnum):
    """Whose clock times are written in."""

    EXCHANGE = "exchange"
    LOCAL = "local"
    UTC = "utc"


@dataclass(frozen=True)
class Look:
    """One session's view, as of this rerun.

    `key` is the instrument chosen, None before there is any; `every_s` the refresh interval in seconds, None when paused;
    `at` the time of this rerun; `local` the zone of the reader's machine; `motion` is off on request.
    """

    key: Key | None
    zone: Zone
    every_s: float | None
    palette: Palette
    at: datetime
    local: tzinfo = UTC
    motion: bool = True

    def tz(self, exchange: str | None) -> tzinfo:
        """The zone to write times in, for what trades in the zone `exchange` (IANA name; None: around the clock)."""
        if self.zone is Zone.LOCAL:
            return self.local
        return ZoneInfo(exchange) if exchange and self.zone is Zone.EXCHANGE else UTC
