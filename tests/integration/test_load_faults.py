"""A warehouse that is killed under a load, or is away for a while: the next load leaves the tables that an undisturbed one does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
from airflow.sdk import RetryAction

from infra.local.instance import BUCKET, ROOT
from tests.fixtures.load_platform import LoadPlatform, Partition, Value, load_platform
from tests.fixtures.services import settings
from tests.fixtures.warehouse import LocalWarehouse, warehouse
from ticklake.clock import SystemClock
from ticklake.errors import TicklakeError, WarehouseBusy, WarehouseRefused, WarehouseUnavailable
from ticklake.tick import Tick, encode
from ticklake_airflow.defaults import default_args
from ticklake_io.migrations import migrate
from ticklake_io.sql import Params
from ticklake_io.store import open_store
from ticklake_io.warehouse import Row, SnowflakeWarehouse, open_warehouse

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOPIC = "faulty"
WORKER = f"import json, sys; from {__name__} import die_loading; die_loading(*json.loads(sys.argv[1]))"
IMPATIENT = {"login_timeout": 2, "network_timeout": 2}
SNAPSHOT = {
    "RAW.TICKS": "PARTITION_ID, OFFSET_ID, COALESCE(REJECT_REASON, '-') AS REASON, COALESCE(TICK_ID, '-') AS TICK_ID",
    "CURATED.TICKS": "*",
    "CURATED.BARS_1M": "* EXCLUDE (SESSION)",
    "CURATED.LATEST": "SYMBOL, TICK_ID, EVENT_TIME, PRICE",
    "OPS.LOADS": "OBJECT_KEY, STATE, RECORDS, ROWS_LOADED",
    "OPS.QUARANTINE": "OBJECT_KEY, OFFSET_ID, RULE",
    "OPS.WATERMARKS": "PARTITION_ID, NEXT_OFFSET",
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("faults")) as ready:
        yield ready


def record(n: int) -> Value:
    at = NOON + timedelta(seconds=7 * n)
    return b"A", encode(
        Tick(tick_id=f"t-{n}", symbol="A", kind="trade", event_time=at, received_at=at, price="1.5", source="replay", feed="replay", sequence=0, size=1)
    )


def snapshot(session: SnowflakeWarehouse) -> dict[str, list[str]]:
    return {table: sorted(map(str, session.rows(f"SELECT {columns} FROM {table}"))) for table, columns in SNAPSHOT.items()}


class Deadly(SnowflakeWarehouse):
    """A session whose server is killed while a statement that begins with certain words is on its way."""

    def __init__(self, arguments: dict[str, Any], server: psutil.Process, words: str) -> None:
        super().__init__(open_warehouse(arguments, "test")._connect)
        self._server = server
        self._words = words

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        if self._words in sql and self._server.is_running():
            killer = threading.Thread(target=self._server.kill)
            killer.start()
            try:
                return super().rows(sql, params)
            finally:
                killer.join()
        return super().rows(sql, params)


class Mortal(SnowflakeWarehouse):
    """A session whose own process is killed while a statement that holds certain words is on its way."""

    def __init__(self, arguments: dict[str, Any], words: str) -> None:
        super().__init__(open_warehouse(arguments, "test")._connect)
        self._words = words

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        if self._words in sql:
            threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGKILL)).start()
        return super().rows(sql, params)


def die_loading(arguments: dict[str, Any], store: str, words: str) -> None:
    """What a worker does until it is killed."""
    reached = open_store(settings(s3_endpoint=store, s3_bucket=BUCKET))
    mortal = Mortal(arguments, words)
    LoadPlatform(reached, cast(LocalWarehouse, None), mortal).load(TOPIC)


def server(port: int) -> psutil.Process:
    """The process that listens on `port`."""
    return next(psutil.Process(each.pid) for each in psutil.net_connections("tcp") if each.laddr.port == port and each.status == psutil.CONN_LISTEN)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the connector's own thread, which cancels what has timed out
def test_a_warehouse_that_is_killed_under_a_load_ends_as_an_undisturbed_one(platform: LoadPlatform) -> None:
    partitions = [Partition(platform.store, TOPIC, number) for number in range(2)]
    for turn in range(6):
        for number, partition in enumerate(partitions):
            partition.land([*(record((turn * 5 + number * 3 + at) % 29) for at in range(6)), (b"A", b"{")], int(NOON.timestamp() * 1000))
    platform.load(TOPIC)
    undisturbed = snapshot(platform.warehouse)
    platform.empty()
    assert all(not rows for rows in snapshot(platform.warehouse).values())
    instance, port = platform.local._instance, platform.local.arguments()["port"]
    with ExitStack() as lives:
        local = platform.local
        for words in ("COPY INTO", "INSERT INTO OPS.LOADS", "INSERT INTO CURATED.TICKS", "INSERT INTO CURATED.BARS_1M", "COMMIT"):
            with closing(Deadly(local.arguments(**IMPATIENT), server(port), words)) as deadly, pytest.raises(WarehouseUnavailable):
                platform.load(TOPIC, deadly)
            with closing(open_warehouse(local.arguments(**IMPATIENT), "test")) as away, pytest.raises(WarehouseUnavailable):
                platform.load(TOPIC, away)
            local = lives.enter_context(warehouse(instance))
            with closing(open_warehouse(local.arguments(), "test")) as back:
                migrate(back, SystemClock(), "ticklake")
                platform.load(TOPIC, back)
                assert snapshot(back) == undisturbed, words
                for table in SNAPSHOT:
                    back.rows(f"DELETE FROM {table}")
            platform.store.write("state/load_ticks.json", b"")


def test_a_worker_that_is_killed_under_a_load_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    with load_platform(tmp_path, "--silence", "1") as platform:
        partition = Partition(platform.store, TOPIC, 0)
        for turn in range(6):
            partition.land([*(record((turn * 5 + at) % 29) for at in range(6)), (b"A", b"{")], int(NOON.timestamp() * 1000))
        platform.load(TOPIC)
        undisturbed = snapshot(platform.warehouse)
        store = platform.local._instance.urls()["store"]
        for words in ("COPY INTO", "INSERT INTO OPS.LOADS", "INSERT INTO CURATED.TICKS", "INSERT INTO CURATED.BARS_1M", "COMMIT"):
            platform.empty()
            told = json.dumps([platform.local.arguments(), store, words])
            worker = subprocess.run([sys.executable, "-c", WORKER, told], cwd=ROOT, stdin=subprocess.DEVNULL, timeout=120, check=False)
            assert worker.returncode == -signal.SIGKILL, words
            platform.load(TOPIC)
            assert snapshot(platform.warehouse) == undisturbed, words


def action(error: TicklakeError) -> RetryAction:
    """What Airflow does after `error`."""
    decided: RetryAction = default_args("data")["retry_policy"].evaluate(error, 1, 3).action
    return decided


def test_bad_sql_fails_at_once_and_a_busy_or_absent_warehouse_is_tried_again(tmp_path: Path) -> None:
    with load_platform(tmp_path) as platform, closing(platform.session()) as other:
        for sql in ("SELEC 1", "SELECT * FROM OPS.NOWHERE", "INSERT INTO OPS.LOAD_LEASE (NAME) VALUES (NULL)"):
            with pytest.raises(WarehouseRefused) as refused:
                platform.warehouse.rows(sql)
            assert action(refused.value) is RetryAction.FAIL
        with other.transaction():
            other.rows("UPDATE OPS.LOAD_LEASE SET HOLDER = 'other'")
            with pytest.raises(WarehouseBusy) as busy:
                platform.warehouse.rows("UPDATE OPS.LOAD_LEASE SET HOLDER = 'one'")
        assert action(busy.value) is RetryAction.DEFAULT
        gone = server(platform.local.arguments()["port"])
        gone.kill()
        gone.wait()  # until then it may still take a login, whose statement then fails in a thread of the connector
        with closing(open_warehouse(platform.local.arguments(**IMPATIENT), "test")) as away, pytest.raises(WarehouseUnavailable) as absent:
            away.rows("SELECT 1")
        assert action(absent.value) is RetryAction.DEFAULT
