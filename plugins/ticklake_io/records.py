"""Records of a topic by partition and column, and what a consumer group's member does with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

HEARTBEATS = 15
"""In a session's time, unless told otherwise."""
LONGEST_REBALANCE_MS = 60_000
"""A member that does not rejoin holds up its group for so long. Between two polls we take a tenth of a second, at a start some listings."""
RECREATE = "the broker has lost records that it had acknowledged; recreate the topic, the lake then begins a new generation"


@dataclass
class Records:
    """Consecutive records of one partition, a list a column; `times_ms` are the broker's append times."""

    offsets: list[int] = field(default_factory=list)
    times_ms: list[int] = field(default_factory=list)
    keys: list[bytes | None] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.offsets)

    def extend(self, more: Records) -> None:
        """Append the records that follow."""
        self.offsets.extend(more.offsets)
        self.times_ms.extend(more.times_ms)
        self.keys.extend(more.keys)
        self.values.extend(more.values)

    def split(self, count: int) -> tuple[Records, Records]:
        """The first `count` records and the rest."""
        if count == len(self):
            return self, Records()
        return (
            Records(self.offsets[:count], self.times_ms[:count], self.keys[:count], self.values[:count]),
            Records(self.offsets[count:], self.times_ms[count:], self.keys[count:], self.values[count:]),
        )


class Committed(NamedTuple):
    """A committed offset (the next one to consume) and the note that was committed with it."""

    offset: int
    note: str

    @classmethod
    def found(cls, offset: int, metadata: str | None) -> Committed:
        """What a broker has stored."""
        return cls(offset, (metadata or "").rstrip("\0"))

    @property
    def metadata(self) -> str:
        """The note as it is stored: with the zero that ends a C string. confluent-kafka stores one, and without one reads on into other memory."""
        return self.note + "\0"


@dataclass
class Changes:
    """What rebalances did since the last look: partitions that came, and partitions that are no longer ours."""

    gained: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)


class RecordSource(Protocol):
    """A consumer group's member on one topic. Every call may raise `BrokerUnavailable` and `BrokerRefused`. For one thread, but for `topic_id`."""

    def poll(self, seconds: float) -> dict[int, Records]:
        """Records of the partitions that flow, waiting up to `seconds` for the first."""
        ...

    def changes(self) -> Changes:
        """Changes of the assignment since the last call. A gained partition stands still until `begin`."""
        ...

    def expired(self) -> set[int]:
        """Partitions whose next record the broker has deleted; they stand still until `begin`."""
        ...

    def begin(self, partition: int, offset: int) -> None:
        """Let a partition flow from `offset` on."""
        ...

    def committed(self, partition: int) -> Committed | None:
        """What the group committed for a partition, by whomever."""
        ...

    def first_offset(self, partition: int) -> int:
        """The oldest offset that the broker still has."""
        ...

    def end_offset(self, partition: int) -> int:
        """The offset after the broker's last record."""
        ...

    def commit(self, offsets: Mapping[int, Committed]) -> bool:
        """Commit; False when the group did not take it, because it is being rebalanced or the partitions have moved."""
        ...

    def pause(self, partitions: set[int]) -> None:
        """Let only the other partitions flow."""
        ...

    def topic_id(self) -> str:
        """The id of the topic's present life; a recreated topic has another. Any thread may ask."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...
