"""The dashboard in a browser, over a platform that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests.fixtures.browser import picture, pictures, tab
from tests.fixtures.platform import Platform

LOAD_MS = 60_000
"""Longest until the first load of a new platform, or the next load of an old one, is on screen."""


ZONES = {"Exchange": "America/New_York", "Local": "Europe/Berlin", "UTC": "UTC"}
"""The clocks that a reader in Berlin has for what trades in New York."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of 1440 x 900, light."""
    with tab(browser) as shown:
        yield shown.page


def row(page: Page, symbol: str | None = None) -> Locator:
    """A row of the watchlist: that of `symbol`, or the first."""
    rows = page.get_by_role("grid").locator("tbody tr")
    return rows.filter(has=page.get_by_role("rowheader", name=symbol, exact=True)).first if symbol else rows.first


def last(page: Page, symbol: str) -> Decimal:
    """The price of `symbol` on the watchlist."""
    return Decimal(row(page, symbol).locator(".last").inner_text().replace(",", ""))


def refreshed(page: Page) -> None:
    """Wait until a price on the watchlist has changed."""
    table = page.get_by_role("grid").locator("tbody")
    expect(table).not_to_have_text(table.text_content() or "", timeout=LOAD_MS)


def shown_at(page: Page) -> datetime:
    """The time of the newest event of the chosen instrument, in whatever zone it is written."""
    text = page.locator(".tl-quote .tl-small").inner_text()
    found = re.search(r"(\S+ \S+) ([A-Z]+), received", text)
    assert found, text
    zone = {"EST": ZONES["Exchange"], "EDT": ZONES["Exchange"], "CET": ZONES["Local"], "CEST": ZONES["Local"], "UTC": "UTC"}[found.group(2)]
    return datetime.fromisoformat(found.group(1)).replace(tzinfo=ZoneInfo(zone))


def opened(page: Page, url: str) -> None:
    """The page with its first prices and candles."""
    page.goto(url)
    row(page).wait_for(timeout=2 * LOAD_MS)
    page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first.wait_for(timeout=2 * LOAD_MS)


def test_prices_move_without_a_reload_and_are_those_of_the_warehouse(platform: Platform, page: Page, tmp_path: Path) -> None:
    opened(page, platform.urls["dashboard"])
    page.evaluate("window.opened = true")
    symbol = row(page).get_by_role("rowheader").inner_text()
    before = row(page).locator(".last").inner_text()
    expect(row(page).locator(".last")).not_to_have_text(before, timeout=LOAD_MS)
    assert page.evaluate("window.opened") is True
    assert row(page).get_by_role("rowheader").inner_text() == symbol

    query = f"SELECT PRICE FROM CURATED.TICKS WHERE SYMBOL = '{symbol}' AND SOURCE = 'simulator' ORDER BY EVENT_TIME DESC LIMIT 1000"
    on_screen = last(page, symbol)
    for _ in range(120):
        stored = {Decimal(str(each["PRICE"])).quantize(Decimal("0.01")) for each in platform.sql(query)}
        if on_screen in stored:
            break
        page.wait_for_timeout(500)  # the tail shows a price before it is loaded
    assert on_screen in stored

    expect(row(page, symbol).locator(".name")).not_to_be_empty(timeout=2 * LOAD_MS)  # names come with the first load
    picture(page, pictures(tmp_path) / "dashboard.png")


def test_a_row_chooses_the_instrument_of_all_pages_and_the_address_says_so(platform: Platform, page: Page) -> None:
    opened(page, platform.urls["dashboard"])
    third = page.get_by_role("grid").locator("tbody tr").nth(3)
    symbol = third.get_by_role("rowheader").inner_text()
    third.focus()
    page.keyboard.press("Enter")
    quote = page.locator(".tl-quote", has_text=symbol)
    quote.wait_for()
    page.wait_for_url(lambda url: f"symbol={symbol}" in url)
    page.reload()
    quote.wait_for()
    expect(row(page, symbol)).to_have_attribute("aria-selected", "true")


def test_scroll_and_order_outlive_refreshes(platform: Platform, page: Page) -> None:
    opened(page, platform.urls["dashboard"])
    page.get_by_role("button", name="Volume", exact=True).click()
    page.locator(".scroll").evaluate("each => each.scrollTop = 120")
    for _ in range(2):
        refreshed(page)
    assert page.locator(".scroll").evaluate("each => each.scrollTop") == 120
    expect(page.get_by_role("columnheader", name="Volume")).to_have_attribute("aria-sort", "descending")


def test_pause_stops_the_screen_and_says_so(platform: Platform, page: Page, browser: Browser) -> None:
    opened(page, platform.urls["dashboard"])
    page.get_by_text("Pause", exact=True).click()
    page.get_by_test_id("stPopover").get_by_text("paused at").wait_for()
    frozen = page.get_by_test_id("stMain").inner_text()
    with tab(browser) as other:
        opened(other.page, platform.urls["dashboard"])
        for _ in range(3):
            refreshed(other.page)
    assert page.get_by_test_id("stMain").inner_text() == frozen


def test_the_zone_is_that_of_every_time(platform: Platform, page: Page) -> None:
    opened(page, f"{platform.urls['dashboard']}?symbol=IBM&source=simulator")
    for name, zone in ZONES.items():
        page.get_by_text(name, exact=True).first.click()
        abbreviation = datetime.now(ZoneInfo(zone)).tzname() or ""
        expect(page.locator(".tl-quote .tl-small")).to_contain_text(f" {abbreviation}, received")
        expect(page.locator(".tl-market")).to_contain_text(re.compile(rf"\b{abbreviation}\b|closes in"))
        newest = platform.sql("SELECT EVENT_TIME FROM CURATED.LATEST WHERE SYMBOL = 'IBM' AND SOURCE = 'simulator'")[0]["EVENT_TIME"]
        stored = datetime.fromisoformat(newest).replace(tzinfo=ZoneInfo("UTC"))
        assert abs((shown_at(page) - stored).total_seconds()) < 300, name


def test_the_page_asks_nobody_but_its_own_server(platform: Platform, page: Page) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    opened(page, platform.urls["dashboard"])
    own = platform.urls["dashboard"].rstrip("/")
    assert [url for url in asked if not url.startswith((own, "data:", "blob:", own.replace("http", "ws", 1)))] == []
