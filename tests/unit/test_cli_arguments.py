"""Commands refuse what cannot be meant before they ask any service, and say what stands in the way."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.clock import ManualClock
from tests.fixtures import services
from ticklake_cli import dead_letters, source_check

SUNDAY = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("arguments", [["show", "-1"], ["show", "x"], ["list", "--limit", "-1"], ["list", "--limit", "0"]])
def test_a_number_that_is_no_offset_and_no_limit_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    dead_letters.add_arguments(parser)
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(arguments)
    assert "is no whole number of at least" in capsys.readouterr().err


def test_a_source_whose_exchanges_are_closed_says_until_when(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(source_check, "SystemClock", lambda: ManualClock(SUNDAY))
    place = services.settings(simulator_hours="exchange", config_file=Path(__file__).parents[2] / "ticklake.yaml")
    assert source_check.run(argparse.Namespace(name="simulator", file=None), place) == 1
    assert "closed until 2026-11-23 14:30 UTC" in capsys.readouterr().err
