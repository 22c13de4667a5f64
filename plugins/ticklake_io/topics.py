"""Creates the topics that the settings name, with what each of them needs. `python -m ticklake_io.topics`; safe to run again at any time.

Replicas are the cluster's own default: one here, three where there are three brokers. A topic that exists is left as it is.
"""

from __future__ import annotations

import sys
from contextlib import closing

from kafka.admin import KafkaAdminClient, NewTopic

from ticklake import settings as ticklake_settings
from ticklake.errors import TicklakeError
from ticklake.settings import Settings
from ticklake_io.kafka_client import open_client, unavailable
from ticklake_io.kafka_rights import Rights
from ticklake_io.kafka_security import Security

MESSAGE_LIMIT = 4 * 1_048_576
"""The largest message of any topic, in bytes; brokers must take it."""

_ANSWER_S = 10.0
_TICK_LIMIT = 1_048_576
_DAY_MS = 86_400_000
_COMPACTED: dict[str, object] = {"cleanup.policy": "compact", "max.message.bytes": MESSAGE_LIMIT}
_OFTEN: dict[str, object] = {"segment.ms": 3_600_000, "segment.bytes": 8 << 20, "min.cleanable.dirty.ratio": 0.1}
"""Small segments, because only closed ones are compacted, and a service that begins reads all there is. MSK Serverless refuses them."""


def create_topics(settings: Settings) -> list[str]:
    """Create what is missing; its names.

    Raises `BrokerUnavailable` when no broker answers, `BrokerRefused` when we may not, `ConfigError` when the settings contradict each other.
    """
    security, wanted = Security.of(settings), {topic.name: topic for topic in _wanted(settings)}
    rights = Rights(security.user, "Create")
    with unavailable(rights):
        client = open_client(KafkaAdminClient, settings.kafka_bootstrap, bootstrap_s=_ANSWER_S, **security.for_kafka_python())
        with closing(client) as admin:
            missing = sorted(wanted.keys() - set(admin.list_topics()))
            if missing:
                admin.create_topics([wanted[name] for name in missing])
    return missing


def _wanted(settings: Settings) -> list[NewTopic]:
    return [
        _topic(
            settings.ticks_topic,
            {"retention.ms": 7 * _DAY_MS, "message.timestamp.type": "LogAppendTime", "max.message.bytes": _TICK_LIMIT},
            partitions=settings.ticks_partitions,
        ),
        _topic(settings.dead_letters_topic, {"retention.ms": 30 * _DAY_MS, "max.message.bytes": MESSAGE_LIMIT}),
        _topic(settings.landings_topic, {"retention.ms": _DAY_MS}),
        _topic(settings.changes_topic, {"retention.ms": _DAY_MS}),
        _topic(settings.alerts_topic, {"retention.ms": 30 * _DAY_MS}),
        _topic(settings.alerts_state_topic, _COMPACTED if settings.kafka_sasl == "AWS_MSK_IAM" else _COMPACTED | _OFTEN),
    ]


def _topic(name: str, config: dict[str, object], partitions: int = 1) -> NewTopic:
    return NewTopic(name, num_partitions=partitions, replication_factor=-1, topic_configs={key: str(value) for key, value in config.items()})


def main() -> int:
    """Create the topics at the brokers that the settings name; the exit status."""
    try:
        created = create_topics(ticklake_settings.load())
    except TicklakeError as error:
        print(f"topics: {error}", file=sys.stderr)
        return 1
    print(f"topics: created {', '.join(created) or 'none; all are there'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
