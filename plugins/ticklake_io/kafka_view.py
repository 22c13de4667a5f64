"""Looks at topics and at a group's offsets without joining the group or committing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from ticklake.errors import BrokerUnavailable
from ticklake_io.kafka_client import open_client, topic_id, unavailable
from ticklake_io.kafka_rights import Rights
from ticklake_io.kafka_security import PLAINTEXT, Security
from ticklake_io.records import Committed, Records

_ANSWER_S = 10.0
_IDLE_POLLS = 20
"""Polls without a record after which the broker is taken to have no more."""


class KafkaView:
    """One look at a cluster; close it after. Every call may raise `BrokerUnavailable` and `BrokerRefused`."""

    def __init__(self, bootstrap: str, security: Security = PLAINTEXT) -> None:
        self._user, options = security.user, security.for_kafka_python()
        with ExitStack() as opened, unavailable(Rights(self._user)):
            self._consumer: KafkaConsumer = open_client(
                KafkaConsumer,
                bootstrap,
                bootstrap_s=_ANSWER_S,
                group_id=None,
                enable_auto_commit=False,
                isolation_level="read_committed",
                max_poll_records=10_000,
                max_partition_fetch_bytes=8 << 20,
                allow_auto_create_topics=False,
                **options,
            )
            opened.callback(self._consumer.close, autocommit=False, timeout_ms=1_000)
            self._admin: KafkaAdminClient = open_client(KafkaAdminClient, bootstrap, bootstrap_s=_ANSWER_S, **options)
            opened.callback(self._admin.close)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Let go of the connections."""
        with unavailable(Rights(self._user)):
            self._opened.close()

    def committed(self, group: str, topic: str) -> dict[int, Committed]:
        """What a group committed for a topic, by partition."""
        with unavailable(Rights(self._user, topic=topic, group=group)):
            offsets = self._admin.list_group_offsets(group)[group]
        return {part.partition: Committed.found(each.offset, each.metadata) for part, each in offsets.items() if part.topic == topic and each.offset >= 0}

    def ends(self, topic: str) -> dict[int, int]:
        """The offset after the last record, by partition."""
        with unavailable(Rights(self._user, topic=topic)):
            parts = self._partitions(topic)
            return {part.partition: end for part, end in self._consumer.end_offsets(parts, timeout_ms=int(_ANSWER_S * 1000)).items()}

    def starts(self, topic: str) -> dict[int, int]:
        """The oldest offset that the broker still has, by partition."""
        with unavailable(Rights(self._user, topic=topic)):
            parts = self._partitions(topic)
            return {part.partition: start for part, start in self._consumer.beginning_offsets(parts, timeout_ms=int(_ANSWER_S * 1000)).items()}

    def since(self, topic: str, time: datetime) -> dict[int, int]:
        """The offset of the first record that the broker took at `time` or later, by partition; the end where there is none."""
        ends = self.ends(topic)
        times = {TopicPartition(topic, partition): int(time.timestamp() * 1000) for partition in ends}
        with unavailable(Rights(self._user, topic=topic)):
            found = self._consumer.offsets_for_times(times, timeout_ms=int(_ANSWER_S * 1000))
        return ends | {part.partition: each.offset for part, each in found.items() if each}

    def topic_id(self, topic: str) -> str:
        """The id of the topic's present life."""
        with unavailable(Rights(self._user, topic=topic)):
            return topic_id(self._admin, topic)

    def read(self, topic: str, offsets: Mapping[int, tuple[int, int]]) -> dict[int, Records]:
        """Records by partition, from the first to before the second of its `offsets`."""
        wanted = {TopicPartition(topic, partition): span for partition, span in offsets.items() if span[0] < span[1]}
        found = {part.partition: Records() for part in wanted}
        with unavailable(Rights(self._user, "Read", topic)):
            self._consumer.assign(list(wanted))
            for part, (first, _) in wanted.items():
                self._consumer.seek(part, first)
            idle = 0
            while wanted and idle < _IDLE_POLLS:
                polled = self._consumer.poll(timeout_ms=250)
                idle = 0 if polled else idle + 1
                for part, records in polled.items():
                    for record in records:
                        if part in wanted and record.offset < wanted[part][1]:
                            found[part.partition].extend(Records([record.offset], [record.timestamp], [record.key], [record.value]))
                    if part in wanted and records[-1].offset >= wanted[part][1] - 1:
                        del wanted[part]
            self._consumer.unsubscribe()
        return found

    def newest(self, topic: str, limit: int) -> Iterator[tuple[int, bytes | None, dict[str, str]]]:
        """The newest `limit` records of a one-partition topic: offset, value and headers."""
        part = TopicPartition(topic, 0)
        with unavailable(Rights(self._user, "Read", topic)):
            end = self._consumer.end_offsets([part], timeout_ms=int(_ANSWER_S * 1000))[part]
            start = self._consumer.beginning_offsets([part], timeout_ms=int(_ANSWER_S * 1000))[part]
            self._consumer.assign([part])
            self._consumer.seek(part, max(start, end - limit))
            idle = 0
            while (self._consumer.position(part, timeout_ms=int(_ANSWER_S * 1000)) or 0) < end:
                records = self._consumer.poll(timeout_ms=250).get(part, ())
                idle = 0 if records else idle + 1
                if idle == _IDLE_POLLS:
                    raise BrokerUnavailable(f"Kafka gives no more records of {topic}, though it has some")
                for record in records:
                    yield record.offset, record.value, {name: value.decode(errors="replace") for name, value in record.headers}

    def _partitions(self, topic: str) -> list[TopicPartition]:
        found = self._consumer.partitions_for_topic(topic)
        if not found:
            self.topic_id(topic)  # tells a topic that we may not see from one that is not there
            raise BrokerUnavailable(f"there is no topic {topic}")
        return [TopicPartition(topic, partition) for partition in sorted(found)]
