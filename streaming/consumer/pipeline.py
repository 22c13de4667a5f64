"""The consumer's loop: records in, objects durable, offsets committed, in this order.

    poll ─▶ buffer a partition ─▶ cut (records, bytes, age) ─▶ worker: create object, send dead letters ─▶ commit its end

* One upload in flight per partition, so objects land in chain order; partitions upload in parallel.
* An offset is committed only when the object that ends there is durable and its dead letters are acknowledged.
* Partitions that are taken away are dropped with all they hold: whoever owns them next begins at the committed offset
  and adopts what this process still manages to create.
* Past a budget of bytes in memory, batches are cut early and nothing is polled until half of it is free; when that
  takes long, partitions are paused, so that the group still hears of us.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor

import structlog

from streaming.assignment import Assignment
from streaming.consumer.buffer import Batch, Buffer, Limits
from streaming.consumer.owned import Owned
from streaming.consumer.progress import Progress
from streaming.consumer.reject_limit import kinds_of
from streaming.consumer.writer import Landed
from ticklake.clock import Clock
from ticklake.errors import ChainBroken, Retry
from ticklake_io.records import RECREATE, Committed, RecordSource

_log = structlog.get_logger()

_POLL_S = 0.1
_STAND_S = 0.02
_PATIENCE_S = 1.0
"""How long the loop does without a poll: past it partitions are paused, of which a client throws away what it has fetched, or begin a turn later."""


class Pipeline:
    """Moves one topic's records into the lake. For one thread, which calls `run_once` again and again.

    `land(batch, given_up)` makes a batch durable on a worker and gives None when `given_up` was set first;
    `chain_end(partition)` says where a gained partition begins; `on_commit` hears of each commit. `progress` is kept up.
    """

    def __init__(
        self,
        source: RecordSource,
        land: Callable[[Batch, threading.Event], Landed | None],
        chain_end: Callable[[int], int],
        on_commit: Callable[[dict[int, int]], None],
        limits: Limits,
        buffer_bytes: int,
        clock: Clock,
        workers: Executor,
        progress: Progress,
    ) -> None:
        self._source = source
        self._land = land
        self._chain_end = chain_end
        self._on_commit = on_commit
        self._limits = limits
        self._buffer_bytes = buffer_bytes
        self._clock = clock
        self._workers = workers
        self._owned: dict[int, Owned] = {}
        self._uncommitted: dict[int, Committed] = {}
        self._throttled = self._paused = False
        self._draining = False
        self._assignment = Assignment(source, progress, clock)
        self._polled_at = clock.monotonic()
        self.progress = progress

    def run_once(self, wait_s: float = _POLL_S) -> None:
        """One turn; waits up to `wait_s` for records. Raises what `land` raises, and `Stop` when broker and lake contradict each other."""
        if not self._tolerant(lambda: self._take_in(wait_s)):
            self._clock.sleep(wait_s)
        self._collect()
        self._tolerant(self._hand_on)
        if not self._draining:
            self._tolerant(lambda: self._assignment.look(self._owned))
        self._take_stock()

    def drain(self, budget_s: float) -> bool:
        """Stop intake, land and commit what is held; False when `budget_s` was not enough.

        What is left then is not lost: its offsets are not committed, the next owner reads them again.
        """
        self._draining = True
        self._throttle()
        deadline = self._clock.monotonic() + budget_s
        while self._held() or self._uncommitted:
            if self._clock.monotonic() > deadline:
                return False
            self.run_once(wait_s=0.02)
        return True

    def give_up(self) -> None:
        """Let go of all partitions; uploads that wait for the store end."""
        for partition in list(self._owned):
            self._drop(partition)

    def _tolerant(self, work: Callable[[], None]) -> bool:
        """Do `work`; false when it has to wait for the broker or the store."""
        try:
            work()
        except Retry as error:
            _log.warning("waiting", reason=str(error))
            return False
        return True

    def _take_in(self, wait_s: float) -> None:
        if self._throttled and not self._paused:
            self._clock.sleep(min(wait_s, _STAND_S))
            return
        polled = self._assignment.poll(wait_s)
        self._polled_at = self._clock.monotonic()
        self._assignment.follow(self._drop)
        for partition, records in polled.items():
            if partition in self._owned:
                self._owned[partition].buffer.add(records, self._clock.monotonic())
                self.progress.records += len(records)
        if not self._draining:
            self._begin_partitions()

    def _hand_on(self) -> None:
        self._submit()
        self._throttle()
        self._commit()

    def _begin_partitions(self) -> None:
        """Start partitions that were gained, and those whose next record has expired, at the end of their chain."""
        for partition in sorted(self._assignment.waiting):
            owned = self._owned.get(partition)
            if owned and owned.busy:
                continue  # an expired partition first lands what it holds
            end = owned.buffer.chain_end if owned else self._chain_end(partition)
            if end > self._assignment.end_offset(partition):
                raise ChainBroken(f"partition {partition}: the lake ends at offset {end}, behind the broker's last record; {RECREATE}")
            first, known = self._source.first_offset(partition), self._source.committed(partition)
            start = max(end, first)
            if start > end:
                _log.error("records_expired", partition=partition, first_lost=end, next=start)
                self.progress.expired += start - end
            self._open(partition, end, start)
            if end > first and (known is None or known.offset != end):
                self._uncommitted[partition] = Committed(end, "")  # the lake is ahead of what was committed, and no record may follow
            self._assignment.waiting.discard(partition)
            if self._clock.monotonic() - self._polled_at > _PATIENCE_S:
                return  # the lake may take long to list, and the group takes for dead who does not poll

    def _open(self, partition: int, end: int, start: int) -> None:
        before = self._owned.get(partition)
        self._owned[partition] = Owned(Buffer(partition, end, self._limits, moved_past=start), end, before.since if before else None)
        self._source.begin(partition, start)
        _log.info("partition_begins", partition=partition, chain_end=end, offset=start)

    def _drop(self, partition: int) -> None:
        owned = self._owned.pop(partition, None)
        self._uncommitted.pop(partition, None)
        if owned:
            owned.given_up.set()

    def _collect(self) -> None:
        """Take note of the uploads that are done."""
        for partition, owned in list(self._owned.items()):
            if owned.upload is None or not owned.upload.future.done():
                continue
            batch, landed = owned.upload.batch, owned.upload.result()
            if landed is None:
                self._drop(partition)  # the process stops; an object behind it would commit past it
                continue
            owned.upload, owned.landed, owned.since = None, landed.meta.end, owned.held_since()
            if landed.meta.end != batch.end:
                self._open(partition, landed.meta.end, landed.meta.end)
            self._uncommitted[partition] = Committed(landed.meta.end, landed.key)
            self._count(landed)

    def _count(self, landed: Landed) -> None:
        self.progress.objects += 1
        self.progress.bytes += landed.size
        self.progress.adopted += landed.adopted
        if landed.rejected is not None and landed.rejected.num_rows:
            self.progress.rejects.update(kinds_of(landed.rejected["REJECT_REASON"]))

    def _submit(self) -> None:
        now = self._clock.monotonic()
        for partition, owned in self._owned.items():
            if owned.upload is not None or not len(owned.buffer):
                continue
            reason = owned.buffer.due(now) or self._hurry(partition)
            if reason:
                owned.submit(self._workers, self._land)
                self.progress.flushes["gap" if owned.buffer.at_gap else reason] += 1

    def _hurry(self, partition: int) -> str:
        """Why a batch is cut that is not due; empty when it is not."""
        if self._draining:
            return "drain"
        if partition in self._assignment.waiting:
            return "expired"
        return "throttle" if self._throttled else ""

    def _commit(self) -> None:
        if not self._uncommitted:
            return
        try:
            taken = self._source.commit(self._uncommitted)
        except Retry:
            self.progress.failed_commits += 1
            raise
        if not taken:
            self.progress.failed_commits += 1
            return  # the group is being rebalanced; what stays ours is committed on the next turn
        self._on_commit({partition: each.offset for partition, each in self._uncommitted.items()})
        for partition in self._uncommitted:
            self._owned[partition].since = None
        self._uncommitted = {}
        self.progress.commits += 1
        self.progress.committed_at = self._clock.monotonic()

    def _throttle(self) -> None:
        held = self._held()
        self._throttled = held > (self._buffer_bytes // 2 if self._throttled else self._buffer_bytes)
        long = self._clock.monotonic() - self._polled_at > _PATIENCE_S
        self._paused = self._draining or (self._throttled and (self._paused or long))
        self._source.pause(set(self._owned) if self._paused else set())
        self.progress.held_bytes, self.progress.throttled = held, self._throttled

    def _take_stock(self) -> None:
        """Tell how things stand; a figure for each partition, none for each record."""
        self.progress.held_since = min((since for since in (each.held_since() for each in self._owned.values()) if since is not None), default=None)
        self._assignment.take_stock({partition: owned.landed for partition, owned in self._owned.items()})

    def _held(self) -> int:
        return sum(owned.size() for owned in self._owned.values())
