"""Real trades, from the file to the tables."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

from tests.fixtures import trades
from tests.fixtures.platform import Platform, eventually

SYMBOL = "IBM"
MINE = f"SYMBOL = '{SYMBOL}' AND SOURCE = 'replay'"
LOADED_S = 180


def replay(platform: Platform, path: Path) -> None:
    done = platform.ticklake("produce", "--source", "replay", "--file", path, "--speed", "max", limit_s=300)
    assert done.returncode == 0, done.stderr


def test_a_replayed_file_is_in_the_tables_exactly_and_again_adds_nothing(platform: Platform) -> None:
    path = trades.file_of(SYMBOL)
    rows = trades.rows_of(path)
    replay(platform, path)
    assert eventually(lambda: platform.count("CURATED.TICKS", MINE) >= len(rows), LOADED_S)
    assert platform.count("CURATED.TICKS", MINE) == len(rows)

    equal = sum(times - 1 for times in Counter(tuple(row.values()) for row in rows).values())
    alike = "EVENT_TIME::STRING || '|' || PRICE::STRING || '|' || SIZE::STRING || '|' || COALESCE(VENUE, '') || '|' || COALESCE(CONDITIONS, '')"
    kept = platform.sql(f"SELECT COUNT(*) - COUNT(DISTINCT {alike}) AS N FROM CURATED.TICKS WHERE {MINE}")[0]["N"]
    assert equal > 1000
    assert kept == equal

    seen = platform.report("verify")["duplicates"]
    replay(platform, path)
    assert eventually(lambda: platform.report("verify")["duplicates"] >= seen + len(rows), LOADED_S, step_s=3)
    assert platform.count("CURATED.TICKS", MINE) == len(rows)


def test_bars_of_a_replayed_file_equal_a_brute_force_computation(platform: Platform) -> None:
    path = trades.file_of(SYMBOL)
    rows = trades.rows_of(path)
    if platform.count("CURATED.TICKS", MINE) < len(rows):
        replay(platform, path)
        assert eventually(lambda: platform.count("CURATED.TICKS", MINE) >= len(rows), LOADED_S)
    stored = platform.sql(f"SELECT BAR_START, OPEN, HIGH, LOW, CLOSE, VOLUME, TRADES FROM CURATED.BARS_1M WHERE {MINE}")
    bars = {
        bar["BAR_START"][:16]: trades.Bar(*(Decimal(str(bar[name])) for name in ("OPEN", "HIGH", "LOW", "CLOSE")), int(bar["VOLUME"]), int(bar["TRADES"]))
        for bar in stored
    }
    assert len(stored) == len(bars)
    assert bars == trades.minute_bars(rows)


def test_a_bad_line_is_told_by_its_number_and_the_rest_arrives(platform: Platform, tmp_path: Path) -> None:
    lines = [f"XBAD,2013-10-07T14:00:0{i}.000Z,10.0{i},100,Q,1" for i in range(4)]
    lines += ["XBAD,yesterday,ten,many,Q,1", "XBAD,2013-10-07T14:00:05.000Z,10.05,100,Q,1"]
    spoiled = tmp_path / "spoiled.csv"
    spoiled.write_text("symbol,event_time,price,size,exchange,conditions\n" + "\n".join(lines) + "\n")
    done = platform.ticklake("produce", "--source", "replay", "--file", spoiled, "--speed", "max")
    assert done.returncode == 1
    assert re.search(r"line 6\b", done.stderr)
    assert eventually(lambda: platform.count("CURATED.TICKS", "SYMBOL = 'XBAD'") == 5, LOADED_S)
