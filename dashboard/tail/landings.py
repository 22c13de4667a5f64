"""Which records of the stream have landed in the lake, and when, as far as the lake's hints say."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from ticklake_io.records import Records

_KEPT = 5_000
"""Hints of a partition that are kept: hours of them."""


class _Hint(msgspec.Struct):
    """Objects have landed up to `end`."""

    generation: int
    partition: int
    end: int


_parse = msgspec.json.Decoder(_Hint).decode


@dataclass
class Landings:
    """Landed offsets of one generation, by partition: the newest, and those that the warehouse does not have, with the time of their hint."""

    generation: int | None
    _ends: dict[int, int] = field(default_factory=dict)
    _hints: dict[int, deque[tuple[int, int]]] = field(default_factory=dict)

    def hear(self, hints: Records) -> None:
        """Note hints; what is none of this generation is passed over."""
        for value, time_ms in zip(hints.values, hints.times_ms, strict=True):
            try:
                hint = _parse(value or b"")
            except msgspec.MsgspecError:
                continue
            if hint.generation == self.generation and hint.end > self._ends.get(hint.partition, 0):
                self._ends[hint.partition] = hint.end
                self._hints.setdefault(hint.partition, deque(maxlen=_KEPT)).append((hint.end, time_ms))

    def ends(self, marks: Mapping[int, int]) -> Mapping[int, int]:
        """By partition the offset after the last one that has landed; what is below `marks` is in the warehouse, and so has."""
        return {partition: max(self._ends.get(partition, 0), marks.get(partition, 0)) for partition in {*self._ends, *marks}}

    def oldest_ms(self, marks: Mapping[int, int]) -> int | None:
        """When the oldest landing beyond `marks` was told, in milliseconds; None when the warehouse has all of them."""
        waiting = (self._first_beyond(partition, marks.get(partition, 0)) for partition in self._hints)
        return min((each for each in waiting if each is not None), default=None)

    def _first_beyond(self, partition: int, mark: int) -> int | None:
        hints = self._hints[partition]
        while hints and hints[0][0] <= mark:
            hints.popleft()
        return hints[0][1] if hints else None
