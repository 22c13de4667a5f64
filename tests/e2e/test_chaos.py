"""Exactly-once under fire: the short form of `make chaos`, and the proof that it can fail."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.plan import SHORT
from tests.chaos.proof import Proof, prove
from tests.chaos.run import run
from tests.chaos.scene import GROUP, TICKS, Scene, scene
from tests.chaos.waiting import until
from ticklake import tick
from ticklake.clock import SystemClock
from ticklake_io.kafka_producer import Publisher, connect
from ticklake_io.kafka_view import KafkaView

LIMIT_S = 60.0
FIRST, LATER = 5, 20


def test_a_short_run_loses_and_doubles_nothing(tmp_path: Path) -> None:
    figures = run(tmp_path, SHORT, 7, "mixed", lambda line: None)
    assert figures.wrong() == []
    done = figures.row()
    assert done["ok"]
    assert (done["lost"], done["duplicated"]) == (0, 0)
    for name in ("consumer_kills", "producer_kills", "zombies", "broker_restarts", "rebalances", "s3_faults", "acknowledged"):
        assert done[name] >= getattr(SHORT, name), name
    assert done["rejects"] > 0


def test_a_zombies_late_object_does_no_harm(tmp_path: Path) -> None:
    with late_object(tmp_path, create_only=True) as proof:
        assert proof.wrong == []
        assert proof.acknowledged == FIRST + LATER


def test_with_create_only_switched_off_a_zombies_late_object_loses_records_and_the_proof_says_so(tmp_path: Path) -> None:
    with late_object(tmp_path, create_only=False) as proof:
        assert not proof.ok
        assert proof.lost == LATER
        assert f"partition 0: the lake ends at offset {FIRST}, the broker at {FIRST + LATER}" in proof.wrong
        assert f"partition 0, offset {FIRST}: on the broker, in no row of the lake" in proof.wrong


@contextmanager
def late_object(folder: Path, *, create_only: bool) -> Iterator[Proof]:
    """What is proven after this: a consumer is stopped while its first object is on its way, another one takes over and
    writes a longer object that begins at the same record, and only then the first one's reaches the store."""
    with scene(folder, 1, TICKLAKE_KAFKA_SESSION_S="2") as stage:
        # The zombie has a second to take all of the first ticks, and later to hear that its partition is gone; the heir waits for all.
        zombie = stage.add_consumer(random.Random(0), create_only=create_only, TICKLAKE_FLUSH_AGE_S="1")
        whole = {"TICKLAKE_FLUSH_AGE_S": str(LIMIT_S), "TICKLAKE_FLUSH_RECORDS": str(FIRST + LATER)}
        heir = stage.add_consumer(random.Random(0), create_only=create_only, **whole)
        publisher = connect(stage.broker.address, TICKS, clock=SystemClock(), wait=threading.Event().wait)
        with closing(publisher), closing(KafkaView(stage.broker.address)) as view:
            held = zombie.store.hold("before")
            zombie.start()
            produce(publisher, folder / "ledger", 0, FIRST)
            assert held.arrived.wait(LIMIT_S), zombie.last_words()
            zombie.freeze()
            produce(publisher, folder / "ledger", FIRST, LATER)
            heir.start()
            await_commit(view, FIRST + LATER, stage)
            held.release()
            assert held.settled.wait(LIMIT_S)
            zombie.thaw()
            # In a stop it would write at once what it has read meanwhile, and so make good what it broke.
            until(lambda: not zombie.owned(), LIMIT_S, zombie.last_words)
            assert [zombie.terminate(), heir.terminate()] == [0, 0]
        yield prove(stage.broker.address, stage.store, [folder / "ledger"])


def produce(publisher: Publisher, ledger: Path, first: int, count: int) -> None:
    """Publish ticks, and put them on the ledger when they are acknowledged."""
    names = [f"late-{i}" for i in range(first, first + count)]
    for name in names:
        time = datetime.now(UTC)
        each = tick.Tick(tick_id=name, symbol="A", kind="trade", event_time=time, received_at=time, price="1", source="late", feed="synthetic", sequence=0)
        assert publisher.publish(b"A", tick.encode(each))
    assert publisher.flush(LIMIT_S)
    with ledger.open("a") as file:
        file.writelines(f"tick {name}\n" for name in names)


def await_commit(view: KafkaView, end: int, stage: Scene) -> None:
    """Wait until the group has committed `end`."""

    def committed() -> bool:
        found = view.committed(GROUP, TICKS).get(0)
        return found is not None and found.offset == end

    until(committed, LIMIT_S, lambda: f"offset {end} is not committed: {[each.last_words() for each in stage.consumers]}")
