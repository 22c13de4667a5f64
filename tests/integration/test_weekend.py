"""No false alarm on a weekend: status, board and alarms over a real broker, lake and warehouse whose newest tick is of the last session."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from dashboard.frame import status
from dashboard.freshness import Hop, Level, Targets, hops
from dashboard.market_data import LiveMarketData, Snapshot
from dashboard.news import News
from dashboard.screen import Screen
from dashboard.tail.follow import Follower, Sources
from tests.fakes.channel import MemoryChannel
from tests.fakes.clock import ManualClock
from tests.fixtures.broker import Topic, running_broker
from tests.fixtures.load_platform import LoadPlatform, Partition, load_platform
from tests.fixtures.services import settings
from ticklake import instruments, lake
from ticklake.calendars import calendar
from ticklake.freshness import judge
from ticklake.tick import Tick, encode
from ticklake_airflow.monitoring.monitor import EVERY, Monitor, Report
from ticklake_airflow.restoring import shelves
from ticklake_io import generations, producing
from ticklake_io.kafka_view import KafkaView
from ticklake_io.producing import Producing
from ticklake_io.readings import look
from ticklake_io.reference import load_reference
from ticklake_io.sql import Statements
from ticklake_io.topic_reader import KafkaTopicReader

STATEMENTS = Statements(Path(__file__).parents[2] / "dags" / "sql" / "monitor_pipeline")
SYMBOL, SOURCE = "A", "finnhub"
LISTED = f"""
sources:
  {SOURCE}: {{symbols: [{SYMBOL}]}}
instruments:
  - {{symbol: {SYMBOL}, name: Agilent, mic: XNYS, currency: USD, calendar: XNYS, primary: {SOURCE}}}
"""
TICKS = 10
RUNS = 4
"""Of the monitor: twice what raises an alarm."""


def saturday() -> datetime:
    """The next Saturday, while New York would trade on another day."""
    now = datetime.now(UTC)
    return (now + timedelta(days=(5 - now.weekday()) % 7 or 7)).replace(hour=17, minute=0, second=0, microsecond=0)


def opening() -> datetime:
    """An hour after the opening that follows the weekend."""
    opens_at = calendar("XNYS").state(saturday()).opens_at
    assert opens_at
    return opens_at + timedelta(hours=1)


class Week:
    """A platform that has loaded all there was before the weekend; the time is the test's."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        bootstrap = stack.enter_context(running_broker(home / "kafka"))
        self.platform: LoadPlatform = stack.enter_context(load_platform(home / "load"))
        self.clock, self.channel = ManualClock(saturday()), MemoryChannel()
        topic, hints, changes = (Topic(bootstrap, 1) for _ in range(3))
        self.ticks = topic.name
        listed = home / "listed.yaml"
        listed.write_text(LISTED)
        self.settings = settings(kafka_bootstrap=bootstrap, ticks_topic=self.ticks, sources=SOURCE, config_file=listed, alarm_after=2)
        load_reference(self.platform.warehouse, instruments.load(listed), {}, self.clock)
        self._fill(bootstrap, topic)
        # The days go by in no time here, and the DAG that copies each of them does not run.
        self.platform.store.create(f"{shelves.folder(shelves.DAILY, saturday())}/{shelves.MANIFEST}", b"", {})
        sources = Sources(
            self.ticks,
            hints.name,
            changes.name,
            open=lambda name: KafkaTopicReader(bootstrap, name),
            generation=lambda topic_id: generations.find(self.platform.store, self.ticks, topic_id),
            expected=self.owed,
            overdue_s=self.settings.target_warehouse_s,
        )
        follower = Follower(sources, news := News(patience_s=30), self.clock)
        stack.callback(follower.close)
        self.data = LiveMarketData(self.platform.session(), stack.enter_context(ThreadPoolExecutor(1)), follower, news, Screen(), self.clock)
        self.data._started.acquire()  # the test is the thread

    def owed(self, at: datetime) -> bool:
        """Whether silence is a fault, as all of the platform judges it."""
        return producing.expects_ticks(self.settings, [SOURCE], at, Producing())

    def status(self) -> dict[str, str]:
        """The state of each hop, as `ticklake status` judges."""
        now = self.clock.now()
        seen = look(self.settings, self.platform.store, self.platform.warehouse, now, lambda: self.owed(now))
        assert seen.fault is None
        targets = {name: getattr(self.settings, f"target_{name}_s") for name in seen.readings}
        return {hop.name: hop.state for hop in judge(seen.readings, targets)}

    def board(self, seconds: float = 15) -> tuple[Snapshot, list[Hop]]:
        """What a page shows that has been open for so many seconds, and its hops."""
        self.data._picture.get()
        for _ in range(round(seconds / 0.25)):
            self.clock.advance(0.25)
            self.data.step(0.01)
        snapshot = self.data.board().value
        assert snapshot
        return snapshot, hops(snapshot, self.clock.now(), Targets(15, 60, simulator_always=False), 2.0)

    def monitor(self) -> Report:
        """A run of the monitor, five minutes after the one before."""
        self.clock.advance(EVERY.total_seconds())
        return Monitor(
            settings=self.settings,
            store=self.platform.store,
            warehouse=self.platform.warehouse,
            channels=[self.channel],
            clock=self.clock,
            statements=STATEMENTS,
            look=lambda now: look(self.settings, self.platform.store, self.platform.warehouse, now, lambda: self.owed(now)),
            producing=Producing,
            shown=lambda: None,
            expected=self.owed,
        ).run()

    def _fill(self, bootstrap: str, topic: Topic) -> None:
        """Ticks that went all the way: from the topic, which is committed, to CURATED."""
        now = datetime.now(UTC)
        values = [_tick(number, now - timedelta(seconds=TICKS - number)) for number in range(TICKS)]
        topic.append(0, *values)
        with closing(KafkaView(bootstrap)) as view:
            assert generations.claim(self.platform.store, self.ticks, view.topic_id(self.ticks)) == 1
        key, _ = Partition(self.platform.store, self.ticks, 0).land([(SYMBOL.encode(), value) for value in values], lake.to_ms(now))
        self.platform.load(self.ticks)
        consumer, place = KafkaConsumer(bootstrap_servers=bootstrap, group_id=self.settings.kafka_group), TopicPartition(self.ticks, 0)
        consumer.assign([place])
        consumer.commit({place: OffsetAndMetadata(TICKS, key, -1)})
        consumer.close()


def _tick(number: int, at: datetime) -> bytes:
    return encode(
        Tick(
            tick_id=f"w-{number}",
            symbol=SYMBOL,
            kind="trade",
            event_time=at,
            received_at=at,
            price="100.25",
            size=1,
            source=SOURCE,
            feed="realtime",
            sequence=number,
        )
    )


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    with ExitStack() as stack:
        yield Week(tmp_path_factory.mktemp("weekend"), stack)


def test_on_a_saturday_nothing_is_late_anywhere(week: Week) -> None:
    assert set(week.status().values()) == {"fresh"}
    snapshot, seen = week.board()
    assert snapshot.board["SYMBOL"].tolist() == [SYMBOL]
    assert {hop.level for hop in seen} <= {Level.OK, Level.QUIET}, seen
    event = seen[0]
    assert (event.level, event.text.startswith("CLOSED, last tick")) == (Level.QUIET, True), event
    badge = status.badges(status.feeds(snapshot.board), None, week.clock.now(), UTC, Targets(15, 60, simulator_always=False))
    assert "LIVE" in badge
    assert "silent" not in badge
    reports = [week.monitor() for _ in range(RUNS)]
    assert [report.unmeasured for report in reports] == [None] * RUNS
    assert [report.raised for report in reports] == [[]] * RUNS
    assert week.channel.told() == []


def test_the_same_silence_on_a_monday_is_the_source_s_fault(week: Week) -> None:
    week.clock.advance((opening() - week.clock.now()).total_seconds())
    assert week.status()["event"] == "cause"
    snapshot, seen = week.board(seconds=30)
    assert [hop.name for hop in seen if hop.level is Level.STALE] == ["event"]
    assert [hop.text for hop in seen if hop.level is Level.WAITING] == ["waiting for event"] * 3
    assert "silent" in status.badges(status.feeds(snapshot.board), None, week.clock.now(), UTC, Targets(15, 60, simulator_always=False))
    assert "hop_late" in [week.monitor() for _ in range(RUNS)][-1].raised
    assert ("hop_late", "raised") in week.channel.told()
