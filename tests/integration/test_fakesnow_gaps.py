"""What the stock fakesnow server lacks. A test that fails here means that a workaround in infra/local/warehouse can go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import fakesnow.server as server
import httpx
import pytest
from fakesnow.converter import from_binding
from fakesnow.instance import FakeSnow
from starlette.applications import Starlette

pytestmark = pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result:UserWarning")


class Stock:
    """The stock server, spoken to as the connector does."""

    def login(self) -> dict[str, Any]:
        body = {"data": {"SESSION_PARAMETERS": {}}}
        data: dict[str, Any] = self._post("/session/v1/login-request?databaseName=D&schemaName=S", body, {}).json()["data"]
        return data

    def query(self, token: str, sql: str) -> tuple[int, dict[str, Any]]:
        """HTTP status and body."""
        headers = {"Authorization": f'Snowflake Token="{token}"'}
        answer = self._post("/queries/v1/query-request", {"sqlText": sql}, headers)
        return answer.status_code, answer.json()

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        async def post() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=server.routes)), base_url="http://stock") as client:
                return await client.post(path, json=body, headers=headers)

        return asyncio.run(post())


@pytest.fixture
def stock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stock]:
    monkeypatch.setattr(server, "shared_fs", FakeSnow(db_path=tmp_path))
    monkeypatch.setattr(server, "sessions", {})
    yield Stock()
    server.shared_fs.duck_conn.close()


def test_the_login_gives_no_master_token_so_that_the_connector_never_ends_a_session(stock: Stock) -> None:
    assert "masterToken" not in stock.login()


def test_a_lost_lock_is_an_http_500(stock: Stock) -> None:
    one, two = stock.login()["token"], stock.login()["token"]
    for sql in ("CREATE TABLE T (ID NUMBER)", "INSERT INTO T SELECT 1", "BEGIN", "UPDATE T SET ID = 2"):
        assert stock.query(one, sql)[0] == 200
    assert stock.query(two, "UPDATE T SET ID = 3")[0] == 500


def test_an_unknown_copy_option_is_an_http_500(stock: Stock) -> None:
    token = stock.login()["token"]
    stock.query(token, "CREATE TABLE T (ID NUMBER)")
    assert stock.query(token, "COPY INTO T FROM @ST/ PATTERN = '.*'")[0] == 500


def test_an_unknown_session_is_an_http_401(stock: Stock) -> None:
    assert stock.query("unknown", "SELECT 1")[0] == 401


def test_a_time_without_a_zone_is_bound_with_one_so_that_no_block_of_a_table_is_skipped() -> None:
    bound = from_binding({"type": "TIMESTAMP_NTZ", "value": "1795442400000000000"})
    assert isinstance(bound, datetime)
    assert bound.tzinfo is not None


def test_two_cursors_of_a_session_share_one_connection_of_the_engine() -> None:
    connection = FakeSnow().connect("D", "S")
    one, two = connection.cursor(), connection.cursor()
    assert one._duck_conn is two._duck_conn


def test_stages_are_forgotten_at_a_restart(tmp_path: Path) -> None:
    first = FakeSnow(db_path=tmp_path)
    first.connect("D", "S").cursor().execute("CREATE STAGE ST URL = 's3://bucket/'")
    first.duck_conn.close()
    again = FakeSnow(db_path=tmp_path).connect("D", "S")
    assert not again.cursor().execute("SHOW STAGES IN SCHEMA S").fetchall()


def test_the_engine_cannot_read_s3_without_a_download() -> None:
    with duckdb.connect() as engine:
        installed = engine.execute("SELECT installed FROM duckdb_extensions() WHERE extension_name = 'httpfs'").fetchone()
    assert installed in (None, (False,))
