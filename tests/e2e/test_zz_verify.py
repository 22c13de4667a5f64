"""`ticklake verify` on a living platform must be able to fail. Last, because it damages the tables."""

from __future__ import annotations

from tests.fixtures.platform import Platform, eventually


def test_verify_agrees_and_then_notices_a_missing_and_a_doubled_row(platform: Platform) -> None:
    assert eventually(lambda: platform.report("verify")["ok"], 120)
    assert platform.ticklake("verify").returncode == 0
    assert platform.report("verify", "--deep")["ok"]
    victim, double = (platform.sql(f"SELECT {pick}(TICK_ID) AS ID FROM CURATED.TICKS WHERE SOURCE = 'simulator'")[0]["ID"] for pick in ("MIN", "MAX"))
    platform.sql(f"DELETE FROM CURATED.TICKS WHERE TICK_ID = '{victim}'")
    assert any(victim in each for each in platform.report("verify")["mismatches"])
    platform.sql(f"INSERT INTO CURATED.TICKS SELECT * FROM CURATED.TICKS WHERE TICK_ID = '{double}'")
    verdict = platform.report("verify")
    assert not verdict["ok"]
    assert any(double in each for each in verdict["mismatches"])
    assert platform.ticklake("verify").returncode == 1
