"""Records from Kafka through librdkafka, by partition and column, with explicit offsets: several times kafka-python's rate.

A gained partition is ours in the group from the callback on, but is given to the client only when it begins: until then
there is nothing to fetch, to pause or to reset. Callbacks run inside `poll`, on the caller's thread.
"""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from ticklake.errors import BrokerUnavailable, ChainBroken
from ticklake_io.confluent_client import Trouble, await_topic, common, one_line, ours, translated
from ticklake_io.kafka_rights import Rights
from ticklake_io.kafka_security import PLAINTEXT, Security
from ticklake_io.records import HEARTBEATS, LONGEST_REBALANCE_MS, RECREATE, Changes, Committed, Records

_ANSWER_S = 5.0
"""How long a broker may take to answer at first."""
_LOOK_UP_S = 5.0
_COMMIT_S = 5.0

_EXPIRED = {"_AUTO_OFFSET_RESET", "OFFSET_OUT_OF_RANGE"}
_TRUNCATED = "truncat"
"""librdkafka tells of a log that was cut back in a reset's words only."""
_NOT_OURS = {"ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS", "FENCED_INSTANCE_ID", "_ASSIGNMENT_LOST"}
"""What the group answers to a commit that it does not take."""


class ConfluentSource:
    """`RecordSource` on librdkafka; sessions and heartbeats are those of `KafkaSource`."""

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
        self._topic = topic
        self._max_records = max_records
        self._rights = Rights(security.user, "Read", topic, group)
        self._trouble = Trouble(self._rights)
        self._common = common(bootstrap, security, group)
        self._owned: set[int] = set()
        self._begun: set[int] = set()
        self._paused: set[int] = set()
        self._expired: set[int] = set()
        self._changes = Changes()
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="kafka")
        self._committing: Future[list[TopicPartition]] | None = None
        self._asking: Future[Any] | None = None
        self._consumer = Consumer(self._options(group, session_s, heartbeat_s or session_s / HEARTBEATS))
        try:
            await_topic(self._consumer, topic, self._rights, self._trouble, _ANSWER_S)
            self._consumer.subscribe([topic], on_assign=self._gain, on_revoke=self._drop, on_lost=self._drop)
        except BaseException:
            self._consumer.close()
            raise

    def poll(self, seconds: float) -> dict[int, Records]:
        self._trouble.tell()
        with translated(self._rights):
            polled = self._consumer.consume(self._max_records, seconds)
        if any(map(Message.error, polled)):
            polled = self._sound(polled)
        if not polled:
            self._trouble.tell()
            return {}
        self._trouble.over()
        found: dict[int, Records] = {}
        for partition, run in groupby(polled, Message.partition):
            if partition in self._begun:
                found.setdefault(partition, Records()).extend(_columns(list(run)))
        return found

    def changes(self) -> Changes:
        taken, self._changes = self._changes, Changes()
        return taken

    def expired(self) -> set[int]:
        return set(self._expired)

    def begin(self, partition: int, offset: int) -> None:
        if partition not in self._owned:
            return  # it was taken away a moment ago; `changes` tells
        with translated(self._rights):
            self._release({partition})
            self._consumer.incremental_assign([TopicPartition(self._topic, partition, offset)])
            self._begun.add(partition)
            if partition in self._paused:
                self._consumer.pause(self._parts({partition}))

    def committed(self, partition: int) -> Committed | None:
        (found,) = self._answer(self._consumer.committed, self._parts({partition}), _LOOK_UP_S)
        return Committed.found(found.offset, _metadata(found)) if found.offset >= 0 else None

    def first_offset(self, partition: int) -> int:
        return self._watermarks(partition)[0]

    def end_offset(self, partition: int) -> int:
        return self._watermarks(partition)[1]

    def commit(self, offsets: Mapping[int, Committed]) -> bool:
        # The broker asks whether we are of its generation, not whose a partition is.
        if not offsets.keys() <= self._owned:
            return False
        wanted = [TopicPartition(self._topic, partition, each.offset, each.note) for partition, each in offsets.items()]
        try:
            failed = [part.error for part in self._sent(wanted) if part.error]
        except TimeoutError as error:
            raise BrokerUnavailable(f"Kafka does not answer a commit within {_COMMIT_S:g} s") from error
        except KafkaException as error:
            failed = [error.args[0]]
        for each in failed:
            if each.name() not in _NOT_OURS:
                raise ours(each, self._rights)
        return not failed

    def pause(self, partitions: set[int]) -> None:
        stop, go = self._begun & (partitions - self._paused), self._begun & (self._paused - partitions)
        self._paused = set(partitions)
        with translated(self._rights):
            self._consumer.pause(self._parts(stop))
            self._consumer.resume(self._parts(go))

    def topic_id(self) -> str:
        with translated(self._rights), AdminClient(self._common) as admin:
            described = admin.describe_topics(TopicCollection([self._topic]), request_timeout=_LOOK_UP_S)
            text = str(described[self._topic].result().topic_id)
        return str(uuid.UUID(bytes=b64decode(text + "==", validate=True)))

    def close(self) -> None:
        with translated(self._rights):
            self._consumer.close()
        self._workers.shutdown(wait=False)

    def _options(self, group: str, session_s: float, heartbeat_s: float) -> dict[str, Any]:
        return self._common | {
            "group.id": group,
            "error_cb": self._trouble,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": int(session_s * 1000),
            "max.poll.interval.ms": max(LONGEST_REBALANCE_MS, int(session_s * 1000)),
            "heartbeat.interval.ms": int(heartbeat_s * 1000),
            "check.crcs": True,
            # Fetches count compressed, and a fetched batch is held until its last record is taken: larger ones cost memory and gain nothing.
            "queued.max.messages.kbytes": 8_192,
            "max.partition.fetch.bytes": 512 << 10,
            "fetch.max.bytes": 1 << 20,
            "fetch.queue.backoff.ms": 10,
            # A question about offsets waits behind a fetch that waits for records.
            "fetch.wait.max.ms": 50,
        }

    def _gain(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._consumer.incremental_assign([])
        gained = {each.partition for each in partitions}
        self._owned |= gained
        self._changes.gained |= gained

    def _drop(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        dropped = {each.partition for each in partitions}
        self._release(dropped)
        self._owned -= dropped
        self._changes.gained -= dropped
        self._changes.dropped |= dropped

    def _release(self, partitions: set[int]) -> None:
        """Take partitions from the client; the group still holds them to be ours."""
        self._consumer.incremental_unassign(self._parts(partitions & self._begun))
        self._begun -= partitions
        self._expired -= partitions

    def _sound(self, polled: Iterable[Message]) -> list[Message]:
        """The records among what was polled. What failed is told by the next poll, so that these are not lost with it."""
        sound: list[Message] = []
        for message in polled:
            error, partition = message.error(), message.partition()
            if error is None:
                sound.append(message)
            elif _TRUNCATED in error.str().lower():
                self._trouble.keep(ChainBroken(f"the broker's log was cut back behind what was read: {one_line(error)}; {RECREATE}"))
            elif error.name() in _EXPIRED and partition in self._begun:
                self._release({partition})
                self._expired.add(partition)
            else:
                self._trouble.keep(ours(error, self._rights))
        return sound

    def _sent(self, wanted: list[TopicPartition]) -> list[TopicPartition]:
        """Commit, waiting so long as we want; librdkafka itself waits for a coordinator as long as a session lasts."""
        if self._committing is None or self._committing.done():
            self._committing = self._workers.submit(self._consumer.commit, offsets=wanted, asynchronous=False)
            return self._committing.result(_COMMIT_S)
        self._committing.result(_COMMIT_S)  # an earlier one, of other offsets
        return self._sent(wanted)

    def _watermarks(self, partition: int) -> tuple[int, int]:
        low, high = self._answer(self._consumer.get_watermark_offsets, TopicPartition(self._topic, partition), _LOOK_UP_S)
        return low, high

    def _answer(self, ask: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - the answer is whatever is asked for
        """What the broker answers. librdkafka's own limits do not hold while it looks for a leader or a coordinator, so ours is kept beside it."""
        if self._asking is not None and not self._asking.done():
            raise BrokerUnavailable("Kafka does not answer: an earlier question waits")
        self._asking = self._workers.submit(ask, *arguments)
        try:
            with translated(self._rights):
                return self._asking.result(_LOOK_UP_S)
        except TimeoutError as error:
            raise BrokerUnavailable(f"Kafka does not answer within {_LOOK_UP_S:g} s") from error

    def _parts(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in sorted(partitions)]


def _metadata(found: TopicPartition) -> str | None:
    """The note of a commit. One that another tool has stored without an end may go on in other memory; then it is as good as none."""
    try:
        return str(found.metadata or "")
    except UnicodeDecodeError:
        return None


def _columns(run: list[Any]) -> Records:
    first, last = run[0].offset(), run[-1].offset()
    offsets = list(range(first, last + 1)) if last - first + 1 == len(run) else [message.offset() for message in run]
    return Records(offsets, [time_ms for _, time_ms in map(Message.timestamp, run)], list(map(Message.key, run)), list(map(Message.value, run)))
