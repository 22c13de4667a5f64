"""Questions to a broker that has died are answered in time by an error, whatever the client waits for."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fixtures import services
from tests.fixtures.broker import Topic, running_broker
from ticklake.errors import BrokerUnavailable
from ticklake_io.kafka_open import open_source

LONGEST_S = 12.0


@pytest.mark.parametrize("client", ["kafka-python", "confluent"])
def test_a_dead_broker_holds_nobody_up(tmp_path: Path, client: str) -> None:
    with running_broker(tmp_path) as bootstrap:
        topic = Topic(bootstrap, 1)
        topic.append(0, b"one")
        source = open_source(services.settings(kafka_bootstrap=bootstrap, kafka_client=client), topic.name, "g")
        deadline = time.monotonic() + 60
        while source.changes().gained != {0}:
            source.poll(0.1)
            assert time.monotonic() < deadline
        assert source.end_offset(0) == 1
    for ask in (source.end_offset, source.first_offset, source.committed):
        began = time.monotonic()
        with pytest.raises(BrokerUnavailable):
            ask(0)
        assert time.monotonic() - began < LONGEST_S
    source.close()
