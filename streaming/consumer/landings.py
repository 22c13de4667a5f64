"""Hints that objects have landed: the loader may come, but need not have heard."""

from __future__ import annotations

import json

from ticklake.clock import Clock
from ticklake_io.kafka_producer import Publisher


class Landings:
    """Tells "objects landed up to here", at most once in `gap_s` seconds; what lands in between is told together."""

    def __init__(self, publisher: Publisher, generation: int, gap_s: float, clock: Clock) -> None:
        self._publisher = publisher
        self._generation = generation
        self._gap_s = gap_s
        self._clock = clock
        self._untold: dict[int, int] = {}
        self._next = 0.0

    def landed(self, ends: dict[int, int]) -> None:
        """Note the ends of landed objects by partition."""
        self._untold.update(ends)

    def tell(self) -> None:
        """Send the hint when it is due. A hint that is lost is not repeated: the next one says more."""
        now = self._clock.monotonic()
        if not self._untold or now < self._next:
            return
        untold, self._untold = self._untold, {}
        self._next = now + self._gap_s
        for partition, end in sorted(untold.items()):
            hint = {"generation": self._generation, "partition": partition, "end": end}
            self._publisher.publish(str(partition).encode(), json.dumps(hint).encode())
