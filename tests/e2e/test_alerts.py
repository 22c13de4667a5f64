"""Alerts on a platform that runs: the service is killed while rules are being met."""

from __future__ import annotations

import os
import signal

from tests.fixtures.platform import Platform, eventually

INSERT = """
INSERT INTO APP.ALERT_RULES (RULE_ID, VERSION, STATE, OWNER, SYMBOL, SOURCE, KIND, PRICE_LEVEL, ONCE, NOTE, CHANGED_BY, CHANGED_AT)
SELECT NEWEST.SYMBOL || '-' || WAYS.KIND, 1, 'active', 'local', NEWEST.SYMBOL, NEWEST.SOURCE, WAYS.KIND, NEWEST.PRICE, FALSE, '', 'local', NEWEST.RECEIVED_AT
FROM CURATED.LATEST AS NEWEST CROSS JOIN (SELECT 'cross_up' AS KIND UNION ALL SELECT 'cross_down') AS WAYS
WHERE NEWEST.SOURCE = 'simulator'
"""
"""Rules at the newest prices, which wander: some are met soon."""

DELETE = """
INSERT INTO APP.ALERT_RULES (RULE_ID, VERSION, STATE, OWNER, SYMBOL, SOURCE, KIND, PRICE_LEVEL, ONCE, NOTE, CHANGED_BY, CHANGED_AT)
SELECT RULE_ID, 2, 'deleted', OWNER, SYMBOL, SOURCE, KIND, PRICE_LEVEL, ONCE, NOTE, CHANGED_BY, CHANGED_AT FROM APP.ALERT_RULES WHERE VERSION = 1
"""
"""Who opens a page after this test is not told of each crossing."""


def kill(platform: Platform) -> None:
    """Kill the service as a power cut does; returns when another one is up."""
    before = pid_of(platform)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: pid_of(platform) not in (None, before) and platform.healthy(), 120)


def pid_of(platform: Platform) -> int | None:
    pid: int | None = next(each["pid"] for each in platform.report("status")["components"] if each["name"] == "alerts")
    return pid


def test_alerts_go_on_after_a_kill_and_each_is_kept_once(platform: Platform) -> None:
    assert eventually(lambda: platform.count("CURATED.LATEST", "SOURCE = 'simulator'") > 0, 120)
    platform.sql(INSERT)
    kill(platform)  # a new one reads the rules at its start
    assert eventually(lambda: platform.count("APP.ALERTS") > 0, 180)
    kill(platform)
    before = platform.count("APP.ALERTS")
    assert eventually(lambda: platform.count("APP.ALERTS") > before, 180)
    (row,) = platform.sql("SELECT COUNT(*) AS N, COUNT(DISTINCT ALERT_ID) AS IDS FROM APP.ALERTS")
    assert row["N"] == row["IDS"]
    wrong = """
        SELECT ALERTS.ALERT_ID FROM APP.ALERTS AS ALERTS LEFT JOIN CURATED.TICKS AS TICKS ON TICKS.TICK_ID = ALERTS.TICK_ID
        WHERE TICKS.PRICE <> ALERTS.PRICE OR TICKS.EVENT_TIME <> ALERTS.EVENT_TIME
    """
    assert platform.sql(wrong) == [], "an alert names the tick that it is about"
    platform.sql(DELETE)
