"""The alerts service's own process on a real broker and a real warehouse: killed again and again, and with no warehouse at all."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path

import pytest
from kafka import KafkaProducer

from dashboard.alerts import listing
from dashboard.alerts.desk import Desk
from dashboard.alerts.inbox import Inbox, Listener
from infra.local.probes import wait_until
from streaming.alerts import decoding, tables
from tests.fixtures.broker import running_broker
from tests.fixtures.load_platform import LoadPlatform, load_platform
from tests.fixtures.services import HOST, free_port, settings
from ticklake import tick
from ticklake.alerts import alert
from ticklake.alerts.draft import Draft
from ticklake.alerts.rule import Kind
from ticklake.alerts.watch import Watch
from ticklake.changes import Subject
from ticklake.clock import SystemClock
from ticklake.roles import Role, User
from ticklake.settings import Settings
from ticklake_io.changes import announce
from ticklake_io.kafka_open import open_view
from ticklake_io.records import Records
from ticklake_io.sql import Statements
from ticklake_io.topic_reader import KafkaTopicReader
from ticklake_io.topics import create_topics

LIMIT_S = 60.0
ANA, BEN = User("ana", Role.ANALYST), User("ben", Role.ANALYST)
QUERIES = Statements(Path(__file__).parents[2] / "dashboard" / "queries")
SYMBOLS = ("IBM", "SPY", "BTC-USD")


class Service:
    """Topics of its own on the broker, the warehouse's tables emptied, and processes of the service."""

    def __init__(self, bootstrap: str, platform: LoadPlatform, folder: Path) -> None:
        self.platform, self.log, self.port = platform, folder / "alerts.log", free_port()
        name = uuid.uuid4().hex
        names = {f"{each}_topic": f"{each}-{name}" for each in ("ticks", "dead_letters", "landings", "changes", "alerts", "alerts_state")}
        place = platform.local.arguments()
        self.values = names | {
            "kafka_bootstrap": bootstrap,
            "alerts_group": name,
            "alerts_http_port": str(self.port),
            "alerts_rules_s": "3600",
            "kafka_session_s": "6",
        }
        self.values |= {f"warehouse_{each}": str(place[each]) for each in ("account", "user", "password", "host", "port")}
        self.settings: Settings = settings(**self.values)
        create_topics(self.settings)
        for table in ("APP.ALERT_RULES", "APP.ALERTS"):
            platform.warehouse.rows(f"DELETE FROM {table}")
        self.desk = Desk(platform.warehouse, SystemClock(), lambda: announce(self.settings, Subject.APP))
        self.sent = 0

    @contextmanager
    def process(self, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """A service; killed at the end, as by a power cut."""
        environment = os.environ | {f"TICKLAKE_{name.upper()}": value for name, value in (self.values | more).items()} | {"TICKLAKE_S3_BUCKET": "ticklake"}
        with self.log.open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "streaming.alerts"], env=environment, stdin=subprocess.DEVNULL, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def says(self, words: str) -> bool:
        """Whether it is ready and says so."""
        connection = HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status == 200 and words in answer.read().decode()
        except OSError:
            return False
        finally:
            connection.close()

    def await_ready(self, words: str = "") -> None:
        assert wait_until(lambda: self.says(words), LIMIT_S), self.log.read_text()

    def send(self, prices: Sequence[str], symbol: str = "IBM") -> None:
        """Ticks of the simulator at these prices; the broker has them on return."""
        producer = KafkaProducer(bootstrap_servers=self.settings.kafka_bootstrap, linger_ms=0)
        for price in prices:
            self.sent += 1
            now = SystemClock().now()
            one = tick.Tick(
                tick_id=f"t{self.sent}",
                symbol=symbol,
                kind="trade",
                event_time=now,
                received_at=now,
                price=price,
                source="simulator",
                feed="synthetic",
                sequence=self.sent,
            )
            producer.send(self.settings.ticks_topic, tick.encode(one), symbol.encode())
        producer.flush()
        producer.close()

    def expected(self) -> set[str]:
        """What the rules of the warehouse come to on the records of the broker, judged in one go."""
        rules = tables.read_rules(self.platform.warehouse)
        ticks = decoding.ticks(self._records(self.settings.ticks_topic))
        return {said.alert_id for each in ticks.values() for said in Watch(rules).judge(each)}

    def said(self) -> list[str]:
        """Ids on the alerts topic."""
        return [alert.decode(value or b"").alert_id for records in self._records(self.settings.alerts_topic).values() for value in records.values]

    def kept(self) -> list[str]:
        """Ids in the warehouse."""
        return [row["ALERT_ID"] for row in self.platform.warehouse.rows("SELECT ALERT_ID FROM APP.ALERTS")]

    def _records(self, topic: str) -> dict[int, Records]:
        with closing(open_view(self.settings)) as view:
            ends = view.ends(topic)
            return view.read(topic, {partition: (0, end) for partition, end in ends.items()})


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, LoadPlatform]]:
    with running_broker(tmp_path_factory.mktemp("broker")) as bootstrap, load_platform(tmp_path_factory.mktemp("tl")) as platform:
        yield bootstrap, platform


@pytest.fixture
def service(places: tuple[str, LoadPlatform], tmp_path: Path) -> Service:
    return Service(*places, tmp_path)


def test_killed_again_and_again_it_says_and_keeps_each_alert_once(service: Service) -> None:
    drafts = [Draft((symbol, "simulator"), kind, level="100") for symbol in SYMBOLS for kind in (Kind.CROSS_UP, Kind.CROSS_DOWN)]
    drafts += [Draft((symbol, "simulator"), Kind.MOVE_EITHER, percent="1", window_s=60, once=symbol == "SPY") for symbol in SYMBOLS]
    for each in drafts:
        assert service.desk.create(each, ANA) is None
    prices = [str(Decimal(9_800 + 37 * n % 400) / 100) for n in range(400)]
    with service.process():
        service.await_ready("9 rules, partitions: 0, 1, 2")
        service.send(["99"], "IBM")
    for life in range(4):
        with service.process() as process:
            service.await_ready()
            for symbol in SYMBOLS:
                service.send(prices[life * 100 : life * 100 + 50], symbol)
            wait_until(lambda: len(service.said()) > 0, LIMIT_S)
            process.kill()  # some of it judged, some said, some kept
            for symbol in SYMBOLS:
                service.send(prices[life * 100 + 50 : life * 100 + 100], symbol)
    expected = service.expected()
    assert len(expected) > 100
    with service.process() as process:
        assert wait_until(lambda: set(service.kept()) == expected, LIMIT_S), service.log.read_text()
        process.terminate()
        assert process.wait(LIMIT_S) == 0
    assert set(service.said()) == expected
    assert len(service.kept()) == len(expected)


def test_without_a_warehouse_the_last_rules_go_on_and_alerts_wait(service: Service) -> None:
    assert service.desk.create(Draft(("IBM", "simulator"), Kind.CROSS_UP, level="100"), ANA) is None
    with service.process():
        service.await_ready("1 rules")
    with service.process(warehouse_port=str(free_port())):
        service.await_ready("goes by the last rules")
        service.send(["99", "101"])
        assert wait_until(lambda: len(service.said()) == 1, LIMIT_S), service.log.read_text()
        assert service.kept() == []
    with service.process():
        assert wait_until(lambda: service.kept() == service.said(), LIMIT_S), service.log.read_text()


def test_what_users_write_takes_effect_within_seconds_and_is_told_to_them(service: Service) -> None:
    inbox, clock = Inbox(), SystemClock()
    with service.process():
        service.await_ready("0 rules")
        assert service.desk.create(Draft(("IBM", "simulator"), Kind.CROSS_UP, level="100", note="<b>"), ANA) is None
        service.await_ready("1 rules")
        service.send(["99", "101", "99"])
        assert wait_until(lambda: len(service.kept()) == 1, LIMIT_S), service.log.read_text()
        (listed,) = listing.rules(service.platform.warehouse.frame(QUERIES["alerts_rules"]))
        assert (listed.times, listed.rule.owner, listed.rule.level) == (1, "ana", Decimal(100))
        assert "ana's" in (service.desk.change(listed, listing.State.PAUSED, BEN) or "")
        assert service.desk.change(listed, listing.State.PAUSED, ANA) is None
        assert "has just changed" in (service.desk.change(listed, listing.State.DELETED, User("eve", Role.ADMIN)) or "")
        service.await_ready("0 rules")
        service.send(["101", "99", "101"])
    turns = iter(range(10))
    Listener(inbox, lambda: KafkaTopicReader(service.settings.kafka_bootstrap, service.settings.alerts_topic), clock).listen(lambda: next(turns, 9) < 9)
    (said,) = inbox.since(0).alerts
    assert (said.owner, said.price, said.note) == ("ana", Decimal(101), "<b>")
    assert service.desk.acknowledge([said.alert_id], BEN) is None
    (entry,) = listing.entries(service.platform.warehouse.frame(QUERIES["alerts_inbox"]))
    assert (entry.alert, entry.acknowledged_by) == (said, "ben")
    assert isinstance(entry.acknowledged_at, datetime)
    assert service.desk.acknowledge([said.alert_id], ANA) is None
    (entry,) = listing.entries(service.platform.warehouse.frame(QUERIES["alerts_inbox"]))
    assert entry.acknowledged_by == "ben"
    (listed,) = listing.rules(service.platform.warehouse.frame(QUERIES["alerts_rules"]))
    assert (listed.state, listed.rule.version) == (listing.State.PAUSED, 2)
