"""The local warehouse through Snowflake's own connector: durable, honest about errors, and rid of dead clients."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from snowflake.connector import SnowflakeConnection, errors

from infra.local.instance import BUCKET, Instance
from tests.fixtures.services import HOST, running
from tests.fixtures.warehouse import LocalWarehouse, free_instance, warehouse
from ticklake.errors import WarehouseUnavailable
from ticklake_io.warehouse import open_warehouse

SILENCE_S = 1.5
IMPATIENT = {"network_timeout": 2, "socket_timeout": 3}


@pytest.fixture(autouse=True)
def own_authority(monkeypatch: pytest.MonkeyPatch, instance: Instance) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(instance.trust_file))


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    return free_instance(tmp_path_factory.mktemp("instance"))


@pytest.fixture(scope="module")
def process(instance: Instance) -> Iterator[LocalWarehouse]:
    with warehouse(instance, "--silence", str(SILENCE_S)) as local:
        yield local


@pytest.fixture
def server(process: LocalWarehouse) -> Iterator[LocalWarehouse]:
    yield process
    process.close()


@pytest.fixture
def session(server: LocalWarehouse) -> SnowflakeConnection:
    connection = server.connect()
    run(connection, "CREATE SCHEMA IF NOT EXISTS S")
    run(connection, "USE SCHEMA S")
    run(connection, "CREATE OR REPLACE TABLE LEASE (ID NUMBER, OWNER VARCHAR)")
    run(connection, "INSERT INTO LEASE VALUES (1, 'nobody')")
    return connection


def run(connection: SnowflakeConnection, sql: str) -> list[tuple[object, ...]]:
    rows = connection.cursor().execute(sql)
    assert rows is not None
    return list(rows.fetchall())  # type: ignore[arg-type]


def owner(connection: SnowflakeConnection) -> object:
    return run(connection, "SELECT OWNER FROM S.LEASE")[0][0]


@pytest.mark.parametrize(
    ("sql", "errno"),
    [
        ("SELECT * FROM NO_SUCH_TABLE", 2003),
        ("SELEC 1", 1003),
        ("SELECT NO_COLUMN FROM S.LEASE", 2043),
        ("COPY INTO S.LEASE FROM @NO_STAGE/ PATTERN = '.*'", 1003),
    ],
)
def test_a_refused_statement_fails_at_once_and_says_why(session: SnowflakeConnection, sql: str, errno: int) -> None:
    began = time.monotonic()
    with pytest.raises(errors.ProgrammingError) as raised:
        run(session, sql)
    assert raised.value.errno == errno
    assert time.monotonic() - began < 5, "the connector tried again"


def test_of_two_writers_of_a_row_one_is_told_that_it_is_locked(server: LocalWarehouse, session: SnowflakeConnection) -> None:
    other = server.connect(schema="S")
    run(session, "BEGIN")
    run(session, "UPDATE S.LEASE SET OWNER = 'first'")
    run(other, "BEGIN")
    with pytest.raises(errors.Error) as raised:
        run(other, "UPDATE S.LEASE SET OWNER = 'second'")
    assert raised.value.errno == 625
    run(other, "ROLLBACK")
    run(session, "COMMIT")
    run(other, "UPDATE S.LEASE SET OWNER = 'second'")
    assert owner(session) == "second"


def test_a_silent_transaction_is_rolled_back_and_its_client_cannot_finish_half_of_it(server: LocalWarehouse, session: SnowflakeConnection) -> None:
    run(session, "BEGIN")
    run(session, "UPDATE S.LEASE SET OWNER = 'asleep'")
    other = server.connect(schema="S")
    wait_for_lock(other)
    assert owner(other) == "awake"
    with pytest.raises(errors.Error) as raised:
        run(session, "INSERT INTO S.LEASE VALUES (2, 'half a transaction')")
    assert raised.value.errno == 625
    with pytest.raises(errors.Error):
        run(session, "COMMIT")
    assert run(session, "SELECT COUNT(*) FROM S.LEASE") == [(1,)]


def test_a_closed_session_holds_no_lock(server: LocalWarehouse, session: SnowflakeConnection) -> None:
    closed = server.connect(schema="S")
    run(closed, "BEGIN")
    run(closed, "UPDATE S.LEASE SET OWNER = 'gone'")
    closed.close()
    run(session, "UPDATE S.LEASE SET OWNER = 'awake'")
    assert owner(session) == "awake"


def test_a_long_statement_is_no_silence_and_keeps_nobody_waiting(server: LocalWarehouse, session: SnowflakeConnection) -> None:
    other = server.connect(schema="S")
    answer: list[tuple[object, ...]] = []
    numbers = ", ".join(f"({number})" for number in range(54))
    run(session, "CREATE OR REPLACE TABLE S.N (X NUMBER)")
    run(session, f"INSERT INTO S.N VALUES {numbers}")
    run(session, "BEGIN")
    run(session, "UPDATE S.LEASE SET OWNER = 'busy'")
    slow = "SELECT SUM(SQRT(A.X * B.X + C.X * D.X + E.X)) FROM S.N A, S.N B, S.N C, S.N D, S.N E"
    thread = threading.Thread(target=lambda: answer.extend(run(session, slow)))
    began = time.monotonic()
    thread.start()
    waits = []
    while thread.is_alive():
        asked = time.monotonic()
        run(other, "SELECT 1")
        server.connect().close()
        waits.append(time.monotonic() - asked)
    assert time.monotonic() - began > SILENCE_S, "the statement was too short to prove anything"
    assert max(waits) < 1.5
    assert answer
    run(session, "COMMIT")
    assert owner(other) == "busy"


def test_two_threads_may_share_a_session(session: SnowflakeConnection) -> None:
    wrong: list[object] = []

    def ask(number: int) -> None:
        for _ in range(20):
            answer = run(session, f"SELECT {number}")
            if answer != [(number,)]:
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_session_that_the_server_forgot_is_told_so(server: LocalWarehouse) -> None:
    forgotten = server.connect()
    assert forgotten.rest is not None
    forgotten.rest.update_tokens("unknown", "unknown")
    with pytest.raises(errors.Error) as raised:
        run(forgotten, "SELECT 1")
    assert raised.value.errno == 390104


def test_committed_rows_and_stages_survive_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = free_instance(tmp_path / "home")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(home.trust_file))
    with warehouse(home) as local:
        connection = local.connect()
        run(connection, "CREATE SCHEMA RAW")
        run(connection, "CREATE TABLE RAW.T (ID NUMBER)")
        run(connection, "INSERT INTO RAW.T SELECT 1")
        run(connection, "BEGIN")
        run(connection, "INSERT INTO RAW.T SELECT 2")
        os.kill(listener(home.port("warehouse")), signal.SIGKILL)
    with warehouse(home) as local:
        connection = local.connect()
        assert run(connection, "SELECT ID FROM RAW.T") == [(1,)]
        assert len(run(connection, "SHOW STAGES IN SCHEMA RAW")) == 1


def test_a_warehouse_that_hangs_is_told_to_who_asked_and_to_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = free_instance(tmp_path / "home")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(home.trust_file))
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    with warehouse(home) as local, closing(open_warehouse(local.arguments(**IMPATIENT), "test")) as session:
        session.rows("SELECT 1")
        os.kill(listener(home.port("warehouse")), signal.SIGSTOP)
        with pytest.raises(WarehouseUnavailable):
            session.rows("SELECT 2")
        for timer in [each for each in threading.enumerate() if isinstance(each, threading.Timer)]:
            timer.join(30)
    assert raised == []


def test_copy_reads_a_parquet_object_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = free_instance(tmp_path / "home")
    store = {"BIND_HOST": HOST, "GATEWAY_PORT": str(home.port("store")), "SERVICES": "s3", "TMPDIR": str(tmp_path)}
    for name, value in home.environment().items():
        monkeypatch.setenv(name, value)
    with running([sys.executable, "-m", "ministack"], home.port("store"), store, tmp_path / "store.log"), warehouse(home) as local:
        client = boto3.client("s3", endpoint_url=home.urls()["store"], region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        table = io.BytesIO()
        pq.write_table(pa.table({"ID": pa.array([1, 2], pa.int64())}), table)
        client.put_object(Bucket=BUCKET, Key="raw/dt=2026-01-01/hour=10/0.parquet", Body=table.getvalue())
        connection = local.connect()
        run(connection, "CREATE SCHEMA RAW")
        run(connection, "CREATE TABLE RAW.T (ID NUMBER)")
        run(connection, "CREATE FILE FORMAT RAW.PARQUET TYPE = PARQUET")
        run(connection, f"CREATE STAGE RAW.LAKE URL = 's3://{BUCKET}/'")
        copy = "COPY INTO RAW.T FROM @RAW.LAKE FILES = ('raw/dt=2026-01-01/hour=10/0.parquet') FILE_FORMAT = (FORMAT_NAME = 'RAW.PARQUET')"
        run(connection, "USE SCHEMA RAW")
        run(connection, f"{copy} MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE")
        assert run(connection, "SELECT SUM(ID) FROM RAW.T") == [(3,)]


def listener(port: int) -> int:
    """The process that listens on `port`."""
    return next(each.pid for each in psutil.net_connections("tcp") if each.laddr and each.laddr[1] == port and each.status == psutil.CONN_LISTEN and each.pid)


def wait_for_lock(connection: SnowflakeConnection) -> None:
    """Write the lease as soon as nobody holds it."""
    deadline = time.monotonic() + 4 * SILENCE_S
    while True:
        try:
            run(connection, "UPDATE S.LEASE SET OWNER = 'awake'")
        except errors.Error as error:
            if error.errno != 625 or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
