"""Opens Kafka as the settings say: which client, which brokers, as whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ticklake.clock import Clock
from ticklake.errors import ConfigError
from ticklake.settings import Settings
from ticklake_io import kafka_producer
from ticklake_io.kafka_consumer import KafkaSource
from ticklake_io.kafka_producer import MAX_RECORD_BYTES, Publisher
from ticklake_io.kafka_security import Security
from ticklake_io.kafka_view import KafkaView
from ticklake_io.records import RecordSource
from ticklake_io.topic_reader import KafkaTopicReader, TopicReader


def open_source(settings: Settings, topic: str, group: str) -> RecordSource:
    """A new member of `group` on `topic`.

    Raises `BrokerUnavailable` when no broker answers or there is no such topic, `BrokerRefused` when we may not read it,
    `ConfigError` when the settings contradict each other.
    """
    security, session_s = Security.of(settings), settings.kafka_session_s
    if settings.kafka_client == "kafka-python":
        return KafkaSource(settings.kafka_bootstrap, topic, group, session_s=session_s, security=security)
    with _installed():
        from ticklake_io.confluent_consumer import ConfluentSource
    return ConfluentSource(settings.kafka_bootstrap, topic, group, session_s=session_s, security=security)


def open_publisher(settings: Settings, topic: str, *, clock: Clock, wait: Callable[[float], bool], max_record_bytes: int = MAX_RECORD_BYTES) -> Publisher:
    """A publisher to `topic`. `wait` lets seconds pass and is true when the process is asked to stop. Raises as `open_source`, after a minute's patience."""
    connect: Callable[..., Publisher] = kafka_producer.connect
    if settings.kafka_client == "confluent":
        with _installed():
            from ticklake_io import confluent_producer

            connect = confluent_producer.connect
    return connect(settings.kafka_bootstrap, topic, security=Security.of(settings), clock=clock, wait=wait, max_record_bytes=max_record_bytes)


def open_view(settings: Settings) -> KafkaView:
    """A look at the cluster, always with kafka-python: it is rare and small. Raises as `open_source`."""
    return KafkaView(settings.kafka_bootstrap, Security.of(settings))


def open_reader(settings: Settings, topic: str) -> TopicReader:
    """A reader of `topic` without a group, always with kafka-python. Raises as `open_source`."""
    return KafkaTopicReader(settings.kafka_bootstrap, topic, Security.of(settings))


@contextmanager
def _installed() -> Iterator[None]:
    """Raises `ConfigError` when the client that is imported is not there."""
    try:
        yield
    except ImportError as error:
        raise ConfigError("TICKLAKE_KAFKA_CLIENT=confluent needs the package confluent-kafka: install ticklake[fast]") from error
