"""Every page of the dashboard in a browser: whole, without faults, for eyes, keyboard and screen reader, on a desk and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dashboard.app import PAGES
from tests.fixtures.browser import PHONE, SHOWN_MS, Tab, picture, pictures, tab

TITLES = {entry.path: entry.title for entries in PAGES.values() for entry in entries}
PATHS = list(TITLES)
FIRST = PATHS[0]
"""The page that the bare address leads to."""

FILLED_BY_WORK = ("portfolio", "risk", "alerts", "access")
"""Pages whose picture for the documents is taken when somebody has worked on them, or that need none."""

FOCUSED = """() => {
  let each = document.activeElement;
  while (each?.shadowRoot?.activeElement) each = each.shadowRoot.activeElement;
  if (each?.tagName === "TR") return `row ${each.querySelector("th").textContent}`;
  return `${each?.tagName} ${each?.getAttribute("aria-label") ?? each?.textContent ?? ""}`;
}"""
"""What has the focus, as far down as shadow trees go."""


def opened(shown: Tab, url: str, path: str, address: str = "") -> None:
    """A page of the platform's own symbols, with a chart where it has one."""
    shown.go(f"{url}/{path}?symbol=IBM&source=simulator{address}")


@pytest.mark.parametrize("path", PATHS, ids=TITLES.values())
def test_a_page_is_whole_and_open_to_everybody(url: str, browser: Browser, path: str, tmp_path: Path) -> None:
    with tab(browser) as shown:
        opened(shown, url, path)
        picture(shown.page, (tmp_path if path in (FIRST, *FILLED_BY_WORK) else pictures(tmp_path)) / f"{path or 'live'}.png")
        assert shown.complaints() == []
        assert shown.barriers() == []
        expect(shown.page).to_have_title(f"{TITLES[path]} · Ticklake")
        shown.page.set_viewport_size(PHONE._asdict())  # type: ignore[arg-type]
        shown.settle()
        picture(shown.page, tmp_path / f"{path or 'live'}-phone.png")
        assert shown.overflow() == 0


@pytest.mark.parametrize("path", PATHS, ids=TITLES.values())
def test_the_dark_theme_is_as_readable(url: str, browser: Browser, path: str, tmp_path: Path) -> None:
    with tab(browser, scheme="dark") as shown:
        opened(shown, url, path)
        picture(shown.page, pictures(tmp_path) / "dashboard-dark.png" if path == FIRST else tmp_path / f"{path}-dark.png")
        assert shown.barriers() == []


def test_the_navigation_keeps_symbol_zone_and_refresh(url: str, browser: Browser) -> None:
    with tab(browser) as shown:
        opened(shown, url, FIRST, "&zone=UTC&refresh=5+s")
        for section, path in [(section, entry.path) for section, entries in PAGES.items() for entry in entries][1:]:
            shown.page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
            shown.page.get_by_role("menuitem", name=TITLES[path], exact=True).click()
            shown.page.wait_for_url(re.compile(f"/{path}"))
            shown.settle()
            assert {"symbol=IBM", "zone=UTC", "refresh=5+s"} <= set(shown.page.url.partition("?")[2].split("&")), shown.page.url


def test_a_view_that_is_sent_shows_the_same(url: str, browser: Browser) -> None:
    with tab(browser) as mine, tab(browser) as yours:
        opened(mine, url, FIRST)
        mine.page.get_by_text("UTC", exact=True).first.click()
        mine.page.get_by_text("30 s", exact=True).click()
        mine.page.wait_for_url(re.compile("zone=UTC.*refresh=30|refresh=30.*zone=UTC"))
        yours.go(mine.page.url)
        quotes = [each.page.locator(".tl-quote").first for each in (mine, yours)]
        assert {quote.inner_text().split()[0] for quote in quotes} == {"IBM"}
        expect(yours.page.get_by_role("radio", name="30 s")).to_be_checked(timeout=SHOWN_MS)


def test_the_keyboard_reaches_controls_and_watchlist_in_order(url: str, browser: Browser) -> None:
    with tab(browser) as shown:
        opened(shown, url, FIRST, "&refresh=Pause")
        seen = []
        for _ in range(60):
            shown.page.keyboard.press("Tab")
            seen.append(shown.page.evaluate(FOCUSED))
            if seen[-1].startswith("row"):
                break
        assert seen[-1].startswith("row"), seen
        shown.page.keyboard.press("ArrowDown")
        symbol = shown.page.evaluate(FOCUSED).split()[1]
        shown.page.keyboard.press("Enter")
        shown.page.wait_for_url(re.compile(rf"symbol={re.escape(symbol)}\b"))
        expect(shown.page.locator(".tl-quote").first).to_contain_text(symbol)
