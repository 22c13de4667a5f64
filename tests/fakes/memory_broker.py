"""A topic in memory, members of a group on it, with rebalances at the test's word, and readers without a group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ticklake.errors import BrokerUnavailable
from ticklake_io.records import Changes, Committed, Records


@dataclass
class MemoryTopic:
    """Partitions with their records (offset, time, key, value) and what the group committed."""

    partitions: int = 1
    topic_id: str = "one"
    logs: dict[int, list[tuple[int, int, bytes | None, bytes | None]]] = field(default_factory=dict)
    commits: dict[int, Committed] = field(default_factory=dict)
    next_offset: dict[int, int] = field(default_factory=dict)
    answering: bool = True

    def append(self, partition: int, value: bytes | None, key: bytes | None = b"AAPL", time_ms: int = 1_700_000_000_000) -> int:
        offset = self.next_offset.get(partition, 0)
        self.logs.setdefault(partition, []).append((offset, time_ms, key, value))
        self.next_offset[partition] = offset + 1
        return offset

    def skip(self, partition: int, offsets: int) -> None:
        """Leave a hole, as transaction markers do."""
        self.next_offset[partition] = self.next_offset.get(partition, 0) + offsets

    def expire(self, partition: int, before: int) -> None:
        self.logs[partition] = [record for record in self.logs.get(partition, []) if record[0] >= before]

    def first_offset(self, partition: int) -> int:
        log = self.logs.get(partition)
        return log[0][0] if log else self.next_offset.get(partition, 0)


class MemorySource:
    """A member of the group."""

    def __init__(self, topic: MemoryTopic, max_records: int = 10) -> None:
        self._topic = topic
        self._max_records = max_records
        self._positions: dict[int, int] = {}
        self._paused: set[int] = set()
        self._expired: set[int] = set()
        self._changes = Changes()
        self.owned: set[int] = set()
        self.closed = False

    def gain(self, partitions: Iterable[int]) -> None:
        ids = set(partitions)
        self.owned |= ids
        self._changes.gained |= ids

    def lose(self, partitions: Iterable[int]) -> None:
        ids = set(partitions)
        self.owned -= ids
        self._changes.dropped |= ids
        self._changes.gained -= ids
        for each in ids:
            self._positions.pop(each, None)

    def poll(self, seconds: float) -> dict[int, Records]:
        self._answer()
        polled: dict[int, Records] = {}
        for partition, position in list(self._positions.items()):
            if partition in self._paused:
                continue
            if position < self._topic.first_offset(partition):
                self._expired.add(partition)
                del self._positions[partition]
                continue
            found = [record for record in self._topic.logs.get(partition, []) if record[0] >= position][: self._max_records]
            if found:
                polled[partition] = Records(*(list(column) for column in zip(*found, strict=True)))
                self._positions[partition] = found[-1][0] + 1
        return polled

    def changes(self) -> Changes:
        taken, self._changes = self._changes, Changes()
        self._expired -= taken.dropped | taken.gained
        return taken

    def expired(self) -> set[int]:
        return set(self._expired)

    def begin(self, partition: int, offset: int) -> None:
        if partition in self.owned:
            self._positions[partition] = offset
            self._expired.discard(partition)

    def committed(self, partition: int) -> Committed | None:
        self._answer()
        return self._topic.commits.get(partition)

    def first_offset(self, partition: int) -> int:
        self._answer()
        return self._topic.first_offset(partition)

    def end_offset(self, partition: int) -> int:
        self._answer()
        return self._topic.next_offset.get(partition, 0)

    def commit(self, offsets: Mapping[int, Committed]) -> bool:
        self._answer()
        if not set(offsets) <= self.owned:
            return False
        self._topic.commits.update(offsets)
        return True

    def pause(self, partitions: set[int]) -> None:
        self._paused = set(partitions)

    def topic_id(self) -> str:
        return self._topic.topic_id

    def close(self) -> None:
        self.closed = True

    def _answer(self) -> None:
        if not self._topic.answering:
            raise BrokerUnavailable("the broker is down")


class MemoryReader:
    """Reads all partitions of a topic; `closed` tells that it has let go."""

    def __init__(self, topic: MemoryTopic, max_records: int = 1_000) -> None:
        self._topic, self._max_records = topic, max_records
        self._positions: dict[int, int] = {}
        self.closed = False

    def begin(self, partition: int, offset: int) -> None:
        self._positions[partition] = offset

    def offsets_at(self, time: datetime) -> dict[int, int]:
        self._answer()
        time_ms = int(time.timestamp() * 1000)
        first = {partition: next((record[0] for record in log if record[1] >= time_ms), None) for partition, log in self._topic.logs.items()}
        return {partition: end if (found := first.get(partition)) is None else found for partition, end in self.end_offsets().items()}

    def end_offsets(self) -> dict[int, int]:
        self._answer()
        return {partition: self._topic.next_offset.get(partition, 0) for partition in range(self._topic.partitions)}

    def poll(self, seconds: float) -> dict[int, Records]:
        polled: dict[int, Records] = {}
        if self._topic.answering:  # a client that has lost its broker says nothing of it here
            for partition, position in self._positions.items():
                found = [record for record in self._topic.logs.get(partition, []) if record[0] >= position][: self._max_records]
                if found:
                    polled[partition] = Records(*(list(column) for column in zip(*found, strict=True)))
                    self._positions[partition] = found[-1][0] + 1
        return polled

    def topic_id(self) -> str:
        self._answer()
        return self._topic.topic_id

    def close(self) -> None:
        self.closed = True

    def _answer(self) -> None:
        if not self._topic.answering:
            raise BrokerUnavailable("the broker is down")
