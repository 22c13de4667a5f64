"""Records of one partition on their way into objects: cut by number, bytes and age, never across a hole."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from ticklake_io.records import Records


@dataclass(frozen=True)
class Limits:
    """When a batch is cut: at most so many records and bytes of keys and values, or when its oldest record is so old (seconds)."""

    records: int
    bytes: int
    age_s: float


@dataclass(frozen=True)
class Batch:
    """Records without a hole between them, which become one object. `chain_from` is where the object before it ended;
    `since` and `until` are when the oldest and the newest of them were polled (monotonic seconds)."""

    partition: int
    records: Records
    size: int
    chain_from: int
    gap_reason: str | None
    since: float = 0.0
    until: float = 0.0

    @property
    def first_offset(self) -> int:
        return self.records.offsets[0]

    @property
    def end(self) -> int:
        return self.records.offsets[-1] + 1


class _Chunk(NamedTuple):
    """Records of one poll, when that was (monotonic seconds), and the bytes of their keys and values."""

    since: float
    records: Records
    size: int

    def split(self, records: int, size: int) -> tuple[_Chunk, _Chunk | None]:
        """The first records that follow each other and fit, at least one; and what is left."""
        offsets = self.records.offsets
        if len(offsets) <= records and self.size < size and offsets[-1] - offsets[0] + 1 == len(offsets):
            return self, None
        fit = self._fitting(records, size)
        head, rest = self.records.split(fit)
        taken = _size(head)
        return _Chunk(self.since, head, taken), _Chunk(self.since, rest, self.size - taken) if len(rest) else None

    def _fitting(self, records: int, size: int) -> int:
        offsets, keys, values = self.records.offsets, self.records.keys, self.records.values
        # Offsets only grow, so a hole is found by halving.
        most = bisect_right(range(min(records, len(offsets))), 0, key=lambda i: offsets[i] - offsets[0] - i)
        if self.size < size:
            return most
        sizes = accumulate(len(key or b"") + len(value or b"") for key, value in zip(keys[:most], values[:most], strict=True))
        return next((i + 1 for i, taken in enumerate(sizes) if taken >= size), most)


class Buffer:
    """The open records of one partition. `chain_end` is the end of the object cut last.

    `moved_past` is the oldest offset that the broker still had when records were found to have expired; it explains
    a hole below it, and `size` are the bytes of the keys and values held.
    """

    def __init__(self, partition: int, chain_end: int, limits: Limits, moved_past: int = 0) -> None:
        self.partition = partition
        self.chain_end = chain_end
        self.moved_past = moved_past
        self.size = 0
        self._limits = limits
        self._chunks: deque[_Chunk] = deque()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, records: Records, now: float) -> None:
        """Append records that were polled at `now` (monotonic seconds)."""
        chunk = _Chunk(now, records, _size(records))
        self._chunks.append(chunk)
        self._count += len(records)
        self.size += chunk.size

    def due(self, now: float) -> str:
        """Why a batch should be cut (a word of `progress.KINDS`); empty when none should be."""
        if self._count >= self._limits.records:
            return "records"
        if self.size >= self._limits.bytes:
            return "bytes"
        return "age" if self._chunks and now - self._chunks[0].since >= self._limits.age_s else ""

    @property
    def since(self) -> float | None:
        """When the oldest record was polled; None when there is none."""
        return self._chunks[0].since if self._chunks else None

    @property
    def at_gap(self) -> bool:
        """Whether the next record does not follow the one that was cut last."""
        return bool(self._chunks) and self._chunks[0].records.offsets[0] != self.chain_end

    def cut(self) -> Batch:
        """Take the next batch: as many records as the limits allow, up to the first hole."""
        taken, size = Records(), 0
        since = until = self.since or 0.0
        while self._chunks and len(taken) < self._limits.records and size < self._limits.bytes:
            chunk = self._chunks.popleft()
            if taken.offsets and chunk.records.offsets[0] != taken.offsets[-1] + 1:
                self._chunks.appendleft(chunk)
                break
            head, rest = chunk.split(self._limits.records - len(taken), self._limits.bytes - size)
            taken.extend(head.records)
            size += head.size
            until = head.since
            if rest:
                self._chunks.appendleft(rest)
                break
        self._count -= len(taken)
        self.size -= size
        batch = Batch(self.partition, taken, size, self.chain_end, self._gap_reason(taken.offsets[0]), since, until)
        self.chain_end = batch.end
        return batch

    def _gap_reason(self, first_offset: int) -> str | None:
        if first_offset == self.chain_end:
            return None
        if first_offset <= self.moved_past:
            return "expired on the broker before they were read"
        return "no records: transaction markers or compaction"


def _size(records: Records) -> int:
    return sum(map(len, filter(None, records.keys))) + sum(map(len, filter(None, records.values)))
