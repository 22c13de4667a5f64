"""Records to Kafka through librdkafka, each one accounted for by its delivery report.

Reports arrive inside `poll`, which every call of ours makes now and then, on whichever thread calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from ticklake.clock import Clock
from ticklake.errors import BrokerRefused, BrokerUnavailable, ConfigError
from ticklake_io.confluent_client import Trouble, await_topic, common, one_line, refusal
from ticklake_io.kafka_producer import DELIVERY_TIMEOUT_S, MAX_RECORD_BYTES, WINDOW, Counts, Headers, SilenceWatch, patiently
from ticklake_io.kafka_rights import Rights
from ticklake_io.kafka_security import PLAINTEXT, Security

_ANSWER_S = 2.0
_WAIT_S = 0.25
_POLL_EVERY = 500
"""Records between two looks for reports: a look costs as much as several records."""
_TOO_LARGE = {"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"}
_PASSING = {"_MSG_TIMED_OUT", "_TIMED_OUT", "_TRANSPORT", "_ALL_BROKERS_DOWN", "REQUEST_TIMED_OUT"}

log = structlog.get_logger()


class ConfluentPublisher:
    """`Publisher` on librdkafka's idempotent producer, for one topic."""

    def __init__(
        self, producer: Producer, topic: str, clock: Clock, stopping: Callable[[], bool], trouble: Trouble, rights: Rights, window: int = WINDOW
    ) -> None:
        self._producer, self._topic, self._stopping, self._window = producer, topic, stopping, window
        self._trouble, self._rights = trouble, rights
        self._lock = threading.RLock()
        self._sent = self._acked = self._rejected = self._failed = 0
        self._failure: KafkaError | None = None
        self._watch = SilenceWatch(topic, clock)
        self._on_report = self._report  # bound once, not for each record

    def publish(self, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bool:
        while not self._take(key, value, headers):
            if not self._await_reports():
                return False
        return True

    def counts(self) -> Counts:
        with self._lock:
            self._settle()
            self._watch.look(self._buffered())
            return Counts(self._sent, self._acked, self._rejected, self._buffered())

    def flush(self, seconds: float) -> bool:
        # Not under the lock, which other threads need to publish; reports take it one by one.
        with self._told():
            self._producer.flush(seconds)
        return not self.counts().buffered

    def close(self) -> None:
        _end(self._producer)

    def _take(self, key: bytes | None, value: bytes | None, headers: Headers) -> bool:
        """Take a record; false when there is no room for it."""
        with self._lock:
            if self._buffered() >= self._window or not self._produce(key, value, headers):
                return False
            self._sent += 1
            if not self._sent % _POLL_EVERY:
                self._settle()
        return True

    def _produce(self, key: bytes | None, value: bytes | None, headers: Headers) -> bool:
        """Hand a record to the client; false when its queue is full."""
        try:
            self._producer.produce(self._topic, value, key, on_delivery=self._on_report, headers=list(headers) or None)
        except BufferError:
            return False
        except KafkaException as error:
            if error.args[0].name() not in _TOO_LARGE:
                raise _final(error.args[0], self._rights) from error
            self._refuse(error.args[0])
        return True

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Our errors for a fatal one, which any call may raise."""
        try:
            yield
        except KafkaException as error:
            raise _final(error.args[0], self._rights) from error

    def _report(self, error: KafkaError | None, _: Message) -> None:
        with self._lock:
            if error is None:
                self._acked += 1
                self._watch.heard()
            elif error.name() in _TOO_LARGE:
                self._refuse(error)
            else:
                self._failed += 1
                self._failure = self._failure or error

    def _buffered(self) -> int:
        return self._sent - self._acked - self._rejected - self._failed

    def _await_reports(self) -> bool:
        """Let some records settle for a moment; false when the process stops meanwhile."""
        with self._told():
            self._producer.poll(_WAIT_S)  # not under the lock: others count meanwhile
        self.counts()
        return not self._stopping()

    def _settle(self) -> None:
        """Take in reports; raises what became of a record that failed."""
        with self._told():
            self._producer.poll(0)
        failure, self._failure = self._failure, None
        if failure:
            raise _final(failure, self._rights)
        self._trouble.over()  # that all brokers are away shows in what is buffered
        self._trouble.tell()

    def _refuse(self, error: KafkaError) -> None:
        self._rejected += 1
        log.warning("record_refused", topic=self._topic, reason=error.name())


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
) -> ConfluentPublisher:
    """As `kafka_producer.connect`, on librdkafka."""
    rights = Rights(security.user, "Write", topic)

    def once() -> ConfluentPublisher:
        trouble = Trouble(rights)
        producer = Producer(
            common(bootstrap, security, "ticklake-producer")
            | {
                "error_cb": trouble,
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                "partitioner": "murmur2_random",  # kafka-python's: both clients send a symbol to the same partition
                "linger.ms": 10,
                "batch.size": 131_072,
                "message.max.bytes": max_record_bytes,
                "message.timeout.ms": int(delivery_timeout_s * 1000),
                "request.timeout.ms": 10_000,
                "queue.buffering.max.messages": window,
                "queue.buffering.max.kbytes": 131_072,
                "allow.auto.create.topics": False,
            }
        )
        try:
            await_topic(producer, topic, rights, trouble, _ANSWER_S)
        except BaseException as error:
            _end(producer)
            if isinstance(error, BrokerUnavailable):
                raise BrokerUnavailable(f"no topic {topic} at {bootstrap}: {error}; is the broker up?") from error
            raise
        return ConfluentPublisher(producer, topic, clock, lambda: wait(0.0), trouble, rights, window)

    return patiently(once, clock, wait, patience_s)


def _end(producer: Producer) -> None:
    """Close without waiting for what is unsent. A fatal error, which these calls raise again, has been told by then."""
    with suppress(KafkaException):
        producer.purge(blocking=False)
        producer.close()


def _final(error: KafkaError, rights: Rights) -> BrokerUnavailable | BrokerRefused | ConfigError:
    """The error of ours for a delivery that will not succeed any more."""
    if refused := refusal(error, rights):
        return refused
    if error.retriable() or error.name() in _PASSING:
        return BrokerUnavailable(f"a record was not delivered: {one_line(error)}")
    return ConfigError(f"Kafka refuses: {one_line(error)}")
