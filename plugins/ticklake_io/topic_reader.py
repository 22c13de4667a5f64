"""Reads a topic without a group: every partition, from the offsets that the caller says, nothing committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Protocol

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from ticklake.errors import BrokerUnavailable
from ticklake_io.kafka_client import open_client, topic_id, unavailable
from ticklake_io.kafka_rights import Rights
from ticklake_io.kafka_security import PLAINTEXT, Security
from ticklake_io.records import Records

_ANSWER_S = 5.0
"""How long a broker may take to answer at first, and to a question."""


class TopicReader(Protocol):
    """A reader of one topic. Every call may raise `BrokerUnavailable` and `BrokerRefused`. For one thread."""

    def begin(self, partition: int, offset: int) -> None:
        """Let a partition flow from `offset` on; until then it stands still. What the broker no longer has is passed over."""
        ...

    def offsets_at(self, time: datetime) -> dict[int, int]:
        """By partition the first offset that the broker took at `time` or later; the end where there is none."""
        ...

    def end_offsets(self) -> dict[int, int]:
        """By partition the offset after the last record."""
        ...

    def poll(self, seconds: float) -> dict[int, Records]:
        """Records of the partitions that flow, waiting up to `seconds` for the first. A broker that is away is silent here: ask it something."""
        ...

    def topic_id(self) -> str:
        """The id of the topic's present life; a recreated topic has another."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class KafkaTopicReader:
    """`TopicReader` on kafka-python. The partitions are those that the topic has when it is opened."""

    def __init__(self, bootstrap: str, topic: str, security: Security = PLAINTEXT, max_records: int = 20_000) -> None:
        """Raises `BrokerUnavailable` when no broker answers or there is no such topic, `BrokerRefused` when we may not read it."""
        self._topic, options = topic, security.for_kafka_python()
        self._rights = Rights(security.user, "Read", topic)
        with ExitStack() as opened, self._translated():
            self._consumer: KafkaConsumer = open_client(
                KafkaConsumer,
                bootstrap,
                bootstrap_s=_ANSWER_S,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                max_poll_records=max_records,
                max_partition_fetch_bytes=2 << 20,
                fetch_max_bytes=8 << 20,
                receive_buffer_bytes=4 << 20,
                reconnect_backoff_max_ms=2_000,
                allow_auto_create_topics=False,
                **options,
            )
            opened.callback(self._consumer.close, autocommit=False, timeout_ms=1_000)
            timeout_ms = int(_ANSWER_S * 1000)
            self._admin: KafkaAdminClient = open_client(KafkaAdminClient, bootstrap, bootstrap_s=_ANSWER_S, request_timeout_ms=timeout_ms, **options)
            opened.callback(self._admin.close)
            partitions = self._consumer.partitions_for_topic(topic)
            if not partitions:
                topic_id(self._admin, topic)  # tells a topic that we may not see from one that is not there
                raise BrokerUnavailable(f"there is no topic {topic}")
            self._parts = [TopicPartition(topic, partition) for partition in sorted(partitions)]
            self._consumer.assign(self._parts)
            for each in self._parts:
                self._consumer.seek(each, 0)  # a position, any position, keeps the client from looking for one
            self._consumer.pause(*self._parts)
            self._opened = opened.pop_all()

    def begin(self, partition: int, offset: int) -> None:
        part = TopicPartition(self._topic, partition)
        self._consumer.seek(part, offset)
        self._consumer.resume(part)

    def offsets_at(self, time: datetime) -> dict[int, int]:
        ends = self.end_offsets()
        wanted = {part: int(time.timestamp() * 1000) for part in self._parts}
        with self._translated():
            found = self._consumer.offsets_for_times(wanted, timeout_ms=int(_ANSWER_S * 1000))
        return ends | {part.partition: each.offset for part, each in found.items() if each}

    def end_offsets(self) -> dict[int, int]:
        with self._translated():
            ends = self._consumer.end_offsets(self._parts, timeout_ms=int(_ANSWER_S * 1000))
        return {part.partition: end for part, end in ends.items()}

    def poll(self, seconds: float) -> dict[int, Records]:
        with self._translated():
            polled = self._consumer.poll(timeout_ms=max(1, int(seconds * 1000)))
        return {
            part.partition: Records(
                [each.offset for each in found], [each.timestamp for each in found], [each.key for each in found], [each.value for each in found]
            )
            for part, found in polled.items()
        }

    def topic_id(self) -> str:
        with self._translated():
            return topic_id(self._admin, self._topic)

    def close(self) -> None:
        with self._translated():
            self._opened.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Our errors for the client's."""
        with unavailable(self._rights):
            yield
