"""How far a member is behind the broker, asked for now and then so that the loop hardly notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ticklake.clock import Clock

LOOK_S = 10.0
"""How often the end of each partition is asked for, one partition a turn."""


class Lag:
    """Remembers the ends of partitions. For one thread. Both questions to the broker may raise `BrokerUnavailable`; `answered` tells of the last one."""

    def __init__(self, end_offset: Callable[[int], int], clock: Clock) -> None:
        self._end_offset = end_offset
        self._clock = clock
        self._ends: dict[int, int] = {}
        self._next = clock.monotonic() + LOOK_S
        self._turn = 0
        self.answered = True

    def ask(self, partition: int) -> int:
        """The offset after the broker's last record."""
        self.answered = False
        self._ends[partition] = end = self._end_offset(partition)
        self.answered = True
        return end

    def look(self, partitions: Sequence[int]) -> None:
        """Ask for the end of the partition whose turn it is, if it is time."""
        now = self._clock.monotonic()
        if not partitions or now < self._next:
            return
        self._next = now + LOOK_S / len(partitions)
        self._turn += 1
        self.ask(partitions[self._turn % len(partitions)])

    def behind(self, done: Mapping[int, int]) -> dict[int, int]:
        """Records at the broker beyond `done`, by partition; `done` is where each one stands, so what is before it is dealt with."""
        return {partition: max(0, self._ends.get(partition, end) - end) for partition, end in done.items()}
