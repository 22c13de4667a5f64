"""The watchlist's script in a browser, given what the page gives it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from dashboard import figures
from dashboard.components import watchlist

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
HERE = Path(watchlist.__file__).parent
HTML, CSS, JS = ((HERE / f"watchlist.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))

MOUNT = """async ([html, css, js]) => {
  const host = document.getElementById("host");
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `<div><div>${html}</div><style>${css}</style></div>`;
  const script = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })));
  window.flashes = 0;
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (...given) { window.flashes += 1; return animate.apply(this, given); };
  window.chosen = [];
  window.show = (text) => script.default({
    data: new TextEncoder().encode(text),
    parentElement: root,
    setTriggerValue: (name, value) => window.chosen.push([name, ...value]),
  });
}"""


@pytest.fixture
def page() -> Iterator[Page]:
    """A page with an empty watchlist; `window.show` refreshes it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless=new"])
        opened = browser.new_context(viewport={"width": 900, "height": 400}).new_page()
        opened.set_content('<!doctype html><html lang="en"><title>Watchlist</title><main id="host" style="display:block;height:300px"></main></html>')
        opened.evaluate(MOUNT, [HTML, CSS, JS])
        yield opened
        browser.close()


def row(symbol: str, last: float = 100.0, percent: float | None = 1.0, age_s: float = 2.0, **given: Any) -> watchlist.Row:
    """A row as `rows_json` makes it; the present is second 100,000."""
    nan = float("nan")
    usual = watchlist.Row(
        symbol,
        "simulator",
        f"{symbol} Inc.",
        "synthetic",
        figures.price(last),
        figures.change(nan if percent is None else percent),
        figures.percent(nan if percent is None else percent),
        "5",
        0 if percent is None else 1 if percent > 0 else -1,
        [0, 50, 100],
        (100_000 - age_s) * 1000,
        (last, percent, percent, 5.0),
    )
    return msgspec.structs.replace(usual, **given)


def show(page: Page, *rows: watchlist.Row, chosen: str | None = None, motion: bool = True) -> None:
    key = None if chosen is None else [chosen, "simulator"]
    page.evaluate("show", msgspec.json.encode({"at": 100_000_000, "stale_s": 60, "motion": motion, "chosen": key, "rows": rows}).decode())


def column(page: Page, name: str) -> list[str]:
    return page.locator(f"tbody tr:visible .{name}").all_inner_texts()


NAMES = ["BRK.B", "^GSPC", "BTC-USD", "005930.KS", "X" * 40, "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", 'it\'s "quoted"', "🚀", "__proto__"]


def test_every_name_is_text(page: Page) -> None:
    show(page, *map(row, NAMES))
    assert page.locator("tbody th").evaluate_all("cells => cells.map(cell => cell.textContent)") == NAMES
    assert page.locator("tbody img, tbody script").count() == 0
    page.locator("tbody tr").nth(5).click()
    assert page.evaluate("chosen") == [["chosen", NAMES[5], "simulator"]]


def test_figures_are_those_that_were_given(page: Page) -> None:
    show(page, row("A", 0.00000123), row("B", 620_000.0, -0.8, volume="8,589,934,592"), row("C", percent=None, age_s=300))
    assert column(page, "last") == ["0.00000123", "620,000.00", "100.00"]
    assert column(page, "percent") == ["▲ +1.00 %", "▼ -0.80 %", "n/a"]
    assert column(page, "volume")[1] == "8,589,934,592"
    assert [each.get_attribute("class") for each in page.locator("tbody tr").all()] == ["rise", "fall", "old"]


@pytest.mark.parametrize("seconds", [0.0, 1.9, 119.5, 120.0, 7_199.0, 7_200.0, 172_799.0, 172_800.0, 60 * 86_400.0])
def test_ages_are_written_as_everywhere(page: Page, seconds: float) -> None:
    show(page, row("A", age_s=seconds))
    assert column(page, "age") == [figures.duration(seconds)]


def test_order_filter_scroll_focus_and_selection_outlive_a_refresh(page: Page) -> None:
    rows = [row(f"S{number:02}", percent=number / 10) for number in range(40)]
    show(page, *rows, chosen="S07")
    page.get_by_role("button", name="Chg %").click()
    assert column(page, "symbol")[:2] == ["S39", "S38"]
    page.get_by_label("Filter").fill("s")
    page.locator("tbody tr", has_text="S20").focus()
    page.mouse.move(890, 390)
    page.locator(".scroll").evaluate("each => each.scrollTop = 150")
    assert page.locator(".scroll").evaluate("each => each.scrollTop") == 150
    rows[1] = row("S01", percent=9.0)
    show(page, *rows, chosen="S07")
    assert column(page, "symbol")[:3] == ["S01", "S39", "S38"]
    assert page.get_by_role("columnheader", name="Chg %").get_attribute("aria-sort") == "descending"
    assert page.locator(".scroll").evaluate("each => each.scrollTop") == 150
    assert page.locator("tbody tr:focus").inner_text().startswith("S20")
    assert page.locator("tbody tr[aria-selected=true] th").all_inner_texts() == ["S07"]
    assert page.get_by_label("Filter").input_value() == "s"


def test_the_keyboard_walks_and_chooses(page: Page) -> None:
    show(page, *map(row, "ABCDE"), chosen="B")
    page.locator("tbody tr").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End", "ArrowDown", "Home", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("chosen") == [["chosen", "B", "simulator"]]
    assert page.locator("tbody tr[tabindex='0']").count() == 1


def test_a_filter_finds_symbols_and_names(page: Page) -> None:
    show(page, row("A", name="Apple"), row("B", name="Banana"), row("C", name="apple pie"))
    page.get_by_label("Filter").fill("APPLE")
    assert column(page, "symbol") == ["A", "C"]
    assert page.get_by_role("status").inner_text() == "2 of 3"


def test_what_is_not_known_comes_last_both_ways(page: Page) -> None:
    show(page, row("A", percent=None), row("B", percent=-1.0), row("C", percent=2.0))
    heading = page.get_by_role("button", name="Chg %")
    heading.click()
    page.mouse.move(890, 390)
    assert column(page, "symbol") == ["C", "B", "A"]
    heading.click()
    assert column(page, "symbol") == ["B", "C", "A"]
    heading.click()
    assert column(page, "symbol") == ["A", "B", "C"]


def test_a_price_that_moved_flashes_once_and_not_without_motion(page: Page) -> None:
    show(page, row("A", 100.0), row("B", 100.0))
    show(page, row("A", 101.0), row("B", 100.0))
    assert page.evaluate("flashes") == 1
    show(page, row("A", 102.0), motion=False)
    assert page.evaluate("flashes") == 1
    page.emulate_media(reduced_motion="reduce")
    show(page, row("A", 103.0))
    assert page.evaluate("flashes") == 1


def test_a_row_that_left_the_board_leaves_the_table(page: Page) -> None:
    show(page, row("A"), row("B"))
    show(page, row("B"))
    assert column(page, "symbol") == ["B"]


def test_the_table_breaks_no_rule_of_accessibility(page: Page) -> None:
    show(page, *map(row, "ABCDE"), chosen="B")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
    serious = [each["id"] for each in found.response["violations"] if each["impact"] in {"serious", "critical"}]
    assert serious == [], json.dumps(found.response["violations"], indent=1)[:3000]
