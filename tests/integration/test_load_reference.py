"""Instruments and sessions in the warehouse follow the list, and only when it changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.clock import ManualClock
from tests.fixtures.load_platform import LoadPlatform, load_platform
from ticklake.instruments import Instrument, Instruments
from ticklake_io.reference import load_reference

CONTRACTS = {"CURATED.TICKS": "evolve"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("reference")) as ready:
        yield ready


def test_tables_are_replaced_only_when_the_list_changed(platform: LoadPlatform) -> None:
    listed = Instrument(symbol="IBM", name="IBM's", calendar="XNYS", primary="replay", aliases={"finnhub": "IBM.N"})
    always = Instrument(symbol="BTC-USD", name="Bitcoin", calendar="24/7", primary="coinbase")
    clock = ManualClock()
    assert load_reference(platform.warehouse, Instruments((listed, always)), CONTRACTS, clock) == ["instruments", "sessions", "contracts"]
    assert load_reference(platform.warehouse, Instruments((always, listed)), CONTRACTS, clock) == []
    assert load_reference(platform.warehouse, Instruments((listed,)), CONTRACTS, clock) == ["instruments", "sessions"]
    (stored,) = platform.warehouse.rows("SELECT SYMBOL, NAME, MIC, ALIASES FROM CURATED.INSTRUMENTS")
    assert stored == {"SYMBOL": "IBM", "NAME": "IBM's", "MIC": None, "ALIASES": '{"finnhub": "IBM.N"}'}
    (day,) = platform.warehouse.rows("SELECT OPENS_AT, CLOSES_AT FROM CURATED.SESSIONS WHERE SESSION_DATE = '2013-10-07'")
    assert (f"{day['OPENS_AT']:%H:%M}", f"{day['CLOSES_AT']:%H:%M}") == ("13:30", "20:00")
