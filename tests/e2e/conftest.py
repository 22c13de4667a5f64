"""One platform for all end-to-end tests, in an instance of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser

from tests.fixtures.airflow import Airflow
from tests.fixtures.browser import chromium
from tests.fixtures.platform import Platform, eventually, running
from tests.fixtures.services import listens

SHOWN = ("CURATED.RISK", "OPS.METRICS", "OPS.DQ_RESULTS")
"""Tables that pages show and that nothing but a DAG fills."""

MAKERS = ("ingest_daily_bars", "monitor_pipeline", "data_quality")
"""The DAGs that fill them; the analytics follow the daily bars by themselves."""

FILLED_S = 300


def free_block() -> int:
    """The first of a hundred ports that nobody listens on."""
    for base in range(31000, 20000, -100):
        if not any(listens(port) for port in range(base, base + 10)):
            return base
    raise RuntimeError("no free block of ports")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that is up, with the simulator trading."""
    with running(tmp_path_factory.mktemp("tl"), free_block()) as up:
        yield up


@pytest.fixture(scope="session")
def url(platform: Platform) -> str:
    """The dashboard's address, once each of its pages has something to show."""
    assert eventually(lambda: platform.count("CURATED.BARS_1M"), FILLED_S)
    if not all(map(platform.count, SHOWN)):
        airflow = Airflow(platform)
        with closing(airflow.client):
            for dag in MAKERS:
                airflow.trigger(dag)
    assert eventually(lambda: all(map(platform.count, SHOWN)), FILLED_S)
    return platform.urls["dashboard"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module's tabs."""
    with chromium() as started:
        yield started
