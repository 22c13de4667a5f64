"""The documents' pictures of what runs: logs of producer and consumer as a terminal would show them, and pages of Airflow."""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.fixtures.airflow import CHROMIUM, FLAGS, Airflow
from tests.fixtures.platform import Platform, eventually

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LOADED_MS = 60_000
PAGE = """<body style="margin:0;background:#101418;color:#d8dee6;font:13px/1.5 'DejaVu Sans Mono',monospace">
<div style="padding:10px;background:#1b222a;color:#8fa1b3">$ {title}</div><pre style="margin:0;padding:14px 16px;white-space:pre-wrap">{text}</pre></body>"""


def place(otherwise: Path) -> Path:
    """Where pictures go: to the documents when they are wanted there."""
    folder = IMAGES if os.environ.get("TICKLAKE_PICTURES") == "1" else otherwise
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize(("name", "event"), [("producer", "producing"), ("consumer", "progress")])
def test_a_picture_of_the_running_service(platform: Platform, name: str, event: str, tmp_path: Path) -> None:
    assert eventually(lambda: event in platform.ticklake("logs", name).stdout, 120)
    text = platform.ticklake("logs", name, "--lines", "12").stdout
    folder = place(tmp_path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 420})
        page.set_content(PAGE.format(title=f"ticklake logs {name}", text=html.escape(text)))
        page.screenshot(path=folder / f"{name}.png")
        browser.close()
    assert (folder / f"{name}.png").stat().st_size > 5_000


def overview(page: Page) -> None:
    """The page "Ticklake" with its figures and loads, all of it in sight."""
    page.set_viewport_size({"width": 1280, "height": 1400})
    page.goto("/plugin/ticklake")
    frame = page.frame_locator("iframe[title=Ticklake]")
    expect(frame.locator("#loads tbody tr").first).to_be_visible(timeout=LOADED_MS)
    expect(frame.locator("#failures *").first).to_be_visible(timeout=LOADED_MS)


def objects(page: Page) -> None:
    """The objects of a load, as the number in the list of loads leads to them."""
    overview(page)
    page.set_viewport_size({"width": 1280, "height": 520})
    frame = page.frame_locator("iframe[title=Ticklake]")
    frame.locator("#loads tbody a").first.click()
    expect(frame.locator("#objects tbody tr").first).to_be_visible(timeout=LOADED_MS)


def manual(page: Page) -> None:
    """What a DAG says of itself."""
    page.goto("/dags/load_ticks")
    page.get_by_role("button", name="Dag Docs").click()
    expect(page.get_by_text("When it fails at 3 am")).to_be_visible(timeout=LOADED_MS)


def dags(page: Page) -> None:
    """All DAGs with their runs."""
    page.goto("/dags")
    expect(page.get_by_role("link", name="load_ticks").first).to_be_visible(timeout=LOADED_MS)


@pytest.mark.parametrize(
    ("name", "look", "go"),
    [("ticklake", "light", overview), ("ticklake-dark", "dark", overview), ("objects", "light", objects), ("manual", "light", manual), ("dags", "light", dags)],
)
def test_a_picture_of_airflow(platform: Platform, name: str, look: Literal["light", "dark"], go: Callable[[Page], None], tmp_path: Path) -> None:
    assert eventually(lambda: platform.count("OPS.LOADS", "STATE = 'MERGED'") > 0, 120)
    path = place(tmp_path) / f"airflow-{name}.png"
    airflow = Airflow(platform)
    with closing(airflow.client), airflow.browser(look) as page:
        go(page)
        page.screenshot(path=path)
    assert path.stat().st_size > 20_000
