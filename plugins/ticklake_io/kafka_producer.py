"""Records to Kafka, each one accounted for.

kafka-python keeps no bound on what it buffers, and its `flush` returns normally when sends failed. So this adapter keeps
every record's future until it is settled: that is the bound, the count, and the proof.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, RecordListTooLargeError, RetriableError
from kafka.partitioner import DefaultPartitioner

from ticklake.errors import BrokerRefused, BrokerUnavailable, ConfigError
from ticklake_io.kafka_client import one_line, open_client, refusal
from ticklake_io.kafka_rights import Rights
from ticklake_io.kafka_security import PLAINTEXT, Security

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.future import FutureRecordMetadata

    from ticklake.clock import Clock

WINDOW = 50_000
"""Most records that are sent and not acknowledged; past it `publish` waits. About 100 MB of ticks."""
DELIVERY_TIMEOUT_S = 900.0
"""How long a broker may be away before a record counts as failed."""
MAX_RECORD_BYTES = 1 << 20
"""Largest record that is sent; a topic has its own limit too."""
SILENCE_S = 5.0
"""A broker that acknowledges nothing for so long is reported."""

_TRY_S = 2.0
_MOMENT_S = 0.25
_CLOSE_S = 1.0
_BATCH_BYTES = 1 << 19
"""kafka-python wakes its sender for every record while a second batch of a partition waits; a batch this large rarely does."""
_MOST_CHOSEN = 10_000
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)

log = structlog.get_logger()

Opened = TypeVar("Opened")

Headers = Sequence[tuple[str, bytes]]
"""What stands beside a record, by name."""


class Counts(NamedTuple):
    """Records taken, acknowledged by the broker, refused by it as too large, and not settled yet."""

    sent: int
    acked: int
    rejected: int
    buffered: int


class Publisher(Protocol):
    """What a producer needs of Kafka. Any thread may call it."""

    def publish(self, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bool:
        """Take a record; wait while too many are unsettled. False when it was not taken because the process stops.

        Raises `BrokerUnavailable` when an earlier record could not be delivered in time, `BrokerRefused` when this process
        may not write, `ConfigError` when Kafka refuses the topic.
        """
        ...

    def counts(self) -> Counts:
        """Settle what the broker has answered, and count. Raises as `publish` does."""
        ...

    def flush(self, seconds: float) -> bool:
        """Send what is buffered and wait so long for the answers; whether all is settled. Raises as `publish` does."""
        ...

    def close(self) -> None:
        """Let go of the connections; what is not settled is given up."""
        ...


class SymbolPartitioner(DefaultPartitioner):  # type: ignore[misc]
    """The default partitioner, remembering its answers: its hash is Python, and symbols are few."""

    def __init__(self) -> None:
        self._chosen: dict[tuple[bytes, int], int] = {}

    def partition(self, topic: str, key: object, serialized_key: bytes | None, value: object, serialized_value: bytes | None, cluster: Any) -> int:  # noqa: ANN401
        if serialized_key is None:
            return int(super().partition(topic, key, None, value, serialized_value, cluster))
        place = serialized_key, len(cluster.partitions_for_topic(topic))
        if place not in self._chosen:
            if len(self._chosen) >= _MOST_CHOSEN:
                self._chosen.clear()
            self._chosen[place] = super().partition(topic, key, serialized_key, value, serialized_value, cluster)
        return self._chosen[place]


class SilenceWatch:
    """Reports a broker that acknowledges nothing, once, and when it is back."""

    def __init__(self, topic: str, clock: Clock) -> None:
        self._topic, self._clock = topic, clock
        self._since = clock.monotonic()
        self._silent = False

    def heard(self) -> None:
        """The broker has acknowledged something."""
        self._since = self._clock.monotonic()

    def look(self, buffered: int) -> None:
        """See how long `buffered` records have waited."""
        if not buffered:
            self.heard()
        silence = self._clock.monotonic() - self._since
        if silence > SILENCE_S and not self._silent:
            self._silent = True
            log.warning("broker_silent", topic=self._topic, buffered=buffered)
        elif self._silent and silence <= SILENCE_S:
            self._silent = False
            log.info("broker_back", topic=self._topic, buffered=buffered)


class KafkaPublisher:
    """`Publisher` on kafka-python's idempotent producer, for one topic."""

    def __init__(
        self, producer: KafkaProducer, topic: str, clock: Clock, stopping: Callable[[], bool], window: int = WINDOW, rights: Rights | None = None
    ) -> None:
        self._producer, self._topic, self._stopping, self._window = producer, topic, stopping, window
        self._rights = rights or Rights(on_topic="Write", topic=topic)
        self._lock = threading.RLock()
        self._unsettled: deque[FutureRecordMetadata] = deque()
        self._sent = self._acked = self._rejected = 0
        self._watch = SilenceWatch(topic, clock)

    def publish(self, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bool:
        while oldest := self._take(key, value, headers):
            if not self._await(oldest):
                return False
        return True

    def counts(self) -> Counts:
        with self._lock:
            self._settle()
            self._watch.look(len(self._unsettled))
            return Counts(self._sent, self._acked, self._rejected, len(self._unsettled))

    def flush(self, seconds: float) -> bool:
        try:
            self._producer.flush(seconds)
        except KafkaTimeoutError:
            return not self.counts().buffered
        return not self.counts().buffered

    def close(self) -> None:
        try:
            self._producer.close(timeout=_CLOSE_S)
        except KafkaTimeoutError:  # it flushes first and, when that takes too long, has closed nothing
            self._producer._sender.force_close()  # noqa: SLF001 - there is no other way to give records up
            self._producer.close(timeout=_CLOSE_S)

    def _take(self, key: bytes | None, value: bytes | None, headers: Headers) -> FutureRecordMetadata | None:
        """Hand a record to the client, and None; the oldest record that is not settled, when there are too many."""
        with self._lock:
            if len(self._unsettled) >= self._window:
                self._settle()
                if len(self._unsettled) >= self._window:
                    return self._unsettled[0]
            try:
                self._unsettled.append(self._producer.send(self._topic, value, key, list(headers)))
            except _TOO_LARGE as error:
                self._refuse(error)
            except KafkaError as error:
                raise _final(error, self._rights) from error
            self._sent += 1
            if self._unsettled and self._unsettled[0].is_done:
                self._settle()
        return None

    def _await(self, oldest: FutureRecordMetadata) -> bool:
        """Let a record have a moment to settle; false when the process stops meanwhile."""
        # Not under the lock: who counts, and so tells how the producer is, never waits for a broker that is away.
        with suppress(KafkaError):  # not yet, or for good, which settling tells
            oldest.get(timeout=_MOMENT_S)
        with self._lock:
            self._watch.look(len(self._unsettled))
        return not self._stopping()

    def _settle(self) -> None:
        unsettled = self._unsettled
        while unsettled and unsettled[0].is_done:
            error = unsettled.popleft().exception
            if error is None:
                self._acked += 1
            elif isinstance(error, _TOO_LARGE):
                self._refuse(error)
            else:
                raise _final(error, self._rights) from error
            self._watch.heard()

    def _refuse(self, error: KafkaError) -> None:
        self._rejected += 1
        log.warning("record_refused", topic=self._topic, reason=type(error).__name__)


def connect(
    bootstrap: str,
    topic: str,
    *,
    clock: Clock,
    wait: Callable[[float], bool],
    security: Security = PLAINTEXT,
    patience_s: float = 60.0,
    delivery_timeout_s: float = DELIVERY_TIMEOUT_S,
    window: int = WINDOW,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> KafkaPublisher:
    """A publisher that has reached the broker and knows the topic.

    `wait` lets seconds pass and is true when the process is asked to stop.
    Raises `BrokerUnavailable` when neither appears within `patience_s`, or when asked to stop before, `BrokerRefused` when we may not write.
    """
    rights = Rights(security.user, "Write", topic)

    def once() -> KafkaPublisher:
        try:
            producer = _producer(bootstrap, security, delivery_timeout_s, max_record_bytes)
            try:
                producer.partitions_for(topic)
            except BaseException:
                producer.close(timeout=0)
                raise
        except RetriableError as error:
            raise BrokerUnavailable(f"no topic {topic} at {bootstrap}: {one_line(error)}; is the broker up?") from error
        except KafkaError as error:
            raise _final(error, rights) from error
        return KafkaPublisher(producer, topic, clock, lambda: wait(0.0), window, rights)

    return patiently(once, clock, wait, patience_s)


def patiently(once: Callable[[], Opened], clock: Clock, wait: Callable[[float], bool], patience_s: float) -> Opened:
    """What `once` opens, trying again while it raises `BrokerUnavailable`: for `patience_s`, or until `wait` says stop."""
    deadline = clock.monotonic() + patience_s
    while True:
        try:
            return once()
        except BrokerUnavailable:
            if clock.monotonic() > deadline or wait(_TRY_S):
                raise


def _producer(bootstrap: str, security: Security, delivery_timeout_s: float, max_record_bytes: int) -> KafkaProducer:
    return open_client(
        KafkaProducer,
        bootstrap,
        bootstrap_s=_TRY_S,
        client_id="ticklake-producer",
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        partitioner=SymbolPartitioner(),
        linger_ms=10,
        batch_size=_BATCH_BYTES,
        max_request_size=max_record_bytes,
        delivery_timeout_ms=delivery_timeout_s * 1000,
        request_timeout_ms=10_000,
        reconnect_backoff_max_ms=1_000,
        max_block_ms=_TRY_S * 1000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
        **security.for_kafka_python(),
    )


def _final(error: KafkaError, rights: Rights) -> BrokerUnavailable | BrokerRefused | ConfigError:
    """The error of ours for a delivery that will not succeed any more."""
    if refused := refusal(error, rights):
        return refused
    if isinstance(error, RetriableError):
        return BrokerUnavailable(f"a record was not delivered: {one_line(error)}")
    return ConfigError(f"Kafka refuses: {one_line(error)}")
