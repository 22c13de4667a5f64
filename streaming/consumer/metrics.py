"""The consumer's metrics. Those of the loop are its own counts, read when somebody asks; none is kept twice."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streaming import member
from streaming.consumer.progress import Progress
from streaming.families import Families
from ticklake.clock import Clock

PREFIX = "ticklake_consumer"
_OF = Families(PREFIX)
_PUT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Registers the consumer's metrics. Safe for several threads."""

    def __init__(self, registry: CollectorRegistry, progress: Progress, clock: Clock) -> None:
        registry.register(_Loop(progress, clock))
        self._progress = progress
        self._puts = Histogram(f"{PREFIX}_put_seconds", "Time of a try to create an object that the store answered.", registry=registry, buckets=_PUT_SECONDS)
        self._failed = Counter(f"{PREFIX}_put_failures", "Tries to create an object that the store did not answer, or refused for now.", registry=registry)

    def put(self, seconds: float, error: str) -> None:
        """Note a try to create an object, which took `seconds`; `error` is why it failed, empty when it did not."""
        self._progress.store_error = error
        if error:
            self._failed.inc()
        else:
            self._puts.observe(seconds)


class _Loop(Collector):
    """The figures of the loop at the time of asking."""

    def __init__(self, progress: Progress, clock: Clock) -> None:
        self._progress = progress
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        now, done = self._clock.monotonic(), self._progress
        yield from member.metrics(_OF, done, now, lag="Records at the broker that are not in the lake.")
        yield _OF.counter("objects", "Objects that are durable, adopted ones included.", done.objects)
        yield _OF.counter("object_bytes", "Bytes of the objects.", done.bytes)
        yield _OF.counter("objects_adopted", "Objects that another writer had created first.", done.adopted)
        yield _OF.counter("flushes", "Batches cut, by what made it time.", done.flushes, "reason")
        yield _OF.counter("rejects", "Records in durable objects that are no ticks, by the kind of reason.", done.rejects, "reason")
        yield _OF.counter("commits", "Commits of offsets.", done.commits)
        yield _OF.counter("commit_failures", "Commits that the group or the broker did not take; what stays ours is committed later.", done.failed_commits)
        yield _OF.gauge("oldest_buffered_seconds", "Age in memory of the oldest record that is not committed.", done.oldest_age(now))
        yield _OF.gauge("held_bytes", "Bytes of records in memory.", done.held_bytes)
        yield _OF.gauge("paused", "1 while partitions stand because memory is short.", done.throttled)
        yield _OF.gauge("last_commit_seconds", "Age of the last commit.", now - done.committed_at)
