"""Real trades of a day, sixty times as fast as they were: what a person sees who has the pages open."""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.fixtures import trades
from tests.fixtures.bookkeeping import create_portfolio, figure, import_lines
from tests.fixtures.browser import Tab, picture, tab
from tests.fixtures.platform import TICKLAKE, Platform, eventually

pytestmark = pytest.mark.timeout(900)

SYMBOL = "SPY"
MINE = f"SYMBOL = '{SYMBOL}' AND SOURCE = 'replay'"
NOON = f"{trades.DAY}T16:"
"""The hour of the file (UTC) that the replay begins with: New York's noon."""
SPEED = 60
SHARES = 100
CASH = Decimal(100_000) - SHARES * Decimal("167.50")
LINES = f"""date,kind,symbol,quantity,price,amount,ratio,fee,currency,fx_rate,id,note
2026-11-02,deposit,,,,100000,,,USD,,R-1,
2026-11-02,buy,{SYMBOL},{SHARES},167.50,,,,USD,,R-2,
"""
SEEN_MS = 30_000
LOADED_S = 120


@pytest.fixture
def replay(platform: Platform, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A replay of the afternoon that lasts for minutes; ended with the test."""
    rows = trades.rows_of(trades.file_of(SYMBOL))
    path = tmp_path / "afternoon.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["event_time"] >= NOON)
    process = platform.start(TICKLAKE, "produce", "--source", "replay", "--file", path, "--rebase", "--speed", str(SPEED))
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def bar(shown: Tab) -> tuple[str, Decimal]:
    """The newest minute of the table below the candles, and its volume."""
    cells = shown.cells()
    names = [each.upper() for each in shown.page.locator("canvas [role=columnheader]").all_text_contents()]
    newest = dict(zip(names, cells, strict=False))
    return newest["BAR_START"], Decimal(newest["VOLUME"].replace(",", ""))


def test_the_board_moves_a_candle_grows_and_the_portfolio_revalues(
    platform: Platform, replay: subprocess.Popen[str], url: str, browser: Browser, tmp_path: Path
) -> None:
    assert eventually(lambda: platform.count("CURATED.LATEST", MINE), LOADED_S)
    address = f"?symbol={SYMBOL}&source=replay&refresh=1+s"
    with tab(browser) as shown:
        page = shown.page
        shown.go(f"{url}/{address}")
        page.evaluate("window.opened = true")
        price = page.get_by_role("grid").locator("tbody tr").filter(has=page.get_by_role("rowheader", name=SYMBOL, exact=True)).locator(".last").first
        for _ in range(5):
            expect(price).not_to_have_text(price.inner_text(), timeout=SEEN_MS)
        expect(page.locator(".tl-badge", has_text="REPLAY")).to_contain_text("clock")
        picture(page, tmp_path / "moves-board.png")
        page.get_by_text("The same bars as a table").click()
        grown = [bar(shown)]

        def grows() -> bool:
            page.wait_for_timeout(1_000)  # lets the page's own events through
            grown.append(bar(shown))
            minute, volume = grown[-1]
            return any(then == minute and less < volume for then, less in grown)

        assert eventually(grows, 90, step_s=0), grown
        picture(page, tmp_path / "moves-candle.png")
        assert page.evaluate("window.opened") is True
        assert shown.complaints() == []
    with tab(browser) as shown:
        shown.go(f"{url}/portfolio{address}")
        create_portfolio(shown, "Replayed")
        import_lines(shown, LINES, "Import 2 lines")
        value = figure(shown, "Value in USD")
        worth = {value.inner_text()}
        for _ in range(3):
            expect(value).not_to_have_text(value.inner_text(), timeout=SEEN_MS)
            worth.add(value.inner_text())
        picture(shown.page, tmp_path / "moves-portfolio.png")
        assert shown.complaints() == []
    prices = {(Decimal(re.sub(r"[^\d.]", "", each)) - CASH) / SHARES for each in worth}
    known = ", ".join(f"{each}" for each in prices)
    assert replay.poll() is None, "the replay ended before the pages were seen"
    assert eventually(
        lambda: int(platform.sql(f"SELECT COUNT(DISTINCT PRICE) AS N FROM CURATED.TICKS WHERE {MINE} AND PRICE IN ({known})")[0]["N"]) == len(prices), 60
    )
