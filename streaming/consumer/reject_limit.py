"""Stops the consumer when most of what arrives is no tick: somebody has deployed something bad, and a person should look.

A batch is judged before it becomes an object. The one that is too much is never eaten, so the next life meets it again.
What had been counted up to it is left in the store; otherwise each life, started again at once, would begin to count
anew and eat as much as the limit allows. That holds for whoever begins the partition exactly there, and for nobody
else: once somebody has gone on, the trace is void. (Counting the lake's last objects instead would cost hundreds of
requests at each start, because objects of thin traffic hold few records.)
"""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
import structlog

from streaming.consumer.encoder import Encoded
from ticklake.errors import StoreUnavailable, TooManyRejects
from ticklake.lake import Partition
from ticklake_io.store import ObjectStore

_PIECES = 10
"""A window is counted in at least so many pieces, however large the batches are."""
_GO_ON = "look at `ticklake dlq list` and at who sends them; to take them all the same, set TICKLAKE_REJECT_RATIO=1 and TICKLAKE_REJECT_RUN above the run"

_log = structlog.get_logger()


@dataclass(frozen=True)
class Bounds:
    """More than `ratio` of the last `window` records, or more than `run` in a row of one partition, are too many."""

    ratio: float
    window: int
    run: int


class RejectLimit:
    """Judges the batches of all partitions of one generation of a topic. Safe for several threads."""

    def __init__(self, bounds: Bounds, store: ObjectStore, topic: str, generation: int) -> None:
        self._bounds = bounds
        self._store = store
        self._topic = topic
        self._generation = generation
        self._lock = threading.Lock()
        self._window: deque[tuple[int, int]] = deque()
        self._runs: Counter[int] = Counter()

    def begin(self, partition: int, offset: int) -> None:
        """Take a partition over that goes on at `offset`. Raises `StoreUnavailable`."""
        body = self._store.read(self._key(partition))
        left = json.loads(body) if body else {}
        with self._lock:
            self._runs[partition] = 0
            if left.get("offset") != offset:
                return
            self._runs[partition] = left["run"]
            window = deque((records, rejects) for records, rejects in left["window"])
            if _total(window)[0] > _total(self._window)[0]:
                self._window = window

    def check(self, partition: int, encoded: Encoded) -> Encoded:
        """The batch as it is, counted. Raises `TooManyRejects` when it is too much; then it is not counted."""
        meta = encoded.meta
        bad = encoded.rejected["OFFSET_ID"].to_numpy() - meta.first_offset
        with self._lock:
            before, run = list(self._window), self._runs[partition]
            longest, self._runs[partition] = _runs(bad, meta.records, run)
            why = self._why(longest) or self._slide(bad, meta.records)
            if why:
                self._window, self._runs[partition] = deque(before), run
        if why:
            self._leave(partition, meta.chain_from, run, before)
            kinds = ", ".join(f"{kind} ({count})" for kind, count in kinds_of(encoded.rejected["REJECT_REASON"]).most_common(3))
            raise TooManyRejects(f"partition {partition}, offsets {meta.first_offset} to {meta.last_offset}: {why}: {kinds}; {_GO_ON}")
        return encoded

    def _why(self, longest: int) -> str:
        return f"{longest} records in a row are no ticks, more than {self._bounds.run}" if longest > self._bounds.run else ""

    def _slide(self, bad: np.ndarray, records: int) -> str:
        """Move the window over a batch; why one of its places is too much, empty when none is."""
        piece = max(1, self._bounds.window // _PIECES)
        counted = np.bincount(bad // piece, minlength=-(-records // piece))
        for i, rejects in enumerate(counted.tolist()):
            self._window.append((min(piece, records - i * piece), rejects))
            total, rejected = _total(self._window)
            while total - self._window[0][0] >= self._bounds.window:
                gone = self._window.popleft()
                total, rejected = total - gone[0], rejected - gone[1]
            if total >= self._bounds.window and rejected > self._bounds.ratio * total:
                return f"{rejected} of the last {total} records are no ticks, more than {self._bounds.ratio:.0%}"
        return ""

    def _leave(self, partition: int, offset: int, run: int, window: list[tuple[int, int]]) -> None:
        try:
            self._store.write(self._key(partition), json.dumps({"offset": offset, "run": run, "window": window}).encode())
        except StoreUnavailable as error:
            _log.warning("reject_count_lost", partition=partition, reason=str(error))

    def _key(self, partition: int) -> str:
        return f"reject-limit/{self._topic}/{Partition(self._generation, partition)}.json"


def kinds_of(reasons: object) -> Counter[str]:
    """How many reject reasons (an Arrow array of text) there are of each kind: what stands before the colon."""
    counted: Counter[str] = Counter()
    for each in pc.value_counts(reasons).to_pylist():
        counted[each["values"].partition(":")[0]] += each["counts"]
    return counted


def _total(window: deque[tuple[int, int]]) -> tuple[int, int]:
    return sum(records for records, _ in window), sum(rejects for _, rejects in window)


def _runs(bad: np.ndarray, records: int, run: int) -> tuple[int, int]:
    """The longest run of rejects and the one at the end, of a batch with rejects at the places `bad`, after a run of `run`."""
    if not len(bad):
        return 0, 0
    begins = np.concatenate(([0], np.flatnonzero(np.diff(bad) != 1) + 1))
    lengths = np.diff(np.concatenate((begins, [len(bad)])))
    if bad[0] == 0:
        lengths[0] += run
    return int(lengths.max()), int(lengths[-1]) if bad[-1] == records - 1 else 0
