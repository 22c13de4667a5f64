"""A source that is a list, a publisher that is a list, and a kafka-python producer whose broker answers on command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError
from kafka.producer.future import FutureProduceResult, FutureRecordMetadata
from kafka.structs import TopicPartition

from streaming.producer.source import Wait
from ticklake.errors import BrokerUnavailable, Reject
from ticklake.tick import Tick
from ticklake_io.kafka_producer import Counts, Headers

MOST_BYTES = 1_000_000


class ListSource:
    """Gives `items`, then ends, or waits to be stopped when it is `endless`; an exception that is no reject is raised.

    Asked again it goes on behind what it raised.
    """

    def __init__(self, items: Sequence[Tick | Exception], name: str = "list", *, endless: bool = False) -> None:
        self.name, self._items, self._endless = name, list(items), endless

    def ticks(self, wait: Wait) -> Iterator[Tick | Reject]:
        while self._items:
            item = self._items.pop(0)
            if isinstance(item, Exception) and not isinstance(item, Reject):
                raise item
            yield item
        while self._endless and not wait(10.0):
            pass


class MemoryPublisher:
    """`Publisher` that keeps what it was given; it acknowledges while `answering`."""

    def __init__(self) -> None:
        self.records: list[tuple[bytes | None, bytes | None]] = []
        self.answering = True
        self.failing = False
        self._sent = self._rejected = 0

    def publish(self, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bool:
        self._sent += 1
        if len(value or b"") > MOST_BYTES:
            self._rejected += 1
        else:
            self.records.append((key, value))
        self.counts()
        return True

    def counts(self) -> Counts:
        if self.failing:
            raise BrokerUnavailable("a record was not delivered")
        buffered = 0 if self.answering else len(self.records)
        return Counts(self._sent, len(self.records) - buffered, self._rejected, buffered)

    def flush(self, seconds: float) -> bool:
        return not self.counts().buffered

    def close(self) -> None:
        pass


class CommandedKafka:
    """The part of kafka-python's producer that `KafkaPublisher` uses; `answer` settles what was sent."""

    def __init__(self, *, answering: bool = True) -> None:
        self.records: list[tuple[bytes, bytes]] = []
        self.answering = answering
        self._open: list[FutureRecordMetadata] = []

    def send(self, topic: str, value: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> FutureRecordMetadata:
        if len(value) > MOST_BYTES:
            raise MessageSizeTooLargeError("too large")
        self.records.append((key, value))
        future = FutureRecordMetadata(FutureProduceResult(TopicPartition(topic, 0)), 0, None, None, len(key), len(value), -1)
        self._open.append(future)
        if self.answering:
            self.answer()
        return future

    def answer(self, error: Exception | None = None) -> None:
        for future in self._open:
            future.failure(error) if error else future.success(None)
            future._produce_future.success((0, None, None if error is None else lambda _: error))
        self._open.clear()

    def flush(self, timeout: float) -> None:
        if self._open:
            raise KafkaTimeoutError("Timeout waiting for future")

    def close(self, timeout: Any = None) -> None:
        pass
