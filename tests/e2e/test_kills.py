"""Every component killed at once, under load: all come back by themselves, nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import signal

from tests.fixtures import trades
from tests.fixtures.platform import TICKLAKE, Platform, eventually

SYMBOL = "AIG"
BACK_S = 240


def test_a_power_cut_of_every_component_loses_and_doubles_nothing(platform: Platform) -> None:
    path = trades.file_of(SYMBOL)
    feed = platform.start(TICKLAKE, "produce", "--source", "replay", "--file", path, "--rate", "400")
    assert eventually(lambda: platform.count("RAW.TICKS", f"SYMBOL = '{SYMBOL}'") > 0, 120)
    before = {each["name"]: each["pid"] for each in platform.report("status")["components"]}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        now = {each["name"]: each["pid"] for each in platform.report("status")["components"]}
        return all(now[name] not in (None, pid) for name, pid in before.items()) and platform.healthy()

    assert eventually(back, BACK_S)
    told, _ = feed.communicate(timeout=300)
    assert feed.returncode == 0, told
    expected = len(trades.rows_of(path))
    mine = f"SYMBOL = '{SYMBOL}' AND SOURCE = 'replay'"
    assert eventually(lambda: platform.count("CURATED.TICKS", mine) >= expected, 240)
    assert platform.count("CURATED.TICKS", mine) == expected
    assert eventually(lambda: platform.report("verify")["ok"], 120), platform.report("verify")["mismatches"]
    holes = "SELECT GENERATION FROM RAW.TICKS GROUP BY GENERATION, PARTITION_ID HAVING COUNT(*) <> MAX(OFFSET_ID) - MIN(OFFSET_ID) + 1"
    assert platform.sql(holes) == []
