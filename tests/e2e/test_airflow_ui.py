"""Airflow as the operator meets it: every DAG runs, the page tells and acts, and tasks lead to their objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.fixtures.airflow import ENDED, Airflow
from tests.fixtures.platform import Platform, eventually

DAGS = sorted(path.stem for path in (Path(__file__).parents[2] / "dags").glob("*.py"))
RUN_S = 300
SHOWN_MS = 60_000


@pytest.fixture(scope="module")
def airflow(platform: Platform) -> Iterator[Airflow]:
    assert eventually(lambda: platform.count("OPS.LOADS", "STATE = 'MERGED'") > 0, 120)
    signed_in = Airflow(platform)
    yield signed_in
    signed_in.client.close()


def opened(page: Page) -> FrameLocator:
    """The page "Ticklake", reached as a user does, with what it has read."""
    page.get_by_role("link", name="Ticklake").click()
    frame = page.frame_locator("iframe[title=Ticklake]")
    expect(frame.locator("#loads tbody tr").first).to_be_visible(timeout=SHOWN_MS)
    return frame


def test_every_dag_runs_to_success(airflow: Airflow) -> None:
    assert eventually(lambda: {dag["dag_id"] for dag in airflow.get("dags", limit=100)["dags"]} == set(DAGS), 120)
    assert airflow.get("importErrors")["total_entries"] == 0
    runs = {dag_id: airflow.trigger(dag_id) for dag_id in DAGS}
    states: dict[str, str] = {}

    def ended() -> bool:
        states.update({dag_id: airflow.state(dag_id, run_id) for dag_id, run_id in runs.items()})
        return all(state in ENDED for state in states.values())

    eventually(ended, RUN_S)
    assert states == dict.fromkeys(DAGS, "success")


def test_nobody_sees_the_page_without_signing_in(airflow: Airflow) -> None:
    for path in ("", "state", "objects", "page.js", "page.css", "runbooks/lag-grows"):
        assert httpx.get(f"{airflow.url}/ticklake/{path}", timeout=60).status_code == 401, path


def test_the_page_tells_what_the_warehouse_has(airflow: Airflow, platform: Platform) -> None:
    told = airflow.client.get("/ticklake/state").raise_for_status().json()
    assert {name: panel.get("why") for name, panel in told["panels"].items() if "rows" not in panel} == {}
    assert told["dashboard"] == platform.urls["dashboard"]
    run = told["panels"]["loads"]["rows"][-1]
    mine = platform.sql(f"SELECT COUNT(*) AS OBJECTS, SUM(CAST(RECORDS AS NUMBER(37, 0))) AS N FROM OPS.LOADS WHERE RUN_ID = '{run['RUN_ID']}'")[0]
    assert (run["OBJECTS"], run["RECORDS"]) == (int(mine["OBJECTS"]), int(mine["N"]))


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_page_is_read_and_used_in_a_browser(airflow: Airflow, look: str) -> None:
    with airflow.browser(look) as page:  # type: ignore[arg-type]
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        frame = opened(page)
        assert frame.locator("html").get_attribute("data-theme") == look
        expect(frame.locator("#as-of")).to_contain_text("UTC")
        assert "Cannot be told" not in frame.locator("main").inner_text()
        if look == "light":
            frame.get_by_role("button", name="Load now").click()
            expect(frame.locator("#said")).to_contain_text("Started: manual__", timeout=SHOWN_MS)
        frame.get_by_role("link", name="load_ticks", exact=True).click()
        page.wait_for_url("**/dags/load_ticks**")
        assert page.locator("iframe").count() == 0
        assert faults == []


@pytest.mark.skipif("settle_ticks" not in DAGS, reason="there is no settle_ticks")
def test_hours_are_shown_and_settled_from_the_page(airflow: Airflow) -> None:
    with airflow.browser() as page:
        frame = opened(page)
        frame.get_by_role("button", name="Show the hours").click()
        expect(frame.locator("#said")).to_contain_text(re.compile(r"1 hour: \d{4}-\d\d-\d\dT\d\d$"), timeout=SHOWN_MS)
        frame.get_by_role("button", name="Start the backfill").click()
        expect(frame.locator("#said")).to_contain_text("Started backfill", timeout=SHOWN_MS)
    (newest,) = airflow.get("backfills", dag_id="settle_ticks", limit=1, order_by="-id")["backfills"]
    assert newest["dag_run_conf"] == {"rebuild": False, "dry_run": True}
    assert eventually(lambda: airflow.get("dags/settle_ticks/dagRuns", run_type="backfill")["dag_runs"][0]["state"] == "success", RUN_S)


def test_a_load_leads_to_its_objects_and_to_the_dashboard(airflow: Airflow, platform: Platform) -> None:
    told = airflow.client.get("/ticklake/state").json()["panels"]["loads"]["rows"]
    runs = {run["dag_run_id"] for run in airflow.get("dags/load_ticks/dagRuns", order_by="-run_after", limit=100)["dag_runs"]}
    run_id = next(row["RUN_ID"] for row in reversed(told) if row["RUN_ID"] in runs)
    found = airflow.get(f"dags/load_ticks/dagRuns/{run_id}/taskInstances/load/links")["extra_links"]
    assert found["Dashboard"] == platform.urls["dashboard"]
    assert urlsplit(found["Objects of this run"]).path == "/plugin/ticklake/ticklake/"
    keys = {row["OBJECT_KEY"] for row in platform.sql(f"SELECT OBJECT_KEY FROM OPS.LOADS WHERE RUN_ID = '{run_id}'")}
    with airflow.browser() as page:
        page.goto(found["Objects of this run"])
        rows = page.frame_locator("iframe[title=Ticklake]").locator("#objects tbody tr")
        expect(rows).to_have_count(len(keys), timeout=SHOWN_MS)
        assert {row.locator("td").first.inner_text() for row in rows.all()} == keys
