"""The consumer's own process on a real broker and a real store: what it serves, how it stops, when it refuses to go on."""

from __future__ import annotations

import argparse
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import psutil
import pyarrow.parquet as pq
import pytest

from infra.local.probes import wait_until
from tests.fixtures.broker import Topic, running_broker
from tests.fixtures.services import HOST, free_port, object_store, settings
from ticklake import tick
from ticklake_cli import dead_letters
from ticklake_io.store import S3Store, open_store

LIMIT_S = 60.0
BUDGET_S = 4.0
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class Service:
    """A broker, a store, topics, and consumer processes on them."""

    def __init__(self, bootstrap: str, store_url: str, folder: Path) -> None:
        self.ticks, self.letters, self.hints = (Topic(bootstrap, partitions) for partitions in (2, 1, 1))
        self.bootstrap = bootstrap
        self.port, self.store_url, self.log = free_port(), store_url, folder / "consumer.log"
        self._environment = (
            os.environ
            | CREDENTIALS
            | {
                "TICKLAKE_HOME": str(folder),
                "TICKLAKE_KAFKA_BOOTSTRAP": bootstrap,
                "TICKLAKE_KAFKA_GROUP": self.ticks.name,
                "TICKLAKE_TICKS_TOPIC": self.ticks.name,
                "TICKLAKE_DEAD_LETTERS_TOPIC": self.letters.name,
                "TICKLAKE_LANDINGS_TOPIC": self.hints.name,
                "TICKLAKE_S3_ENDPOINT": store_url,
                "TICKLAKE_S3_BUCKET": "ticklake",
                "TICKLAKE_WAREHOUSE_ACCOUNT": "none",
                "TICKLAKE_WAREHOUSE_USER": "none",
                "TICKLAKE_CONSUMER_HTTP_PORT": str(self.port),
                "TICKLAKE_FLUSH_AGE_S": "0.3",
                "TICKLAKE_SHUTDOWN_S": str(BUDGET_S),
            }
        )

    @contextmanager
    def consumer(self, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "streaming.consumer"], env=self._environment | more, stdin=subprocess.DEVNULL, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 while nobody answers."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def is_ready(self) -> bool:
        return self.ask("/readyz")[0] == 200

    def store(self) -> S3Store:
        return open_store(settings(s3_endpoint=self.store_url, s3_bucket="ticklake"))

    def offsets(self) -> list[int]:
        """Of partition 0, in the lake."""
        return sorted(self._column("p0/", "OFFSET_ID"))

    def ids(self) -> list[str | None]:
        """The tick_id of every row in the lake."""
        return self._column("", "TICK_ID")

    def _column(self, place: str, name: str) -> list[Any]:
        store = self.store()
        bodies = [store.read(listed.key) for listed in store.list(f"raw/{self.ticks.name}/g1/{place}")]
        return [value for body in bodies for value in pq.read_table(io.BytesIO(body or b""))[name].to_pylist()]

    def dlq(self, *arguments: str) -> int:
        """Exit status of `ticklake dlq`."""
        parser = argparse.ArgumentParser()
        dead_letters.add_arguments(parser)
        topics = {"ticks_topic": self.ticks.name, "dead_letters_topic": self.letters.name, "landings_topic": self.hints.name}
        return dead_letters.run(parser.parse_args(arguments), settings(kafka_bootstrap=self.bootstrap, **topics))

    @contextmanager
    def hanging_store(self) -> Iterator[None]:
        """The store takes connections and says nothing."""
        port = int(self.store_url.rpartition(":")[2])
        owner = next(each.pid for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port)
        os.kill(owner or 0, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(owner or 0, signal.SIGCONT)


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with running_broker(tmp_path_factory.mktemp("broker")) as bootstrap, object_store(tmp_path_factory.mktemp("store")) as url:
        client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_bucket(Bucket="ticklake")
        yield bootstrap, url


@pytest.fixture
def service(addresses: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return Service(*addresses, tmp_path)


def events(log: Path, name: str) -> Sequence[str]:
    return [line for line in log.read_text().splitlines() if f"event='{name}'" in line]


def test_it_serves_its_figures_and_stops_at_once_when_nothing_hangs(service: Service) -> None:
    with service.consumer() as process:
        assert wait_until(service.is_ready, LIMIT_S), service.log.read_text()
        service.ticks.append(0, *[b"{}"] * 5)
        assert wait_until(lambda: "ticklake_consumer_commits_total 1.0" in service.ask("/metrics")[1], LIMIT_S)
        assert 'ticklake_consumer_rejects_total{reason="schema"} 5.0' in service.ask("/metrics")[1]
        assert service.ask("/healthz")[0] == 200
        report = json.loads(service.ask("/status")[1])
        assert (report["ready"], report["records"], report["rejects"], report["partitions"]) == (True, 5, 5, 2)
        began = time.monotonic()
        process.terminate()
        assert process.wait(LIMIT_S) == 0
        assert time.monotonic() - began < BUDGET_S
    assert service.offsets() == [0, 1, 2, 3, 4]
    assert not events(service.log, "stopped_early")


def test_a_store_that_hangs_does_not_hold_up_a_stop_and_nothing_is_lost(service: Service) -> None:
    with service.consumer() as process:
        assert wait_until(service.is_ready, LIMIT_S), service.log.read_text()
        with service.hanging_store():
            service.ticks.append(0, *[b"{}"] * 5)
            assert wait_until(lambda: "ticklake_consumer_flushes_total" in service.ask("/metrics")[1], LIMIT_S)
            began = time.monotonic()
            process.terminate()
            assert process.wait(LIMIT_S) == 0
            assert BUDGET_S - 2.5 < time.monotonic() - began < BUDGET_S + 1
    assert len(events(service.log, "stopped_early")) == 2, "the uploads were given up, and then what hung in them"
    with service.consumer():
        assert wait_until(lambda: len(service.offsets()) == 5, LIMIT_S), service.log.read_text()
    assert service.offsets() == [0, 1, 2, 3, 4]


def test_a_bad_deployment_stops_it_in_every_life_until_it_is_told_to_go_on(service: Service) -> None:
    service.ticks.append(0, *[b"secret"] * 30)
    for life in (1, 2):
        with service.consumer(TICKLAKE_REJECT_RUN="20") as process:
            assert process.wait(LIMIT_S) == 1
        stopped = events(service.log, "stopped")
        assert len(stopped) == life
        assert "30 records in a row are no ticks, more than 20" in stopped[-1]
        assert service.offsets() == []
    assert "secret" not in service.log.read_text()
    with service.consumer(TICKLAKE_REJECT_RUN="1000"):
        assert wait_until(lambda: len(service.offsets()) == 30, LIMIT_S), service.log.read_text()


def test_a_dead_letter_goes_back_repaired_and_only_once(service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repaired = tmp_path / "repaired.json"
    tick_ = tick.Tick(tick_id="t", symbol="A", kind="trade", event_time=NOON, received_at=NOON, price="1", source="s", feed="realtime", sequence=0)
    repaired.write_bytes(tick.encode(tick_))
    with service.consumer():
        assert wait_until(service.is_ready, LIMIT_S), service.log.read_text()
        service.ticks.append(0, b"{}")
        assert wait_until(lambda: service.dlq("list") == 0 and "schema: " in capsys.readouterr().out, LIMIT_S)
        assert service.dlq("replay", "0") == 1
        assert service.dlq("replay", "0", "--file", str(repaired)) == 0
        assert service.dlq("replay", "0", "--file", str(repaired)) == 0
        assert wait_until(lambda: "t" in service.ids(), LIMIT_S)
        assert service.dlq("list") == 0
        assert "(replayed)" in capsys.readouterr().out
        service.ticks.append(0, b"{}")
        assert wait_until(lambda: len(service.ids()) == 3, LIMIT_S)
    assert service.ids().count("t") == 1


def test_a_port_that_is_taken_is_a_wrong_setting(service: Service) -> None:
    with service.consumer():
        assert wait_until(lambda: service.ask("/healthz")[0] == 200, LIMIT_S)
        with service.consumer() as second:
            assert second.wait(LIMIT_S) == 2
    assert "TICKLAKE_CONSUMER_HTTP_PORT: cannot listen on" in events(service.log, "stopped")[0]
