"""Records from Kafka, by partition and column, with explicit offsets.

The adapter never commits by itself, never begins anywhere by itself (`auto.offset.reset=none`) and never acts in a
rebalance callback, which runs on the client's own thread: it notes the change and the caller picks it up after `poll`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    LogTruncationError,
    OffsetOutOfRangeError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.structs import OffsetAndMetadata

from ticklake.errors import BrokerUnavailable, ChainBroken
from ticklake_io.kafka_client import one_line, open_client, topic_id, unavailable
from ticklake_io.kafka_rights import Rights
from ticklake_io.kafka_security import PLAINTEXT, Security
from ticklake_io.records import HEARTBEATS, LONGEST_REBALANCE_MS, RECREATE, Changes, Committed, Records

_ANSWER_S = 5.0
"""How long a broker may take to answer at first."""

_NOT_OURS = (CommitFailedError, IllegalGenerationError, IllegalStateError, RebalanceInProgressError, UnknownMemberIdError)
"""What the client raises for a commit that the group does not take."""

_WENT_AWAY = (KeyError, ValueError)
"""What the client raises for a partition that was revoked a moment ago; `changes` will tell."""


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Notes changes of the assignment, and holds gained partitions still."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self._lock = threading.Lock()
        self._changes = Changes()

    def take(self) -> Changes:
        with self._lock:
            taken, self._changes = self._changes, Changes()
        return taken

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        for each in assigned:
            # A position, any position, keeps the client from asking for a reset that "none" forbids.
            self._consumer.seek(each, 0)
        self._consumer.pause(*assigned)
        with self._lock:
            self._changes.gained |= {each.partition for each in assigned}

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        with self._lock:
            ids = {each.partition for each in revoked}
            self._changes.dropped |= ids
            self._changes.gained -= ids

    on_partitions_lost = on_partitions_revoked


class KafkaSource:
    """`RecordSource` on kafka-python.

    A member that is silent for `session_s` seconds is taken for dead. It hears of changes with its heartbeats, every
    `heartbeat_s` seconds, or 15 times in a session.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        group: str,
        max_records: int = 10_000,
        session_s: float = 45.0,
        heartbeat_s: float | None = None,
        security: Security = PLAINTEXT,
    ) -> None:
        self._bootstrap = bootstrap
        self._security = security.for_kafka_python()
        self._rights = Rights(security.user, "Read", topic, group)
        self._topic = topic
        self._max_records = max_records
        self._standing: set[int] = set()
        self._paused: set[int] = set()
        self._expired: set[int] = set()
        self._admin: KafkaAdminClient | None = None
        self._admin_lock = threading.Lock()
        with self._translated():
            self._consumer = open_client(
                KafkaConsumer,
                bootstrap,
                bootstrap_s=_ANSWER_S,
                client_id=group,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="none",
                isolation_level="read_committed",
                partition_assignment_strategy=(CooperativeStickyAssignor,),
                max_poll_records=max_records,
                max_poll_interval_ms=LONGEST_REBALANCE_MS,
                max_partition_fetch_bytes=2 << 20,
                fetch_max_bytes=8 << 20,
                receive_buffer_bytes=4 << 20,
                session_timeout_ms=int(session_s * 1000),
                heartbeat_interval_ms=int(1000 * (heartbeat_s or session_s / HEARTBEATS)),
                reconnect_backoff_max_ms=2_000,
                allow_auto_create_topics=False,
                **self._security,
            )
            self._listener = _Listener(self._consumer)
            try:
                # A leader that joins before it has heard of a new topic assigns nothing, for minutes.
                if not self._consumer.partitions_for_topic(topic):
                    self.topic_id()  # tells a topic that we may not see from one that is not there
                    raise BrokerUnavailable(f"there is no topic {topic}")
                self._consumer.subscribe([topic], listener=self._listener)
            except BaseException:
                self._close_admin()
                self._consumer.close(autocommit=False, timeout_ms=1_000)
                raise

    def poll(self, seconds: float) -> dict[int, Records]:
        self._go_on_joining()
        try:
            with self._translated():
                polled = self._consumer.poll(timeout_ms=max(1, int(seconds * 1000)), max_records=self._max_records)
        except _Expired as error:
            self._expired |= error.partitions
            self._standing |= error.partitions
            self._hold()
            return {}
        return {part.partition: _columns(records) for part, records in polled.items()}

    def _go_on_joining(self) -> None:
        """Finish a join that outlasted a poll.

        kafka-python forgets it when the topic's metadata had asked for it and no longer does: the member then sends no heartbeats, hears of
        no rebalance and keeps what it has for ever (seen with 3.0.12).
        """
        coordinator = self._consumer._coordinator  # noqa: SLF001 - there is no other way to it
        if coordinator.rejoining:
            coordinator.request_rejoin()

    def changes(self) -> Changes:
        changes = self._listener.take()
        self._standing = (self._standing - changes.dropped) | changes.gained
        self._expired -= changes.dropped | changes.gained
        return changes

    def expired(self) -> set[int]:
        return set(self._expired)

    def begin(self, partition: int, offset: int) -> None:
        with suppress(*_WENT_AWAY), self._translated():
            self._consumer.seek(self._partition(partition), offset)
        self._standing.discard(partition)
        self._expired.discard(partition)
        self._hold()

    def committed(self, partition: int) -> Committed | None:
        with self._translated():
            found = self._consumer.committed(self._partition(partition), metadata=True, timeout_ms=10_000)
        return Committed.found(found.offset, found.metadata) if found and found.offset >= 0 else None

    def first_offset(self, partition: int) -> int:
        part = self._partition(partition)
        with self._translated():
            return int(self._consumer.beginning_offsets([part], timeout_ms=10_000)[part])

    def end_offset(self, partition: int) -> int:
        part = self._partition(partition)
        with self._translated():
            return int(self._consumer.end_offsets([part], timeout_ms=10_000)[part])

    def commit(self, offsets: Mapping[int, Committed]) -> bool:
        ours = {self._partition(partition): OffsetAndMetadata(each.offset, each.metadata, -1) for partition, each in offsets.items()}
        # The broker asks whether we are of its generation, not whose a partition is.
        if not ours.keys() <= self._consumer.assignment():
            return False
        with self._translated():
            try:
                self._consumer.commit(ours, timeout_ms=5_000)
            except _NOT_OURS:
                return False
        return True

    def pause(self, partitions: set[int]) -> None:
        if partitions != self._paused:
            self._paused = set(partitions)
            self._hold()

    def topic_id(self) -> str:
        with self._translated(), self._admin_lock:
            if self._admin is None:
                timeout_ms = int(_ANSWER_S * 1000)
                self._admin = open_client(KafkaAdminClient, self._bootstrap, bootstrap_s=_ANSWER_S, request_timeout_ms=timeout_ms, **self._security)
            try:
                return topic_id(self._admin, self._topic)
            except BaseException:
                self._close_admin()
                raise

    def close(self) -> None:
        with self._translated(), self._admin_lock:
            self._close_admin()
        with self._translated():
            self._consumer.close(autocommit=False, timeout_ms=5_000)

    def _close_admin(self) -> None:
        """Let go of the connection that is kept for questions; the next one makes another."""
        admin, self._admin = self._admin, None
        if admin:
            admin.close()

    def _partition(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Our errors for the client's."""
        with unavailable(self._rights):
            try:
                yield
            except OffsetOutOfRangeError as error:
                raise _Expired({part.partition for part in error.args[0]}) from error
            except LogTruncationError as error:
                raise ChainBroken(f"the broker's log was cut back behind what was read: {one_line(error)}; {RECREATE}") from error

    def _hold(self) -> None:
        """Make the client's paused partitions those that stand or are paused."""
        for part in self._consumer.assignment():
            with suppress(*_WENT_AWAY):
                (self._consumer.pause if part.partition in self._standing | self._paused else self._consumer.resume)(part)


def _columns(records: list[Any]) -> Records:
    return Records(
        [record.offset for record in records],
        [record.timestamp for record in records],
        [record.key for record in records],
        [record.value for record in records],
    )


class _Expired(Exception):
    """The broker no longer has the next records of these partitions."""

    def __init__(self, partitions: set[int]) -> None:
        super().__init__(str(partitions))
        self.partitions = partitions
