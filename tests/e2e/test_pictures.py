"""The README's pictures of the running producer and consumer: their real logs, as a terminal would show them."""

from __future__ import annotations

import html
import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.test_dashboard import CHROMIUM, FLAGS
from tests.fixtures.platform import Platform, eventually

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PAGE = """<body style="margin:0;background:#101418;color:#d8dee6;font:13px/1.5 'DejaVu Sans Mono',monospace">
<div style="padding:10px;background:#1b222a;color:#8fa1b3">$ {title}</div><pre style="margin:0;padding:14px 16px;white-space:pre-wrap">{text}</pre></body>"""


@pytest.mark.parametrize(("name", "event"), [("producer", "producing"), ("consumer", "progress")])
def test_a_picture_of_the_running_service(platform: Platform, name: str, event: str, tmp_path: Path) -> None:
    assert eventually(lambda: event in platform.ticklake("logs", name).stdout, 120)
    text = platform.ticklake("logs", name, "--lines", "12").stdout
    folder = IMAGES if os.environ.get("TICKLAKE_PICTURES") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 420})
        page.set_content(PAGE.format(title=f"ticklake logs {name}", text=html.escape(text)))
        page.screenshot(path=folder / f"{name}.png")
        browser.close()
    assert (folder / f"{name}.png").stat().st_size > 5_000
