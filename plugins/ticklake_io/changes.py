"""Tells those who look that tables have changed. A hint: who does not hear it asks the warehouse now and then."""

from __future__ import annotations

import structlog
from kafka import KafkaProducer

from ticklake.changes import Subject
from ticklake.errors import BrokerRefused, BrokerUnavailable, ConfigError
from ticklake.settings import Settings
from ticklake_io.kafka_client import open_client, unavailable
from ticklake_io.kafka_rights import Rights
from ticklake_io.kafka_security import Security

_PATIENCE_S = 1.0
"""How long a hint may take; the work that it tells of is done."""

log = structlog.get_logger()


def announce(settings: Settings, *subjects: Subject) -> None:
    """Say that tables of `subjects` have changed; call it after the commit. A hint that cannot be sent is a line of the log, and no error."""
    try:
        _publish(settings, subjects)
    except (BrokerUnavailable, BrokerRefused, ConfigError) as error:
        log.warning("change_not_told", subjects=[*subjects], reason=str(error))


def heard(key: bytes | None) -> Subject | None:
    """The subject that a record's key names; None for what is no subject of ours."""
    try:
        return Subject((key or b"").decode())
    except ValueError:
        return None


def _publish(settings: Settings, subjects: tuple[Subject, ...]) -> None:
    security, topic = Security.of(settings), settings.changes_topic
    with unavailable(Rights(security.user, "Write", topic)):
        producer = open_client(
            KafkaProducer,
            settings.kafka_bootstrap,
            bootstrap_s=_PATIENCE_S,
            acks=1,
            enable_idempotence=False,
            linger_ms=0,
            retries=0,
            max_block_ms=_PATIENCE_S * 1000,
            request_timeout_ms=int(_PATIENCE_S * 1000),
            delivery_timeout_ms=int(_PATIENCE_S * 1000),
            allow_auto_create_topics=False,
            metrics_enabled=False,
            **security.for_kafka_python(),
        )
        try:
            sent = [producer.send(topic, b"", subject.encode()) for subject in subjects]
            producer.flush(_PATIENCE_S)
            for each in sent:
                each.get(timeout=0)
        finally:
            producer.close(timeout=0)
