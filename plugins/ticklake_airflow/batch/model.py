"""What the steps of the batch feed hand to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from ticklake.daily import DailyBars


class DailySource(Protocol):
    """Somebody who knows daily bars. `name` is what the tables call it."""

    name: str

    def bars(self, symbol: str, first: date, last: date) -> DailyBars:
        """What it has of a canonical symbol on the days `first` to `last`. Raises `Retry`, `Reject` and `Stop`."""
        ...


class MinuteSource(Protocol):
    """Somebody who knows the minutes of the past. `name` is what the tables call it."""

    name: str

    def minutes(self, symbols: Sequence[str], first: datetime, end: datetime) -> pa.Table:
        """Bars of canonical symbols that begin from `first` to before `end` (UTC), in the columns of `batch_lake.MINUTES`."""
        ...


class Part(NamedTuple):
    """Days to be asked of one source for some symbols, `first` and `last` included."""

    source: str
    symbols: tuple[str, ...]
    first: date
    last: date

    def as_json(self) -> dict[str, Any]:
        """As one task hands it to another."""
        return {"source": self.source, "symbols": list(self.symbols), "first": self.first.isoformat(), "last": self.last.isoformat()}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Part:
        """The inverse of `as_json`."""
        return cls(values["source"], tuple(values["symbols"]), date.fromisoformat(values["first"]), date.fromisoformat(values["last"]))


@dataclass(frozen=True)
class DailyReport:
    """What an ingest did.

    `objects` with `rows` were loaded, orphans of a death included. `missing` are sessions without a bar in the days asked for, by symbol,
    as text; `postponed` says by symbol why it was not asked; `rejects` counts what the source gave that is no bar and
    `rejected` names the first of it; `unusable` are splits and dividends that cannot be applied.
    """

    objects: int = 0
    rows: int = 0
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    postponed: Mapping[str, str] = field(default_factory=dict)
    rejects: int = 0
    rejected: Sequence[str] = ()
    unusable: Sequence[str] = ()
