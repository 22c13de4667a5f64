"""The dashboard in a browser, over a platform that runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--headless=new", "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync"]
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "dashboard.png"

SYMBOL, SOURCE, LAST = 0, 2, 3
"""Columns of the board."""

LOAD_MS = 60_000
"""Longest until the first load of a new platform, or the next load of an old one, is on screen."""


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of 1440 x 900, light."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
        yield context.new_page()
        browser.close()


def cell(page: Page, column: int, row: int = 0) -> str:
    """The text of a cell of the board, as a screen reader gets it."""
    return page.get_by_test_id(f"glide-cell-{column}-{row}").first.text_content() or ""


def opened(page: Page, url: str) -> None:
    """The page with its first prices and candles."""
    page.goto(url)
    page.get_by_test_id(f"glide-cell-{LAST}-0").first.wait_for(state="attached", timeout=2 * LOAD_MS)
    page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first.wait_for(timeout=2 * LOAD_MS)


def test_prices_move_without_a_reload_and_are_those_of_the_warehouse(platform: Any, page: Page, tmp_path: Path) -> None:
    opened(page, platform.urls["dashboard"])
    page.evaluate("window.opened = true")
    symbol, source, before = cell(page, SYMBOL), cell(page, SOURCE), cell(page, LAST)
    page.wait_for_function(
        "([id, before]) => document.querySelector(`[data-testid=${id}]`).textContent !== before", arg=[f"glide-cell-{LAST}-0", before], timeout=LOAD_MS
    )
    assert page.evaluate("window.opened") is True
    assert (cell(page, SYMBOL), cell(page, SOURCE)) == (symbol, source)

    query = f"SELECT PRICE FROM CURATED.LATEST WHERE SYMBOL = '{symbol}' AND SOURCE = '{source}'"
    for _ in range(60):
        on_screen, stored = Decimal(cell(page, LAST)), Decimal(str(platform.sql(query)[0]["PRICE"]))
        if on_screen == stored:
            break
        page.wait_for_timeout(500)  # a load came between the two looks, or the screen is about to follow it
    assert on_screen == stored

    picture = PICTURE if os.environ.get("TICKLAKE_PICTURES") == "1" else tmp_path / PICTURE.name
    picture.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=picture)


def test_a_click_on_the_board_chooses_the_candles_and_the_address_says_so(platform: Any, page: Page) -> None:
    opened(page, platform.urls["dashboard"])
    symbol, source = cell(page, SYMBOL, 3), cell(page, SOURCE, 3)
    page.get_by_test_id("stDataFrame").first.locator(".dvn-scroller").click(position={"x": 30, "y": 32 + 3 * 26 + 13})
    page.locator(".tl-quote", has_text=symbol).wait_for()
    page.wait_for_url(lambda url: f"symbol={symbol}" in url and f"source={source}" in url)
    page.reload()
    page.locator(".tl-quote", has_text=symbol).wait_for()


def test_pause_stops_the_screen_and_says_so(platform: Any, page: Page) -> None:
    opened(page, platform.urls["dashboard"])
    page.get_by_text("Pause", exact=True).click()
    page.locator(".tl-hop", has_text="paused at").wait_for()
    frozen = page.locator(".tl-line").inner_text()
    page.wait_for_timeout(5_000)
    assert page.locator(".tl-line").inner_text() == frozen


def test_the_page_asks_nobody_but_its_own_server(platform: Any, page: Page) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    opened(page, platform.urls["dashboard"])
    own = platform.urls["dashboard"].rstrip("/")
    assert [url for url in asked if not url.startswith((own, "data:", "blob:", own.replace("http", "ws", 1)))] == []
