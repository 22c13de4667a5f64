"""The page in Airflow's UI: who gets it, what it says when the warehouse has no answer, and that it is cheap to have."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from airflow.api_fastapi.core_api import security
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.fakes.clock import ManualClock
from ticklake.errors import ConfigError, TicklakeError, WarehouseRefused, WarehouseUnavailable
from ticklake_airflow import links
from ticklake_airflow.page import app as page
from ticklake_airflow.page.mounted import Message, Mounted
from ticklake_airflow.page.panels import KEEP_S, NAMES, Panels
from ticklake_io.sql import Params, Statements, bind
from ticklake_io.warehouse import Row

STATEMENTS = Statements(page.HERE / "sql")


class FakeWarehouse:
    """Answers every statement with `answer`, or with the error that `broken` names for its panel."""

    def __init__(self, answer: list[Row] | None = None, broken: dict[str, TicklakeError] | None = None) -> None:
        self.asked: list[str] = []
        self._answer = answer or []
        self._broken = broken or {}

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        name = next(path.stem for path in (page.HERE / "sql").glob("*.sql") if path.read_text() == sql)
        bind(sql, params or {})
        self.asked.append(name)
        if name in self._broken:
            raise self._broken[name]
        return self._answer

    def frame(self, sql: str, params: Params | None = None) -> Any:
        raise NotImplementedError

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield


def panels(warehouse: FakeWarehouse, clock: ManualClock | None = None) -> Panels:
    return Panels(lambda: warehouse, STATEMENTS, clock or ManualClock())


def get(app: Any, *paths: str) -> list[httpx.Response]:
    """The answers to GETs, one after the other."""

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://airflow") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


@pytest.fixture
def app() -> FastAPI:
    return page.create_app(panels(FakeWarehouse()))


def signed_in(app: FastAPI, monkeypatch: pytest.MonkeyPatch, *, may: bool) -> None:
    """A user whom Airflow knows, and who may see plugins or not."""
    app.dependency_overrides[security.get_user] = lambda: SimpleNamespace(get_name=lambda: "somebody")
    monkeypatch.setattr(security, "get_auth_manager", lambda: SimpleNamespace(is_authorized_view=lambda **_: may))


def paths(app: FastAPI) -> list[str]:
    return [route.path.replace("{name}", "load-fails") for route in app.routes if isinstance(route, APIRoute)]


def test_nobody_gets_anything_without_signing_in(app: FastAPI) -> None:
    assert {"/", "/state", "/objects", "/page.js", "/runbooks/load-fails"} <= set(paths(app))
    assert [answer.status_code for answer in get(app, *paths(app))] == [401] * len(paths(app))
    assert [answer.status_code for answer in get(app, "/docs", "/openapi.json")] == [404, 404]


def test_who_may_not_see_plugins_gets_nothing(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(app, monkeypatch, may=False)
    assert [answer.status_code for answer in get(app, *paths(app))] == [403] * len(paths(app))


def test_the_page_needs_nothing_from_elsewhere(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(app, monkeypatch, may=True)
    names = sorted(path.name for path in (page.HERE / "static").iterdir() if path.name != "index.html")
    answers = get(app, "/", *(f"/{name}" for name in names))
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    for answer in answers:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert set(re.findall(r"https?://[\w.]+", answer.text)) <= {"http://www.w3.org"}
        assert "innerHTML" not in answer.text
    wanted = set(re.findall(r'(?:src|href)="([\w.]+)"', answers[0].text)) | {name for each in answers for name in re.findall(r'from "\./([\w.]+)"', each.text)}
    assert wanted == set(names)


def test_values_are_told_as_json_has_them() -> None:
    row = {"A": datetime(2026, 11, 23, 10, 0, 0, 5), "B": Decimal("12"), "C": Decimal("0.5"), "D": None, "E": "text"}  # noqa: DTZ001 - as the warehouse gives it
    told = panels(FakeWarehouse([row])).all()
    assert told["loads"] == {"rows": [{"A": "2026-11-23T10:00:00.000005+00:00", "B": 12, "C": 0.5, "D": None, "E": "text"}]}
    assert set(told) == set(NAMES)


def test_a_table_that_is_not_there_takes_one_panel_only(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page.create_app(panels(FakeWarehouse(broken={"checks": WarehouseRefused("OPS.DQ_RESULTS does not exist")})))
    signed_in(app, monkeypatch, may=True)
    told = get(app, "/state")[0].json()["panels"]
    assert told.pop("checks") == {"why": "OPS.DQ_RESULTS does not exist"}
    assert all(panel == {"rows": []} for panel in told.values())


def test_a_warehouse_that_does_not_answer_is_awaited_once() -> None:
    warehouse = FakeWarehouse(broken=dict.fromkeys(NAMES, WarehouseUnavailable("the warehouse does not answer")))
    told = panels(warehouse).all()
    assert all(told[name] == {"why": "the warehouse does not answer"} for name in NAMES)
    assert len(warehouse.asked) == 1


def test_settings_that_are_missing_are_named() -> None:
    def connect() -> FakeWarehouse:
        raise ConfigError("TICKLAKE_WAREHOUSE_USER: field required")

    assert Panels(connect, STATEMENTS, ManualClock()).all()["loads"] == {"why": "TICKLAKE_WAREHOUSE_USER: field required"}


def test_many_who_look_ask_the_warehouse_once() -> None:
    warehouse, clock = FakeWarehouse(), ManualClock()
    shown = panels(warehouse, clock)
    shown.all()
    clock.advance(KEEP_S - 0.1)
    shown.all()
    assert warehouse.asked == list(NAMES)
    clock.advance(0.2)
    shown.all()
    assert warehouse.asked == list(NAMES) * 2


def test_objects_are_asked_for_by_run_or_hour_and_nothing_else_gets_into_the_statement(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(app, monkeypatch, may=True)
    answers = get(app, "/objects?run=manual__1", "/objects?hour=2026-11-23T10", "/objects?hour=%25")
    assert [answer.status_code for answer in answers] == [200, 200, 422]


def test_a_runbook_is_text_and_no_way_out_of_its_folder(app: FastAPI, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    signed_in(app, monkeypatch, may=True)
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "lag-grows.md").write_text("# Lag <grows>")
    (tmp_path / "secret.md").write_text("secret")
    monkeypatch.setattr(page, "RUNBOOKS", tmp_path / "runbooks")
    found, outside, none = get(app, "/runbooks/lag-grows", "/runbooks/..%2Fsecret", "/runbooks/gone")
    assert "# Lag &lt;grows&gt;" in found.text
    assert (outside.status_code, none.status_code) == (404, 404)
    assert get(app, "/state")[0].json()["runbooks"] == ["lag-grows"]


def test_the_index_of_the_runbooks_names_each_of_them() -> None:
    named = set(re.findall(r"\]\(([\w-]+)\.md\)", (page.RUNBOOKS / "README.md").read_text()))
    assert named == {path.stem for path in page.RUNBOOKS.glob("*.md")} - {"README"}


def test_the_app_is_made_at_the_first_request_and_once() -> None:
    made: list[int] = []

    async def hello(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def make() -> Any:
        made.append(1)
        return hello

    mounted = Mounted(make)
    assert made == []

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(mounted), base_url="http://airflow") as client:
            return await asyncio.gather(*(client.get("/") for _ in range(5)))

    assert [answer.status_code for answer in asyncio.run(ask())] == [204] * 5
    assert made == [1]


def key(dag_id: str) -> Any:
    return SimpleNamespace(dag_id=dag_id, run_id="manual__2026-11-23T10:00:00+00:00")


def task(*tags: str) -> Any:
    return SimpleNamespace(get_dag=lambda: SimpleNamespace(tags=set(tags)))


def test_a_load_leads_to_its_objects_and_others_do_not() -> None:
    link = links.ObjectsLink()
    assert link.get_link(task("raw"), ti_key=key("load_ticks")) == "/plugin/ticklake/ticklake/?run=manual__2026-11-23T10%3A00%3A00%2B00%3A00"
    assert link.get_link(task("raw"), ti_key=key("somebody_elses")) == ""


def test_our_tasks_lead_to_the_dashboard_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    link = links.DashboardLink()
    assert link.get_link(task("raw"), ti_key=key("load_ticks")) == ""  # settings that are not there
    for name in ("KAFKA_BOOTSTRAP", "S3_BUCKET", "WAREHOUSE_ACCOUNT", "WAREHOUSE_USER"):
        monkeypatch.setenv(f"TICKLAKE_{name}", "test")
    assert link.get_link(task("raw"), ti_key=key("load_ticks")) == ""
    monkeypatch.setenv("TICKLAKE_DASHBOARD_URL", "https://ticklake.example")
    assert link.get_link(task("raw"), ti_key=key("load_ticks")) == "https://ticklake.example"
    assert link.get_link(task("billing"), ti_key=key("somebody_elses")) == ""
