"""The topics are made once, each with what it needs, and left as they are afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from tests.fixtures import services
from tests.fixtures.broker import running_broker
from ticklake.errors import BrokerUnavailable
from ticklake.settings import Settings
from ticklake_io.topics import create_topics


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_broker(tmp_path_factory.mktemp("topics")) as address:
        yield address


def topics(settings: Settings) -> set[str]:
    return {value for name, value in settings.model_dump().items() if name.endswith("_topic")}


def test_every_topic_is_made_and_only_once(bootstrap: str) -> None:
    settings = services.settings(kafka_bootstrap=bootstrap, ticks_partitions=5)
    assert set(create_topics(settings)) == topics(settings)
    assert create_topics(services.settings(kafka_bootstrap=bootstrap, ticks_partitions=7)) == []
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        described = {each["name"]: len(each["partitions"]) for each in admin.describe_topics(sorted(topics(settings)))}
    assert described == dict.fromkeys(topics(settings), 1) | {settings.ticks_topic: 5}


def test_the_command_says_what_it_made(bootstrap: str) -> None:
    environment = {
        "TICKLAKE_KAFKA_BOOTSTRAP": bootstrap,
        "TICKLAKE_TICKS_TOPIC": "other.ticks",
        "TICKLAKE_S3_BUCKET": "none",
        "TICKLAKE_WAREHOUSE_ACCOUNT": "none",
        "TICKLAKE_WAREHOUSE_USER": "none",
    }
    command = [sys.executable, "-m", "ticklake_io.topics"]
    done = subprocess.run(command, env=environment | {"PYTHONPATH": "plugins"}, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "other.ticks" in done.stdout


def test_a_broker_that_is_away_is_told() -> None:
    with pytest.raises(BrokerUnavailable):
        create_topics(services.settings(kafka_bootstrap=f"127.0.0.1:{services.free_port()}"))
