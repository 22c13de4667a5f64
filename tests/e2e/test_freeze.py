"""Each hop frozen in turn: exactly that hop is named, in time, on the page and by `ticklake status`, and those behind it say what they wait for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from dashboard.freshness import SCREEN_TARGET_S, Level
from tests.fixtures.browser import Tab, tab
from tests.fixtures.platform import Platform, eventually
from tests.fixtures.services import settings

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

TARGETS = {name: getattr(settings(), f"target_{name}_s") for name in ("event", "lake", "warehouse")}
ORDER = [*TARGETS]
WELL_S = 240
"""Longest until all is well, after the start and after a thaw."""

PAUSE_MS = 300


@contextmanager
def frozen(platform: Platform, component: str) -> Iterator[None]:
    """A component that neither works nor dies."""
    pid = next(each["pid"] for each in platform.report("status")["components"] if each["name"] == component)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def late(shown: Tab) -> set[str]:
    """The hops that the page calls late."""
    return {name for name, text in shown.hops().items() if text.startswith(Level.STALE.icon)}


def well(platform: Platform, shown: Tab) -> bool:
    """Whether nobody finds anything wrong."""
    return platform.healthy() and all(text.startswith(Level.OK.icon) for text in shown.hops().values())


@pytest.fixture
def shown(platform: Platform, browser: Browser) -> Iterator[Tab]:
    """The live page over a platform on which all is well, the hops in sight."""
    with tab(browser) as opened:
        opened.go(f"{platform.urls['dashboard']}?refresh=1+s")
        assert eventually(lambda: well(platform, opened), WELL_S), (opened.hops(), platform.report("status"))
        yield opened


@pytest.mark.parametrize(("component", "hop"), [("producer", "event"), ("consumer", "lake"), ("scheduler", "warehouse")])
def test_exactly_the_hop_that_is_frozen_is_named_in_time(
    platform: Platform, shown: Tab, component: str, hop: str, record_property: Callable[[str, object], None]
) -> None:
    named: dict[str, float] = {}
    with frozen(platform, component), ThreadPoolExecutor(1) as asker:
        began = put = time.monotonic()
        asked = asker.submit(platform.report, "status")
        while len(named) < 2 and time.monotonic() - began < 4 * TARGETS[hop]:
            on_page = late(shown)
            assert on_page <= {hop}
            if on_page:
                named.setdefault("page", round(time.monotonic() - began, 1))
            if asked.done():  # it takes seconds, and the page is watched meanwhile; it tells what held when it was asked
                told = asked.result()["cause"]
                assert told in (None, hop)
                if told:
                    named.setdefault("status", round(put - began, 1))
                put = time.monotonic()
                asked = asker.submit(platform.report, "status")
            shown.page.wait_for_timeout(PAUSE_MS)
        behind = ORDER[ORDER.index(hop) + 1 :]
        on_page_says, status_says = shown.hops(), {each["name"]: each["says"] for each in platform.report("status")["hops"]}
    record_property("named_after_s", named)
    print(f"{component} frozen: {hop} is named after {named} s, target {TARGETS[hop]:.0f} s")
    assert named.keys() == {"page", "status"}
    assert max(named.values()) <= 2 * TARGETS[hop]
    for each in behind:
        assert f"waiting for {hop}" in on_page_says[each]
        assert status_says[each] == f"waiting for {hop}"
    assert eventually(lambda: well(platform, shown), WELL_S), (shown.hops(), platform.report("status"))


def test_a_frozen_broker_is_named_and_no_hop_is_blamed_for_it(platform: Platform, shown: Tab, record_property: Callable[[str, object], None]) -> None:
    with frozen(platform, "broker"):
        began = time.monotonic()
        expect(shown.page.get_by_text("The broker does not answer.").first).to_be_visible(timeout=60_000)
        named = round(time.monotonic() - began, 1)
        assert late(shown) <= {"screen"}
        told = platform.report("status")
    record_property("named_after_s", named)
    print(f"broker frozen: it is named after {named} s, the screen's target is {SCREEN_TARGET_S:.0f} s")
    assert told["cause"] is None
    assert all("Kafka does not answer" in each["says"] for each in told["hops"] if each["name"] != "warehouse")
    assert eventually(lambda: well(platform, shown), WELL_S), (shown.hops(), platform.report("status"))
