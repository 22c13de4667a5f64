"""What must be there before the services start: their settings, the topics, the bucket, the tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from infra.local.broker import MESSAGE_LIMIT
from infra.local.files import write_private
from infra.local.instance import BUCKET, HOST, ROOT, Instance
from ticklake.errors import BrokerUnavailable, StoreUnavailable, WarehouseUnavailable
from ticklake.settings import Settings

_TICK_LIMIT = 1_048_576
_DAY_MS = 86_400_000
_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": 3_600_000,
    "segment.bytes": 8 << 20,
    "min.cleanable.dirty.ratio": 0.1,
    "max.message.bytes": MESSAGE_LIMIT,
}
"""Small segments, because only closed ones are compacted, and a service that begins reads all there is."""


def write_settings(instance: Instance, environ: Mapping[str, str] = os.environ) -> None:
    """Write `instance.env`: what follows from the instance, and the settings that the caller chose, for commands run from elsewhere.

    A source's own settings are not written, because among them are keys, and keys live in the environment or `.env` only.
    """
    fields = {f"TICKLAKE_{name.upper()}" for name in Settings.model_fields}
    values = {name: value for name, value in instance.chosen(environ).items() if name in fields} | {
        "TICKLAKE_KAFKA_BOOTSTRAP": instance.urls()["broker"],
        "TICKLAKE_S3_BUCKET": BUCKET,
        "TICKLAKE_S3_ENDPOINT": instance.urls()["store"],
        "TICKLAKE_WAREHOUSE_ACCOUNT": "ticklake",
        "TICKLAKE_WAREHOUSE_USER": "ticklake",
        "TICKLAKE_WAREHOUSE_PASSWORD": "ticklake",
        "TICKLAKE_WAREHOUSE_HOST": HOST,
        "TICKLAKE_WAREHOUSE_PORT": str(instance.port("warehouse")),
        "TICKLAKE_DASHBOARD_URL": instance.urls()["dashboard"],
        "TICKLAKE_AIRFLOW_URL": instance.urls()["airflow"],
        "TICKLAKE_PRODUCER_HTTP_PORT": str(instance.port("producer")),
        "TICKLAKE_DASHBOARD_HTTP_PORT": str(instance.port("dashboard-status")),
        "TICKLAKE_CONSUMER_HTTP_PORT": str(instance.port("consumer")),
        "TICKLAKE_ALERTS_HTTP_PORT": str(instance.port("alerts")),
    }
    write_private(instance.settings_file, "".join(f"{name}='{value}'\n" for name, value in sorted(values.items())))


def create_topics(bootstrap: str, settings: Settings) -> None:
    """Create the topics that the settings name, where they do not exist.

    Raises `BrokerUnavailable` when the broker refuses.
    """
    wanted: dict[str, tuple[int, dict[str, object]]] = {
        settings.ticks_topic: (
            settings.ticks_partitions,
            {"retention.ms": 7 * _DAY_MS, "message.timestamp.type": "LogAppendTime", "max.message.bytes": _TICK_LIMIT},
        ),
        settings.dead_letters_topic: (1, {"retention.ms": 30 * _DAY_MS, "max.message.bytes": MESSAGE_LIMIT}),
        settings.landings_topic: (1, {"retention.ms": _DAY_MS}),
        settings.changes_topic: (1, {"retention.ms": _DAY_MS}),
        settings.alerts_topic: (1, {"retention.ms": 30 * _DAY_MS}),
        settings.alerts_state_topic: (1, _COMPACTED),
    }
    topics = {
        name: NewTopic(name, num_partitions=count, replication_factor=1, topic_configs={key: str(value) for key, value in config.items()})
        for name, (count, config) in wanted.items()
    }
    try:
        with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
            missing = topics.keys() - set(admin.list_topics())
            if missing:
                admin.create_topics([topics[name] for name in missing])
    except KafkaError as error:
        raise BrokerUnavailable(f"the topics could not be created: {error}") from error


def create_bucket(instance: Instance) -> None:
    """Create the bucket of the raw zone, where it does not exist.

    Raises `StoreUnavailable` when the store refuses.
    """
    client = boto3.client("s3", endpoint_url=instance.urls()["store"], region_name="us-east-1")
    try:
        client.create_bucket(Bucket=BUCKET)
    except client.exceptions.BucketAlreadyOwnedByYou:
        return
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"the bucket {BUCKET} could not be created: {error}") from error


def create_tables(environment: dict[str, str]) -> None:
    """Apply the DDL, in a process of its own.

    Raises `WarehouseUnavailable` with the migrations' own words when they fail.
    """
    command = [sys.executable, "-m", "ticklake_io.migrations"]
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise WarehouseUnavailable((result.stderr.strip() or result.stdout.strip()).splitlines()[-1])
