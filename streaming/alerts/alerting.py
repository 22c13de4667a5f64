"""The loop of the alerts service: records in, alerts acknowledged by the broker, offset and memory saved, in this order.

    poll ─▶ judge by the rules in effect ─▶ publish alerts ─▶ save where each partition stands

* Where a partition stands is its offset *with* all that was learnt up to there, in one record. A service that begins
  there judges the same ticks by the same memory, so the alerts it says again have the ids that they had.
* It is saved after each alert, and every few seconds; never before the alerts up to there are acknowledged.
* New rules take effect at one point of each partition: what the old ones have said is saved first, then the new rules are
  saved, then they judge. So a service that begins again goes by the rules that were in effect there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from streaming.alerts import decoding
from streaming.alerts.progress import Progress
from streaming.alerts.saved import Place, Saved
from streaming.assignment import Assignment
from ticklake.alerts import alert
from ticklake.alerts.rule import Rule
from ticklake.alerts.watch import Seen, Watch
from ticklake.clock import Clock
from ticklake.errors import BrokerUnavailable, Retry
from ticklake_io.kafka_producer import Publisher
from ticklake_io.records import Records, RecordSource

SAVE_S = 10.0
"""How often where a partition stands is saved when nothing was said: that much is judged again by a service that was killed."""

_SETTLE_S = 1.0
_TURN_S = 0.2
"""Least time of a turn with few records, which would cost as much as many."""
_MANY = 1_000

_log = structlog.get_logger()


@dataclass
class _Owned:
    """A partition that is ours. `offset` comes next; `saved` is where it stands if the process dies now, None: nowhere yet."""

    watch: Watch
    topic_id: str
    offset: int
    saved: int | None

    def place(self) -> Place:
        return Place(self.topic_id, self.offset, self.watch.memory())


class Alerting:
    """For one thread, which calls `run_once` again and again.

    `changed_rules` gives the rules when they are others than those it gave last. An error of `publisher` or `saved` is
    raised: where partitions stand in memory and at the broker may then differ, so the caller begins anew from `saved`.
    """

    def __init__(
        self,
        source: RecordSource,
        saved: Saved,
        publisher: Publisher,
        rules: tuple[Rule, ...],
        changed_rules: Callable[[], tuple[Rule, ...] | None],
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._source, self._saved, self._publisher, self._clock = source, saved, publisher, clock
        self._rules, self._changed_rules = rules, changed_rules
        self._new_rules: tuple[Rule, ...] | None = None
        self._owned: dict[int, _Owned] = {}
        self._assignment = Assignment(source, progress, clock)
        self._save_at = clock.monotonic()
        self._taken = 0
        self.progress = progress
        progress.rules = len(rules)

    def run_once(self, wait_s: float = _TURN_S) -> None:
        """One turn; waits up to `wait_s` for records."""
        began = self._clock.monotonic()
        self._tolerant(lambda: self._take_in(wait_s))
        self._save_if_due()
        self._tolerant(lambda: self._assignment.look(self._owned))
        self._assignment.take_stock({partition: owned.offset for partition, owned in self._owned.items()})
        if self._taken < _MANY:
            self._clock.sleep(max(0.0, began + wait_s - self._clock.monotonic()))

    def drain(self, budget_s: float) -> bool:
        """Save where everything stands; False when `budget_s` was not enough, and the rest is judged again by the next owner."""
        return self._save(budget_s)

    def _tolerant(self, work: Callable[[], None]) -> None:
        try:
            work()
        except _NotTaken:
            raise
        except Retry as error:
            _log.warning("waiting", reason=str(error))

    def _take_in(self, wait_s: float) -> None:
        self._taken = 0
        polled = self._assignment.poll(wait_s)
        self._taken = sum(map(len, polled.values()))
        self._assignment.follow(lambda partition: self._owned.pop(partition, None))
        ours = {partition: records for partition, records in polled.items() if partition in self._owned}
        for partition, ticks in decoding.ticks(ours).items():
            self._judge(self._owned[partition], ours[partition], ticks)
        self._begin_partitions()

    def _judge(self, owned: _Owned, records: Records, ticks: list[Seen]) -> None:
        for each in owned.watch.judge(ticks):
            self.progress.alerts += 1
            self._say(each)
        owned.offset = records.offsets[-1] + 1
        self.progress.records += len(records)
        self.progress.rejects += len(records) - len(ticks)

    def _say(self, said: alert.Alert) -> None:
        try:
            taken = self._publisher.publish(said.rule_id.encode(), alert.encode(said))
        except Retry as error:
            raise _NotTaken(str(error)) from error
        if not taken:
            raise _NotTaken("an alert was not taken, because the process stops")
        self._save_at = self._clock.monotonic()
        self.progress.unsaid_since = self.progress.unsaid_since or self._save_at

    def _begin_partitions(self) -> None:
        """Start partitions that were gained, and those whose next record has expired, where they stand."""
        if self._assignment.waiting - self._owned.keys():
            self._saved.load()  # whoever had them before may have saved since
        for partition in sorted(self._assignment.waiting):
            owned = self._owned.get(partition) or self._found(partition)
            first, end = self._source.first_offset(partition), self._assignment.end_offset(partition)
            offset = min(max(owned.offset, first), end)
            if offset != owned.offset:
                _log.error("records_expired", partition=partition, first_lost=owned.offset, next=offset)
                self.progress.expired += max(0, offset - owned.offset)
                owned.offset = offset
            self._owned[partition] = owned
            self._source.begin(partition, owned.offset)
            self._assignment.waiting.discard(partition)
            if owned.saved is None:
                self._save_at = self._clock.monotonic()
            _log.info("partition_begins", partition=partition, offset=owned.offset)

    def _found(self, partition: int) -> _Owned:
        """A partition where it stands: where it was saved; at the first record of a new life of the topic; at the end of one that nobody had yet."""
        topic_id, place = self._source.topic_id(), self._saved.place(partition)
        watch = Watch(self._rules, place.memory if place else None, self.progress.tally)
        if place is None:
            return _Owned(watch, topic_id, self._source.end_offset(partition), None)
        if place.topic_id != topic_id:
            return _Owned(watch, topic_id, self._source.first_offset(partition), None)
        return _Owned(watch, topic_id, place.offset, place.offset)

    def _save_if_due(self) -> None:
        if self._new_rules is None:
            self._new_rules = self._changed_rules()
        if self._new_rules is None and self._clock.monotonic() < self._save_at:
            return
        if self._save(_SETTLE_S) and self._new_rules is not None:
            self._saved.keep_rules(self._new_rules)
            if self._saved.settle(_SETTLE_S):
                self._use(self._new_rules)

    def _save(self, seconds: float) -> bool:
        """Save where partitions stand that have moved, once their alerts are acknowledged; whether that was done in time."""
        deadline = self._clock.monotonic() + seconds
        if not self._publisher.flush(seconds):
            return False
        moved = {partition: owned for partition, owned in self._owned.items() if owned.saved != owned.offset}
        self._saved.keep({partition: owned.place() for partition, owned in moved.items()})
        if moved and not self._saved.settle(max(0.0, deadline - self._clock.monotonic())):
            return False
        for owned in moved.values():
            owned.saved = owned.offset
        self.progress.saves += len(moved)
        self.progress.saved_at, self.progress.unsaid_since = self._clock.monotonic(), None
        self._save_at = self.progress.saved_at + SAVE_S
        return True

    def _use(self, rules: tuple[Rule, ...]) -> None:
        for owned in self._owned.values():
            owned.watch.use(rules)
        self._rules, self._new_rules = rules, None
        self.progress.rules = len(rules)
        _log.info("rules_changed", rules=len(rules))


class _NotTaken(BrokerUnavailable):
    """An alert was not taken, so this process may not go on from what it knows."""
