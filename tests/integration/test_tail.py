"""The board over a real broker and a real warehouse: a tick is there before its load and counts once after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.market_data import LiveMarketData, Snapshot
from dashboard.news import News
from dashboard.screen import Screen
from dashboard.tail.follow import Follower, Sources
from infra.local.probes import wait_until
from tests.fakes.made_ticks import Made
from tests.fixtures.broker import Topic, running_broker
from tests.fixtures.load_platform import LoadPlatform, Partition, load_platform
from tests.fixtures.services import settings
from ticklake import lake
from ticklake.changes import Subject
from ticklake.clock import SystemClock
from ticklake_io.changes import announce
from ticklake_io.topic_reader import KafkaTopicReader

LIMIT_S = 30.0


class World:
    """A topic, its lake and its warehouse, and the board over them."""

    def __init__(self, bootstrap: str, platform: LoadPlatform, stack: ExitStack) -> None:
        self.platform, self.bootstrap = platform, bootstrap
        self.ticks, self.hints, self.changes = (Topic(bootstrap, 1) for _ in range(3))
        self.lake = Partition(platform.store, self.ticks.name, 0)
        self._unlanded: list[Made] = []
        self.news = News(patience_s=3_600)
        sources = Sources(
            self.ticks.name,
            self.hints.name,
            self.changes.name,
            open=lambda name: KafkaTopicReader(bootstrap, name),
            generation=lambda topic_id: 1,
            expected=lambda at: True,
            overdue_s=3_600,
        )
        worker = stack.enter_context(ThreadPoolExecutor(1))
        self.follower = Follower(sources, self.news, SystemClock())
        self.data = LiveMarketData(platform.session(), worker, self.follower, self.news, Screen(), SystemClock())

    def send(self, *made: Made) -> None:
        self.ticks.append(0, *(each.value for each in made))
        self._unlanded += made

    def load(self) -> None:
        """All that was sent lands and is loaded, and those who look are told."""
        self.lake.land([(b"A", each.value) for each in self._unlanded], lake.to_ms(datetime.now(UTC)))
        self._unlanded = []
        self.platform.load(self.ticks.name)
        began = time.monotonic()
        announce(settings(kafka_bootstrap=self.bootstrap, changes_topic=self.changes.name), Subject.TICKS)
        assert time.monotonic() - began < 1

    def board(self, holds: Callable[[Snapshot], bool]) -> Snapshot:
        """The board, once `holds` is true of it."""

        def found() -> bool:
            snapshot = self.data.board().value
            return snapshot is not None and holds(snapshot)

        assert wait_until(found, LIMIT_S, step=0.05)
        snapshot = self.data.board().value
        assert snapshot
        return snapshot

    def volume(self) -> float:
        """What plain SQL says of the bars."""
        return float(self.platform.warehouse.rows("SELECT SUM(CAST(VOLUME AS NUMBER(37, 0))) AS V FROM CURATED.BARS_1M")[0]["V"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        bootstrap = stack.enter_context(running_broker(tmp_path / "kafka"))
        platform = stack.enter_context(load_platform(tmp_path / "load"))
        yield World(bootstrap, platform, stack)


def made(numbers: range) -> list[Made]:
    now = datetime.now(UTC)
    return [Made(n, second=3 * n, quarters=400 + n, size=10, received_at=now + timedelta(microseconds=n)) for n in numbers]


def test_a_tick_is_shown_before_its_load_and_counts_once_after_it(world: World) -> None:
    world.send(*made(range(10)))
    world.load()
    first = world.board(lambda shown: len(shown.board) == 1 and shown.board["VOLUME"][0] == 100)
    assert first.board["PRICE"][0] == 409 / 4
    world.send(*made(range(10, 30)))
    ahead = world.board(lambda shown: shown.board["VOLUME"][0] == 300)
    assert world.volume() == 100
    assert len(world.follower.tail) == 20
    world.load()
    after = world.board(lambda shown: len(world.follower.tail) == 0)
    assert after.board["VOLUME"][0] == world.volume() == 300
    key = ("A", "x")
    assert [bar[:6] for bar in after.bars[key].values()] == [bar[:6] for bar in ahead.bars[key].values()]
    assert [bar[6:] for bar in after.bars[key].values()] == [bar[6:] for bar in ahead.bars[key].values()]
    world.send(*made(range(29, 31)))  # one of them once more
    assert world.board(lambda shown: shown.board["PRICE"][0] == 430 / 4).board["VOLUME"][0] == 310
