"""A look at a real broker ends, also when the broker falls silent in the middle of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from tests.fixtures.broker import Topic
from ticklake import lake
from ticklake.errors import BrokerUnavailable
from ticklake_io.kafka_view import KafkaView


@pytest.fixture
def view(broker: str) -> Iterator[KafkaView]:
    with closing(KafkaView(broker)) as opened:
        yield opened


def test_since_gives_the_first_record_of_that_time_and_the_end_where_there_is_none(broker: str, view: KafkaView) -> None:
    topic = Topic(broker, 2)
    topic.append(0, b"1", b"2", b"3")
    (first, *_, last) = view.read(topic.name, {0: (0, 3)})[0].times_ms
    assert view.since(topic.name, lake.from_ms(first)) == {0: 0, 1: 0}
    assert view.since(topic.name, lake.from_ms(last) + timedelta(seconds=1)) == {0: 3, 1: 0}


def test_the_newest_records_come_in_their_order(broker: str, view: KafkaView) -> None:
    topic = Topic(broker, 1)
    topic.append(0, b"1", b"2", b"3")
    assert [(offset, value) for offset, value, _ in view.newest(topic.name, 2)] == [(1, b"2"), (2, b"3")]


def test_a_broker_that_falls_silent_is_named_instead_of_awaited(broker: str, view: KafkaView, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic(broker, 1)
    topic.append(0, b"1")
    monkeypatch.setattr(view._consumer, "poll", lambda **_: {})
    with pytest.raises(BrokerUnavailable, match="gives no more records"):
        list(view.newest(topic.name, 1))
