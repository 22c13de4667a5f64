"""An object is created once, whatever the store answers, and another writer's is taken over or refused."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from streaming.consumer.buffer import Batch
from streaming.consumer.encoder import Encoder
from streaming.consumer.writer import Landed, Writer
from tests.fakes.clock import ManualClock
from tests.fakes.memory_store import MemoryStore
from ticklake.errors import BadObject, ChainBroken, StoreUnavailable
from ticklake.lake import ObjectMeta
from ticklake_io.records import Records

POISON = b"\xff"


class MoodyStore(MemoryStore):
    """Refuses the first `refusals` creates, and loses the answer of the first `losses` that succeed."""

    refusals = losses = 0

    def create(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        if self.refusals:
            self.refusals -= 1
            raise StoreUnavailable("the store is down")
        created = super().create(key, body, headers)
        if self.losses:
            self.losses -= 1
            raise StoreUnavailable("the answer is lost")
        return created


class Pauses(threading.Event):
    """An event whose waits pass at once and are noted; set after `patience` of them."""

    def __init__(self, patience: int = 100) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._patience = patience

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        if len(self.seconds) >= self._patience:
            self.set()
        return self.is_set()


def batch(records: int = 3, chain_from: int = 5) -> Batch:
    return Batch(0, Records(list(range(5, 5 + records)), [0] * records, [b"A"] * records, [POISON] * records), records, chain_from, None)


@pytest.fixture
def store() -> MoodyStore:
    return MoodyStore()


def written(store: MemoryStore, name: str, batch: Batch, given_up: threading.Event | None = None) -> Landed:
    """What the writer `name` lands of a batch."""
    landed = Writer(store, Encoder("t", 1, name).encode, ManualClock()).write(batch, given_up or Pauses())
    assert landed
    return landed


def rejected(landed: Landed) -> list[int]:
    assert landed.rejected is not None
    return [int(offset) for offset in landed.rejected["OFFSET_ID"].to_pylist()]


def test_what_is_written_is_there_with_the_time_of_the_try(store: MoodyStore) -> None:
    landed = written(store, "one", batch())
    found = store.head(landed.key)
    assert found
    assert ObjectMeta.parse(landed.key, found.headers) == landed.meta
    assert landed.meta.put_at == ManualClock().now()
    assert (landed.adopted, rejected(landed)) == (False, [5, 6, 7])


def test_an_outage_is_outlasted_with_pauses_that_grow_to_a_limit(store: MoodyStore) -> None:
    store.refusals, pauses = 8, Pauses()
    assert not written(store, "one", batch(), pauses).adopted
    assert pauses.seconds == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_a_writer_that_is_given_up_lands_nothing(store: MoodyStore) -> None:
    store.refusals = 100
    assert Writer(store, Encoder("t", 1, "one").encode, ManualClock()).write(batch(), Pauses(2)) is None
    assert list(store.list("")) == []


def test_a_lost_answer_is_no_other_writer(store: MoodyStore) -> None:
    store.losses = 1
    landed = written(store, "one", batch())
    assert (landed.adopted, landed.meta.writer_id, len(list(store.list("")))) == (False, "one", 1)


def test_another_writer_s_object_is_adopted_with_its_end_and_its_rejects(store: MoodyStore) -> None:
    first = written(store, "one", batch(records=2))
    second = written(store, "two", batch(records=3))
    assert (second.adopted, second.key, second.meta.writer_id, second.meta.end) == (True, first.key, "one", 7)
    assert rejected(second) == [5, 6]


def test_an_object_of_another_chain_stops_the_writer(store: MoodyStore) -> None:
    written(store, "one", batch(chain_from=5))
    with pytest.raises(ChainBroken, match="continues offset 5, this consumer expected 4"):
        written(store, "two", batch(chain_from=4))


def test_an_object_to_adopt_that_is_no_parquet_is_named(store: MoodyStore) -> None:
    encoded = Encoder("t", 1, "one").encode(batch())
    store.create(encoded.key, b"no Parquet", encoded.meta.headers())
    with pytest.raises(BadObject, match=encoded.key):
        written(store, "two", batch())
