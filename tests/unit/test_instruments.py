"""The instrument list: the file we ship is right, and a wrong one names its fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from ticklake.calendars import calendar
from ticklake.errors import ConfigError
from ticklake.instruments import ALWAYS_OPEN, load
from ticklake.settings import Settings

SHIPPED = Path(__file__).parents[2] / "ticklake.yaml"
ENTRY = "  - {symbol: AAPL, name: Apple Inc., mic: XNAS, primary: simulator, aliases: {other: APPL}}\n"


def written(path: Path, instruments: str, sources: str = "  simulator: {symbols: [AAPL]}\n") -> Path:
    file = path / "ticklake.yaml"
    file.write_text(f"sources:\n{sources}instruments:\n{instruments}")
    return file


def test_the_shipped_file_lists_what_its_sources_ask_for() -> None:
    instruments = load(SHIPPED)
    *shares, benchmark = map(instruments.get, instruments.symbols("simulator"))
    assert len(shares) == 30
    for listed in shares:
        assert listed.symbol in instruments
        assert listed.primary == "simulator"
        assert listed.sector
        assert calendar(listed.calendar).name == listed.calendar
    assert (benchmark.symbol, benchmark.tracks_market) == (Settings.model_fields["benchmark"].default, True)


def test_aliases_lead_to_the_canonical_symbol_and_back(tmp_path: Path) -> None:
    instruments = load(written(tmp_path, ENTRY))
    assert instruments.canonical("other", "APPL") == "AAPL"
    assert instruments.canonical("another", "APPL") == "APPL"
    assert instruments.alias("other", "AAPL") == "APPL"


def test_a_source_s_symbols_are_those_asked_of_it_then_those_it_is_primary_and_standby_for(tmp_path: Path) -> None:
    entries = (
        "  - {symbol: A, name: A, primary: x, standby: [y, z]}\n  - {symbol: B, name: B, primary: y}\n  - {symbol: C, name: C, primary: z, standby: [y]}\n"
    )
    instruments = load(written(tmp_path, entries, "  y: {symbols: [UNLISTED, C]}\n  w:\n"))
    assert instruments.symbols("y") == ("UNLISTED", "C", "B", "A")
    assert instruments.asked("y") == ("UNLISTED", "C")
    assert instruments.symbols("x") == ("A",)
    assert instruments.symbols("nobody") == ()
    assert instruments.get("A").standby == ("y", "z")
    assert instruments.sources == {"w", "x", "y", "z"}


def test_an_unlisted_symbol_is_taken_as_it_comes(tmp_path: Path) -> None:
    instruments = load(written(tmp_path, ENTRY))
    unknown = instruments.get("ZZZZ")
    assert "ZZZZ" not in instruments
    assert (unknown.symbol, unknown.mic, unknown.sector, unknown.calendar) == ("ZZZZ", None, None, ALWAYS_OPEN)


@pytest.mark.parametrize(
    ("instruments", "sources", "named"),
    [
        ("  - {symbol: AAPL, primary: simulator}\n", "  x:\n", "instrument AAPL: .*`name`"),
        ("  - {symbol: AAPL, name: Apple, primary: simulator, mick: XNAS}\n", "  x:\n", "instrument AAPL: .*`mick`"),
        ("  - {symbol: ON, name: ON Semiconductor, primary: simulator}\n", "  x:\n", "number 1: .*quotes"),
        (ENTRY + ENTRY, "  x:\n", "AAPL is listed twice"),
        (ENTRY + "  - {symbol: B, name: B, primary: x, aliases: {other: APPL}}\n", "  x:\n", "instrument B: other calls AAPL APPL already"),
        ("  - {symbol: A, name: A, primary: x, standby: [y, x]}\n", "  x:\n", "instrument A: a source is named twice"),
        ("  - {symbol: A, name: A, primary: x, standby: y}\n", "  x:\n", "instrument A: .*standby"),
        (ENTRY, "  simulator: {symbols: 5}\n", "source simulator: .*symbols"),
        ("", "  x:\n", "`instruments` is missing"),
        ("  - {symbol: [\n", "  x:\n", "is not YAML"),
    ],
)
def test_a_malformed_file_names_its_fault_in_one_line(tmp_path: Path, instruments: str, sources: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        load(written(tmp_path, instruments, sources))
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TICKLAKE_CONFIG_FILE"):
        load(tmp_path / "none.yaml")
