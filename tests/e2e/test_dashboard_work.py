"""What people do with their pages, in a browser: every figure they see is one that the warehouse has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.fixtures.airflow import ENDED, Airflow
from tests.fixtures.browser import Tab, chromium, pictures, tab
from tests.fixtures.platform import Platform, eventually

SYMBOL = "IBM"
RUN_S = 300


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def url(platform: Platform) -> str:
    """The dashboard's address, once there are daily bars and what is computed from them."""
    airflow = Airflow(platform)
    with closing(airflow.client):
        run = airflow.trigger("ingest_daily_bars")
        assert eventually(lambda: airflow.state("ingest_daily_bars", run) in ENDED, RUN_S)
    assert eventually(lambda: platform.count("CURATED.RISK", f"SYMBOL = '{SYMBOL}'") and platform.count("OPS.DQ_RESULTS"), RUN_S)
    return platform.urls["dashboard"]


def opened(shown: Tab, url: str, path: str, address: str = "") -> Page:
    """A page of one simulated symbol; paused, so that what is on it can be compared."""
    shown.go(f"{url}/{path}?symbol={SYMBOL}&source=simulator&refresh=Pause{address}")
    return shown.page


def test_the_risk_manager_reads_the_figures_of_the_warehouse(platform: Platform, url: str, browser: Browser, tmp_path: Path) -> None:
    (row,) = platform.sql(f"SELECT * FROM CURATED.RISK WHERE SYMBOL = '{SYMBOL}' AND SOURCE = 'simulator'")
    with tab(browser) as shown:
        page = opened(shown, url, "risk")
        card = page.locator(".tl-cards > div", has_text="VaR 95 %")
        page.screenshot(path=pictures(tmp_path) / "risk.png")
        assert card.locator(".tl-figure").inner_text().replace(" ", "") == f"{float(row['HISTORICAL_VAR_95']):.2%}"
        for panel in ("Portfolio", "Correlation", "Stress"):
            page.get_by_role("radio", name=panel).or_(page.get_by_text(panel, exact=True)).last.click()
            shown.settle()
            assert shown.complaints() == []
            page.screenshot(path=pictures(tmp_path) / f"risk-{panel.lower()}.png")


def test_the_compliance_officer_reads_what_the_rules_found(platform: Platform, url: str, browser: Browser) -> None:
    with tab(browser) as shown:
        page = opened(shown, url, "quality")
        stated = page.get_by_text(re.compile(r"^(● All|▲) \d+")).first.inner_text()
        assert shown.complaints() == []
    rules = platform.sql("SELECT RULE, STATUS FROM OPS.DQ_RESULTS QUALIFY ROW_NUMBER() OVER (PARTITION BY RULE ORDER BY CHECKED_AT DESC) = 1")
    assert str(len(rules)) in stated
    assert ("All" in stated) == all(rule["STATUS"] not in ("broken", "unknown") for rule in rules)
    with tab(browser) as shown:
        opened(shown, url, "pipeline")
        assert shown.complaints() == []
