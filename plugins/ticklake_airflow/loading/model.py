"""What the steps of a load hand to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ticklake.lake import ObjectMeta, Partition


@dataclass(frozen=True)
class Position:
    """How far a partition is known: `end` is the offset after the last one of the object at `key`."""

    key: str
    end: int


Positions = Mapping[Partition, Position]


@dataclass(frozen=True)
class Landed:
    """A raw object that was found in the lake; a link of its partition's chain. `size` in bytes, `landed_at` UTC."""

    key: str
    partition: Partition
    etag: str
    size: int
    landed_at: datetime
    meta: ObjectMeta

    @property
    def first_offset(self) -> int:
        return self.meta.first_offset

    @property
    def end(self) -> int:
        return self.meta.end

    @property
    def chain_from(self) -> int:
        return self.meta.chain_from

    @property
    def gap_reason(self) -> str | None:
        return self.meta.gap_reason


@dataclass(frozen=True)
class Found:
    """New objects in chain order by partition, partitions that stop at a bad object and why, and whether more is waiting."""

    objects: Mapping[Partition, list[Landed]] = field(default_factory=dict)
    stopped: Mapping[Partition, str] = field(default_factory=dict)
    more: bool = False


@dataclass(frozen=True)
class Merged:
    """What one merge did: objects, their rows, rows that became winners, rows that were rejected."""

    objects: int = 0
    rows: int = 0
    winners: int = 0
    rejects: int = 0


@dataclass(frozen=True)
class LoadReport:
    """What a load did.

    `objects` and `rows` (offsets, poison included) were merged; `winners` of them are new in CURATED.TICKS, `rejects` in
    quarantine. `stopped` says why a partition cannot go on, `pending` counts the objects found that wait for it.
    `set_aside` are the keys of objects that were given up because they had been bad for too long.
    """

    objects: int = 0
    rows: int = 0
    winners: int = 0
    rejects: int = 0
    pending: int = 0
    stopped: Mapping[str, str] = field(default_factory=dict)
    set_aside: Sequence[str] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
