"""What the four people do with their pages, in a browser: every figure they see is one that the warehouse has."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
from playwright.sync_api import Browser, Page, expect

from dashboard.risk.grid import ROW_HEIGHT
from tests.fixtures.bookkeeping import chosen, create_portfolio, figure, import_lines, open_creation
from tests.fixtures.browser import SHOWN_MS, Tab, picture, pictures, tab
from tests.fixtures.platform import Platform, eventually
from ticklake.alerts import words
from ticklake.alerts.rule import Kind

SYMBOL = "IBM"
MINE = f"SYMBOL = '{SYMBOL}' AND SOURCE = 'simulator'"
NOTE = "a cent or two <script>"
FIRED_S = 120
"""Longest until a price that wanders by cents each second has moved by two."""
REDRAWN_MS = 90_000
"""Twice the time after which evidence is drawn again: somebody may have looked at that minute while it was still the running one."""

LINES = """date,kind,symbol,quantity,price,amount,ratio,fee,currency,fx_rate,id,note
2026-11-02,deposit,,,,10000,,,USD,,W-1,
2026-11-02,buy,IBM,10,100.00,,,1.50,USD,,W-2,
2026-11-03,sell,IBM,4,110.00,,,1.00,USD,,W-3,
2026-11-04,buy,IBM,ten,100.00,,,,USD,,W-4,
"""
"""Three good transactions and one that is none."""

FROZEN = "&refresh=Pause"

DEBOUNCE_MS = 500
"""Well over the time for which Streamlit holds back what was typed into a grid; nothing on the page shows that it is over."""


def opened(shown: Tab, url: str, path: str, address: str = FROZEN) -> Page:
    """A page of one simulated symbol; paused unless the address says otherwise, so that what is on it can be compared."""
    shown.go(f"{url}/{path}?symbol={SYMBOL}&source=simulator{address}")
    return shown.page


def test_the_trader_takes_a_chart_away_with_proof(platform: Platform, url: str, browser: Browser) -> None:
    with tab(browser) as shown:
        page = opened(shown, url, "chart", f"{FROZEN}&range=1+h&interval=1+m")
        page.get_by_role("button", name="Export").click()
        page.get_by_role("button", name="Make Parquet").click()
        with page.expect_download() as taken:
            page.get_by_test_id("stDownloadButton").get_by_role("button").click()
        archive = zipfile.ZipFile(io.BytesIO(Path(taken.value.path()).read_bytes()))
        assert shown.complaints() == []
    told = json.loads(archive.read("sidecar.json"))
    body = archive.read(told["file"])
    assert hashlib.sha256(body).hexdigest() == told["sha256"]
    (kept,) = platform.sql(f"SELECT ROW_COUNT, SOURCES, FEEDS FROM APP.EXPORTS WHERE SHA256 = '{told['sha256']}'")
    bars = pq.read_table(io.BytesIO(body)).to_pylist()
    assert int(kept["ROW_COUNT"]) == len(bars) == told["rows"] > 0
    assert (kept["SOURCES"], kept["FEEDS"]) == ("simulator", "synthetic")
    rows = platform.sql(f"SELECT BAR_START, OPEN, HIGH, LOW, CLOSE FROM CURATED.BARS_1M WHERE {MINE}")
    stored = {str(row["BAR_START"])[:16].replace("T", " "): row for row in rows}
    shared = [bar for bar in bars if f"{bar['BAR_START']:%Y-%m-%d %H:%M}" in stored][:-2]  # the last ones were still growing
    assert shared
    for bar in shared:
        row = stored[f"{bar['BAR_START']:%Y-%m-%d %H:%M}"]
        assert [Decimal(str(bar[name])) for name in ("OPEN", "HIGH", "LOW", "CLOSE")] == [Decimal(str(row[name])) for name in ("OPEN", "HIGH", "LOW", "CLOSE")]


def test_the_portfolio_manager_imports_a_file_and_sees_what_it_is_worth(platform: Platform, url: str, browser: Browser) -> None:
    with tab(browser) as shown:
        opened(shown, url, "portfolio")
        create_portfolio(shown, "Walk")
        import_lines(shown, LINES, "Import the 3 good lines, leave out 1")
        worth = Decimal(figure(shown, "Value in USD").inner_text().replace(",", ""))
        assert "+38.40" in figure(shown, "Realised").inner_text()  # 4 x (110 - 100.15), less the fee of the sale
        assert shown.complaints() == []
    assert platform.count("APP.TRANSACTIONS", "IMPORT_ID LIKE 'W-%'") == 3
    price = (worth - (Decimal("10000") - Decimal("1001.50") + Decimal("439.00"))) / 6
    assert eventually(lambda: platform.count("CURATED.TICKS", f"{MINE} AND ABS(PRICE - {price}) < 0.005"), 60)


def test_the_portfolio_manager_has_a_demo_at_one_click(url: str, browser: Browser, tmp_path: Path) -> None:
    with tab(browser) as shown:
        page = opened(shown, url, "portfolio")
        open_creation(shown).get_by_role("button", name="Create a demo portfolio").click()
        chosen(shown, "Demo")
        total = Decimal(figure(shown, "Value in USD").inner_text().replace(",", ""))
        rows = page.locator("table.tl-positions tbody tr")
        picture(page, pictures(tmp_path) / "portfolio.png")
        assert shown.complaints() == []
        assert rows.count() > 5
        assert 10_000 < total < 10_000_000


def test_the_risk_manager_reads_the_figures_of_the_warehouse(platform: Platform, url: str, browser: Browser, tmp_path: Path) -> None:
    (row,) = platform.sql(f"SELECT * FROM CURATED.RISK WHERE {MINE}")
    with tab(browser) as shown:
        page = opened(shown, url, "risk")
        card = page.locator(".tl-cards > div", has_text="VaR 95 %")
        picture(page, pictures(tmp_path) / "risk.png")
        assert card.locator(".tl-figure").inner_text().replace(" ", "") == f"{float(row['HISTORICAL_VAR_95']):.2%}"
        for panel in ("Portfolio", "Correlation", "Stress"):
            page.get_by_role("radio", name=panel).or_(page.get_by_text(panel, exact=True)).last.click()
            shown.settle()
            assert shown.complaints() == []
            picture(page, tmp_path / f"risk-{panel.lower()}.png")


def test_the_risk_manager_sets_a_limit_and_is_told_what_breaches_it(platform: Platform, url: str, browser: Browser) -> None:
    with tab(browser) as shown:
        page = opened(shown, url, "risk", f"{FROZEN}&show=Portfolio&portfolio=demo")
        table = page.locator("table.tl-limits")
        expect(table).to_be_visible(timeout=SHOWN_MS)
        page.get_by_text("Change limits", exact=True).click()
        cells, editor = page.get_by_test_id("stForm").locator(".dvn-scroller").first, page.locator("#portal input")
        cells.scroll_into_view_if_needed()
        width = (cells.bounding_box() or {"width": 0.0})["width"]
        cells.click(position={"x": 0.55 * width, "y": 1.5 * ROW_HEIGHT + 10})  # the first row's amber; red is beside it
        for share in ("0.011", "0.012"):
            page.keyboard.press("Enter")
            editor.fill(share)
            page.keyboard.press("Tab")
            expect(editor).to_have_count(0)
        page.wait_for_timeout(DEBOUNCE_MS)
        page.get_by_role("button", name="Set limits").click()
        expect(table.locator("tr", has_text=re.compile("Largest position"))).to_contain_text("1.1", timeout=SHOWN_MS)
        expect(table.locator("tbody tr").first).to_contain_text("BREACH")
        assert shown.complaints() == []
    (kept,) = platform.sql("SELECT AMBER, RED, SET_BY FROM APP.LIMITS WHERE PORTFOLIO_ID = 'demo' AND METRIC = 'position' ORDER BY SET_AT DESC LIMIT 1")
    assert (float(kept["AMBER"]), float(kept["RED"]), kept["SET_BY"]) == (0.011, 0.012, "local")


def test_an_alert_that_is_made_in_the_form_fires_once_and_is_in_the_inbox(platform: Platform, url: str, browser: Browser, tmp_path: Path) -> None:
    mine = f"NOTE = '{NOTE}'"
    with tab(browser) as shown:
        page = opened(shown, url, "alerts", "&refresh=1+s")
        page.get_by_role("combobox", name="Kind").click()
        page.get_by_role("option", name=words.KINDS[Kind.MOVE_EITHER]).click()
        page.get_by_role("textbox", name="Percent").fill("0.01")
        page.get_by_role("textbox", name="Note").fill(NOTE)
        page.get_by_role("checkbox", name="Tell me once").check(force=True)
        page.get_by_role("button", name="Make the rule").click()
        assert eventually(lambda: platform.count("APP.ALERTS", mine) == 1, FIRED_S)
        expect(page.get_by_test_id("stToast").filter(has_text=SYMBOL).first).to_be_visible(timeout=SHOWN_MS)
        assert shown.barriers() == []
        picture(page, pictures(tmp_path) / "alerts.png")
        page.get_by_role("button", name=re.compile(r"Acknowledge all \d+ of mine")).click()
        assert eventually(lambda: platform.count("APP.ALERTS", f"{mine} AND ACKNOWLEDGED_BY IS NOT NULL") == 1, 30)
        assert shown.complaints() == []
    (rule,) = platform.sql(f"SELECT SYMBOL, ONCE FROM APP.ALERT_RULES WHERE {mine}")
    assert rule["SYMBOL"] == SYMBOL


def test_the_compliance_officer_reads_what_the_rules_found(platform: Platform, url: str, browser: Browser) -> None:
    newest = "QUALIFY ROW_NUMBER() OVER (PARTITION BY RULE ORDER BY CHECKED_AT DESC, RESULT_ID DESC) = 1"
    with tab(browser) as shown:

        def agrees() -> bool:
            """Whether page and warehouse say the same; a check that ends between the two looks makes them differ once."""
            page = opened(shown, url, "quality")
            stated = page.get_by_text(re.compile(r"^(● All|▲) \d+")).first.inner_text()
            statuses = [rule["STATUS"] for rule in platform.sql(f"SELECT RULE, STATUS FROM OPS.DQ_RESULTS {newest}")]
            held = not {"broken", "unknown"} & set(statuses)
            return (f"All {len(statuses)} " if held else f"of {len(statuses)} ") in stated

        assert eventually(agrees, 60)
        assert shown.complaints() == []


def test_the_compliance_officer_is_led_from_a_minute_to_the_stored_bytes(platform: Platform, url: str, browser: Browser) -> None:
    settled = f"SELECT BAR_START, TRADES FROM CURATED.BARS_1M WHERE {MINE} AND TRADES > 0 ORDER BY BAR_START DESC LIMIT 1 OFFSET 2"
    (bar,) = platform.sql(settled)
    minute = str(bar["BAR_START"])[:16].replace(" ", "T")
    within = f"{MINE} AND EVENT_TIME >= '{minute}:00' AND EVENT_TIME < DATEADD(MINUTE, 1, '{minute}:00'::TIMESTAMP_NTZ(6))"
    objects = platform.sql(
        "SELECT DISTINCT LOADS.OBJECT_KEY, LOADS.SHA256 FROM OPS.LOADS AS LOADS JOIN CURATED.TICKS AS TICKS ON TICKS.GENERATION = LOADS.GENERATION"
        f" AND TICKS.PARTITION_ID = LOADS.PARTITION_ID AND TICKS.OFFSET_ID BETWEEN LOADS.FIRST_OFFSET AND LOADS.LAST_OFFSET WHERE {within}"
    )
    with tab(browser) as shown:
        page = opened(shown, url, "pipeline", f"&minute={minute}")
        again = page.get_by_text(f"The {bar['TRADES']} ticks below make this bar again, in all its figures")
        again.wait_for(timeout=REDRAWN_MS)
        keys = {each["OBJECT_KEY"] for each in objects}
        assert eventually(lambda: keys <= set(shown.cells()), 60)
        assert shown.complaints() == []
