"""Each component killed after the other, under load: each comes back by itself, nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.fixtures import trades
from tests.fixtures.platform import TICKLAKE, Platform, eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

SYMBOL = "BAC"
MINE = f"SYMBOL = '{SYMBOL}' AND SOURCE = 'replay'"
TICKS_PER_S = 150
BACK_S = 150
REPLAY_S = 900


@pytest.fixture
def feed(platform: Platform) -> Iterator[subprocess.Popen[str]]:
    """A replay that lasts through the kills; none of it stays when they fail."""
    replay = platform.start(TICKLAKE, "produce", "--source", "replay", "--file", trades.file_of(SYMBOL), "--rate", str(TICKS_PER_S))
    try:
        yield replay
    finally:
        replay.kill()
        replay.communicate()


def pids(platform: Platform) -> dict[str, int | None]:
    """The process of each component, as `ticklake status` tells."""
    return {each["name"]: each["pid"] for each in platform.report("status")["components"]}


def back_after_kill(platform: Platform, name: str) -> bool:
    """Kill a component; whether another process of it runs and all is well again in time."""
    assert eventually(lambda: pids(platform)[name], BACK_S), f"{name} has no process"
    killed = pids(platform)[name]
    assert killed, f"{name} has no process"
    os.kill(killed, signal.SIGKILL)
    return eventually(lambda: pids(platform)[name] not in (None, killed) and platform.healthy(), BACK_S)


def test_no_component_s_death_loses_or_doubles_a_row(platform: Platform, feed: subprocess.Popen[str]) -> None:
    assert eventually(lambda: platform.count("RAW.TICKS", MINE) > 0, BACK_S)
    for name in sorted(pids(platform)):
        assert back_after_kill(platform, name), f"{name} is not back after {BACK_S} s"
    assert feed.poll() is None, "the replay ended before the kills did"
    told, _ = feed.communicate(timeout=REPLAY_S)
    assert feed.returncode == 0, told
    expected = len(trades.rows_of(trades.file_of(SYMBOL)))
    assert eventually(lambda: platform.count("CURATED.TICKS", MINE) >= expected, BACK_S), "rows are missing"
    assert platform.count("CURATED.TICKS", MINE) == expected
    assert eventually(lambda: platform.report("verify")["ok"], BACK_S), platform.report("verify")["mismatches"]
