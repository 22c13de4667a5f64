"""The board and its candles: warehouse and stream as one, read once for all who look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from dashboard import market_data
from dashboard.market_data import LiveMarketData, Snapshot
from dashboard.news import News
from dashboard.renewed import RETRY_S
from dashboard.screen import Screen
from dashboard.tail.bar import MINUTE_US
from dashboard.tail.follow import LIFE_S, PROBE_S, Follower, Sources
from dashboard.tail.follow import RETRY_S as BROKER_RETRY_S
from tests.fakes.clock import ManualClock
from tests.fakes.made_ticks import START, START_MS, Made, answer
from tests.fakes.memory_broker import MemoryReader, MemoryTopic
from ticklake.changes import Subject
from ticklake.errors import BrokerUnavailable, WarehouseUnavailable

PATIENCE_S, OVERDUE_S = 30.0, 60.0


class Here(Executor):
    """Runs at once, on the thread of who asks."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class CountingWarehouse:
    """Has the ticks of a topic that lie below `marks`, and counts who asks."""

    def __init__(self, stream: dict[int, list[Made]]) -> None:
        self.stream, self.marks = stream, dict.fromkeys(stream, 0)
        self.asked = 0
        self.down = False

    def rows(self, sql: str, params: Any = None) -> list[dict[str, Any]]:
        raise NotImplementedError

    def frame(self, sql: str, params: Any = None) -> pd.DataFrame:
        self.asked += 1
        if self.down:
            raise WarehouseUnavailable("refused")
        return answer([made for partition, each in self.stream.items() for made in each[: self.marks[partition]]], self.marks)

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()


class Desk:
    """Market data over a topic in memory and a warehouse, one step at a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(market_data, "FIRST_WAIT_S", 0)
        monkeypatch.setattr(market_data, "HEARD_WAIT_S", 0)
        self.stream: dict[int, list[Made]] = {0: [], 1: []}
        self.clock, self.news, self.screen = ManualClock(START + timedelta(hours=1)), News(PATIENCE_S), Screen()
        self.topics = {"ticks": MemoryTopic(2), "landings": MemoryTopic(), "changes": MemoryTopic()}
        self.generations = {"one": 1, "two": 2}
        self.opened: list[MemoryReader] = []
        self.missing: set[str] = set()
        self.owed = True
        self.warehouse = CountingWarehouse(self.stream)
        sources = Sources(
            "ticks",
            "landings",
            "changes",
            open=self.open,
            generation=self.generations.get,
            expected=lambda at: self.owed,
            overdue_s=OVERDUE_S,
        )
        self.follower = Follower(sources, self.news, self.clock)
        self.data = LiveMarketData(self.warehouse, Here(), self.follower, self.news, self.screen, self.clock)
        self.data._started.acquire()  # the test is the thread

    def open(self, name: str) -> MemoryReader:
        if name in self.missing:
            raise BrokerUnavailable(f"there is no topic {name}")
        reader = MemoryReader(self.topics[name])
        self.opened.append(reader)
        return reader

    def send(self, partition: int, *made: Made) -> None:
        for each in made:
            self.stream[partition].append(each)
            self.topics["ticks"].append(partition, each.value, each.symbol.encode(), round(self.clock.now().timestamp() * 1000))

    def load(self) -> None:
        """The warehouse takes all that there is, and says so."""
        self.warehouse.marks = {partition: len(each) for partition, each in self.stream.items()}
        self.topics["changes"].append(0, b"", Subject.TICKS.encode())

    def look(self) -> Snapshot:
        """What a session sees after a step, and the one before that its asking causes."""
        self.data._picture.get()
        self.step()
        snapshot = self.data.board().value
        assert snapshot
        return snapshot

    def step(self, seconds: float = 0.25) -> None:
        self.clock.advance(seconds)
        self.data.step(0)

    def price(self, symbol: str = "A") -> float:
        rows = self.look().board.set_index("SYMBOL")
        return float(rows["PRICE"][symbol])


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_a_tick_is_on_the_board_before_the_warehouse_has_it(desk: Desk) -> None:
    desk.send(0, Made(1, quarters=40))
    desk.load()
    assert desk.price() == 10.0
    desk.send(0, Made(2, second=1, quarters=80))
    assert desk.price() == 20.0
    assert desk.warehouse.asked == 2  # the first look, and one when changes were first heard


def test_volume_and_closes_stay_the_same_when_the_load_takes_over(desk: Desk) -> None:
    desk.send(0, *(Made(n, second=20 * n, quarters=n + 4, size=10) for n in range(6)))
    desk.load()
    desk.look()
    desk.send(0, *(Made(n, second=20 * n, quarters=n + 4, size=10) for n in range(6, 12)))
    before = desk.look()
    desk.load()
    desk.step()
    after = desk.look()
    assert len(desk.follower.tail) == 0
    assert (before.board["VOLUME"][0], before.board["TREND"][0]) == (120.0, [(6 + 0) / 4, 9 / 4, 12 / 4, 15 / 4])
    pd.testing.assert_frame_equal(before.board.drop(columns="RECEIVED_AT"), after.board.drop(columns="RECEIVED_AT"))
    assert list(before.bars["A", "x"]) == list(after.bars["A", "x"])


def test_a_version_is_new_when_something_has_changed_and_only_then(desk: Desk) -> None:
    desk.send(0, Made(1))
    desk.load()
    desk.look()
    first = desk.look()
    second = desk.look()
    assert second.version == first.version
    assert second.board is first.board
    assert second.at > first.at
    desk.send(1, Made(2, symbol="B"))
    assert desk.look().version == first.version + 1


def test_twenty_readers_cost_one_statement_per_change_and_none_without(desk: Desk) -> None:
    desk.send(0, Made(1))
    desk.load()
    desk.look()
    for _ in range(20):
        for _ in range(20):
            desk.data.board()
            desk.data.candles("A", "x")
        desk.step(60)
    assert desk.warehouse.asked == 2  # the first look, and one when changes were first heard
    desk.load()
    desk.step()
    for _ in range(20):
        desk.data.board()
    assert desk.warehouse.asked == 3


def test_the_first_look_asks_once_when_changes_can_be_heard(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_data, "HEARD_WAIT_S", 10)
    desk.send(0, Made(1, quarters=40))
    desk.load()
    looker = threading.Thread(target=desk.data.board)
    looker.start()
    assert desk.warehouse.asked == 0
    desk.step()
    looker.join(10)
    assert desk.warehouse.asked == 1
    assert desk.price() == 10.0
    assert desk.warehouse.asked == 1


def test_nobody_looks_nothing_is_asked(desk: Desk) -> None:
    for n in range(10):
        desk.send(0, Made(n))
        desk.load()
        desk.step(30)
    assert desk.warehouse.asked == 0


def test_a_load_that_should_have_come_is_asked_for_in_its_time(desk: Desk) -> None:
    desk.send(0, Made(1))
    desk.load()
    desk.look()
    asked = desk.warehouse.asked
    desk.send(0, Made(2, second=1))
    for _ in range(int(OVERDUE_S)):
        desk.step(1)
        desk.data.board()
    assert desk.warehouse.asked == asked
    for _ in range(90):
        desk.step(1)
        desk.data.board()
    assert desk.warehouse.asked - asked in (3, 4)


def test_candles_have_the_running_minute_and_are_made_once(desk: Desk) -> None:
    desk.send(0, Made(1, quarters=4))
    desk.load()
    desk.look()
    desk.send(0, Made(2, second=61, quarters=8), Made(3, second=62, quarters=12))
    desk.look()
    candles = desk.data.candles("A", "x").value
    assert candles
    assert list(candles.bars["CLOSE"]) == [1.0, 3.0]
    assert list(candles.bars["BAR_START"]) == [pd.Timestamp(START), pd.Timestamp(START) + pd.Timedelta(minutes=1)]
    assert desk.data.candles("A", "x").value is candles
    assert desk.data.candles("NOPE", "x").value.bars.empty  # type: ignore[union-attr]


def test_a_warehouse_that_goes_away_is_said_and_the_stream_goes_on(desk: Desk) -> None:
    desk.send(0, Made(1, quarters=4))
    desk.load()
    desk.look()
    desk.warehouse.down = True
    desk.load()
    desk.send(0, Made(2, second=1, quarters=8))
    assert desk.price() == 2.0
    assert "warehouse does not answer" in str(desk.data.board().problem)
    desk.warehouse.down = False
    desk.step(RETRY_S)
    desk.look()
    assert desk.data.board().problem is None


def test_without_a_warehouse_from_the_start_the_stream_is_shown(desk: Desk) -> None:
    desk.warehouse.down = True
    desk.send(0, Made(1, quarters=4))
    assert desk.price() == 1.0
    desk.warehouse.down = False
    desk.load()
    desk.step(RETRY_S)
    desk.look()
    row = desk.look().board.iloc[0]
    assert (row["NAME"], row["VOLUME"]) == ("A Inc", 1.0)


def test_a_broker_that_goes_away_is_said_and_nothing_is_lost_or_doubled_when_it_is_back(desk: Desk) -> None:
    desk.send(0, Made(1, size=1))
    desk.load()
    desk.send(0, Made(2, second=1, size=1))
    desk.look()
    for topic in desk.topics.values():
        topic.answering = False
    desk.step(PROBE_S)
    assert "broker does not answer" in str(desk.data.board().problem)
    for topic in desk.topics.values():
        topic.answering = True
    desk.send(0, Made(3, second=2, size=1))
    desk.step(BROKER_RETRY_S)
    snapshot = desk.look()
    assert snapshot.board["VOLUME"][0] == 3.0
    assert desk.data.board().problem is None


@pytest.mark.parametrize(("missing", "opened"), [("landings", 1), ("changes", 2)])
def test_what_was_opened_is_closed_when_another_topic_cannot_be(desk: Desk, missing: str, opened: int) -> None:
    desk.missing = {missing}
    desk.step()
    assert [reader.closed for reader in desk.opened] == [True] * opened
    desk.missing = set()
    desk.send(0, Made(1, quarters=40))
    desk.step(BROKER_RETRY_S)
    assert [reader.closed for reader in desk.opened[opened:]] == [False] * 3
    assert desk.price() == 10.0


def test_a_recreated_topic_begins_a_new_tail(desk: Desk) -> None:
    desk.send(0, *(Made(n, quarters=4) for n in range(5)))
    desk.load()
    desk.look()
    anew = desk.topics["ticks"] = MemoryTopic(2, "two")
    assert isinstance(desk.follower._open.ticks, MemoryReader)  # type: ignore[union-attr]
    desk.follower._open.ticks._topic = anew  # type: ignore[union-attr]
    made = Made(9, second=30, quarters=8)
    anew.append(0, made.value, b"A", START_MS + 3_600_000)
    desk.step(LIFE_S)
    assert desk.price() == 2.0
    assert desk.look().board["VOLUME"][0] == 6.0


def test_what_lies_further_back_than_the_tail_is_read_again_from_the_watermark(desk: Desk) -> None:
    old = [Made(n, second=n, size=1) for n in range(3)]
    desk.send(0, *old)
    desk.clock.advance(7200)
    desk.warehouse.down = True
    desk.send(0, Made(5, second=100, size=1))
    assert desk.look().board["VOLUME"][0] == 1.0  # an hour is all that is read without a warehouse
    desk.warehouse.down = False
    desk.warehouse.marks[0] = 1
    desk.step(RETRY_S)
    desk.look()
    desk.step(BROKER_RETRY_S)
    assert desk.look().board["VOLUME"][0] == 4.0


def test_the_age_at_which_a_tick_is_first_on_the_board_is_counted(desk: Desk) -> None:
    desk.send(0, Made(1))
    desk.load()
    desk.look()
    received = desk.clock.now()
    desk.send(0, Made(2, second=1, received_at=received), Made(3, second=2, received_at=received))
    desk.step(0.5)
    report = desk.screen.report()
    ((age, count),) = report["seconds"][str(int(received.timestamp()))]  # type: ignore[index]
    assert count == 2
    assert age == pytest.approx(0.5, rel=0.08)
    assert report["newest"] == received.timestamp()


def test_hops_hear_of_landings(desk: Desk) -> None:
    desk.send(0, Made(1))
    desk.look()
    stream = desk.look().stream
    assert stream.lake_since is not None
    assert stream.warehouse_since is None
    landed_ms = round(desk.clock.now().timestamp() * 1000)
    desk.topics["landings"].append(0, b'{"generation": 1, "partition": 0, "end": 1}', b"0", landed_ms)
    desk.topics["landings"].append(0, b"poison", b"0", landed_ms)
    stream = desk.look().stream
    assert stream.lake_since is None
    assert stream.warehouse_since is not None
    desk.load()
    desk.step()
    assert desk.look().stream.warehouse_since is None


def test_minutes_are_of_utc() -> None:
    assert Made(1).moment[0] % MINUTE_US == 0
