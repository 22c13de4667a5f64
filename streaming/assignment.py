"""The partitions that a group gives to one of its members and takes from it. The loop of each service goes by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import structlog

from streaming.lag import Lag
from streaming.member import Membership
from ticklake.clock import Clock
from ticklake_io.records import Records, RecordSource

_ANY = [0]
"""The partition that a spare member asks for, to know whether the broker answers."""
_STANDBY_S = 15.0
"""A member that was given no partition for so long stands by: there are enough others."""

_log = structlog.get_logger()


class Assignment:
    """For one thread. `waiting` is what has yet to begin: partitions that were gained, and those whose next record has expired.

    Every question to the broker may raise `BrokerUnavailable`. `membership` is kept up but for `records` and `expired`.
    """

    def __init__(self, source: RecordSource, membership: Membership, clock: Clock) -> None:
        self._source, self._membership, self._clock = source, membership, clock
        self._lag = Lag(source.end_offset, clock)
        self._changed_at = clock.monotonic()
        self.waiting: set[int] = set()

    def poll(self, wait_s: float) -> Mapping[int, Records]:
        """Records that have come within `wait_s`, by partition."""
        polled = self._source.poll(wait_s)
        if polled or self._lag.answered:  # a client polls as happily when no broker is there
            self._membership.polled_at = self._clock.monotonic()
        return polled

    def follow(self, drop: Callable[[int], object]) -> None:
        """Hear what the group has changed since the last time; `drop` lets go of a partition, which may be ours anew."""
        changes = self._source.changes()
        for partition in changes.dropped | changes.gained:
            drop(partition)
        self.waiting = (self.waiting - changes.dropped) | changes.gained | self._source.expired()
        if changes.gained or changes.dropped:
            self._membership.rebalances += 1
            self._changed_at = self._clock.monotonic()
            _log.info("partitions_changed", gained=sorted(changes.gained), dropped=sorted(changes.dropped))

    def end_offset(self, partition: int) -> int:
        """The offset after the broker's last record of `partition`."""
        return self._lag.ask(partition)

    def look(self, owned: Iterable[int]) -> None:
        """Ask for the end of one of the partitions that have begun, if it is time."""
        self._lag.look(list(owned) or _ANY)

    def take_stock(self, done: Mapping[int, int]) -> None:
        """Tell how things stand: a figure for each partition, none for each record. `done` is where each one stands that has begun."""
        self._membership.lag = self._lag.behind(done)
        given = bool(done) or self._clock.monotonic() - self._changed_at > _STANDBY_S
        self._membership.settled = given and not self.waiting
