"""A rejected row reaches the dead-letter topic as it came, and says where it came from."""

from __future__ import annotations

import threading

import pytest

from streaming.consumer.buffer import Batch
from streaming.consumer.dead_letters import MAX_RECORD_BYTES, DeadLetters
from streaming.consumer.encoder import Encoded, Encoder
from tests.fakes.producer import MemoryPublisher
from ticklake_io.kafka_producer import Headers
from ticklake_io.records import Records

RECORDS: list[tuple[bytes | None, bytes | None]] = [(b"A", b"\xff no JSON"), (None, None), (b"B", b"{}")]


class NotingPublisher(MemoryPublisher):
    """Keeps headers too, and takes records only while the process goes on."""

    stopping = False

    def __init__(self) -> None:
        super().__init__()
        self.headers: list[dict[str, str]] = []
        self.sizes: list[int] = []

    def publish(self, key: bytes | None, value: bytes | None, headers: Headers = ()) -> bool:
        self.sizes.append(len(value or b""))
        self.headers.append({name: text.decode() for name, text in headers})
        return not self.stopping and super().publish(key, value, headers)


@pytest.fixture
def publisher() -> NotingPublisher:
    return NotingPublisher()


def encoded(records: list[tuple[bytes | None, bytes | None]]) -> Encoded:
    offsets = list(range(7, 7 + len(records)))
    columns = Records(offsets, [0] * len(records), [key for key, _ in records], [value for _, value in records])
    return Encoder("market.ticks", 4, "w").encode(Batch(2, columns, 0, 7, None))


def test_key_and_value_go_as_they_came_with_place_and_reason(publisher: NotingPublisher) -> None:
    made = encoded(RECORDS)
    assert DeadLetters(publisher).send(made.rejected, threading.Event())
    assert publisher.records == [(b"A", b"\xff no JSON"), (b"", None), (b"B", b"{}")], "a record needs a key or a value"
    assert [headers["offset-id"] for headers in publisher.headers] == ["7", "8", "9"]
    for headers in publisher.headers:
        assert (headers["topic"], headers["generation"], headers["partition-id"], headers["object-key"]) == ("market.ticks", "4", "2", made.key)
        assert headers["reject-reason"]


def test_nothing_rejected_sends_nothing(publisher: NotingPublisher) -> None:
    assert DeadLetters(publisher).send(None, threading.Event())
    assert DeadLetters(publisher).send(encoded(RECORDS).rejected.slice(0, 0), threading.Event())
    assert publisher.headers == []


def test_of_a_value_that_no_record_can_hold_the_beginning_is_sent(publisher: NotingPublisher) -> None:
    assert DeadLetters(publisher).send(encoded([(b"A", b"x" * (5 << 20))]).rejected, threading.Event())
    assert 0 < publisher.sizes[0] < MAX_RECORD_BYTES
    assert publisher.headers[0]["truncated-from-bytes"] == str(5 << 20)


def test_letters_that_are_not_acknowledged_are_sent_once_and_awaited(publisher: NotingPublisher) -> None:
    publisher.answering = False
    given_up = threading.Event()
    given_up.set()
    assert not DeadLetters(publisher).send(encoded(RECORDS).rejected, given_up)
    assert len(publisher.headers) == len(RECORDS)


def test_a_stop_in_between_is_told(publisher: NotingPublisher) -> None:
    publisher.stopping = True
    assert not DeadLetters(publisher).send(encoded(RECORDS).rejected, threading.Event())
