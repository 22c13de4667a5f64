"""A directory of bars: every good row counts, every other one is named."""

from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ticklake.daily import Action, Prices
from ticklake.errors import ConfigError
from ticklake_io.bar_files import BarFiles

HEAD = "symbol,date,open,high,low,close,volume"
FIRST, LAST = date(2020, 1, 1), date(2020, 12, 31)


def test_bad_lines_are_named_and_the_others_load(tmp_path: Path) -> None:
    lines = [
        HEAD,
        "IBM,2020-01-02,1,2,0.5,1.5,100",
        "IBM,2020-01-03,1,2,1.2,1.5,100",
        "IBM,2020-13-03,1,2,1,1.5,100",
        "IBM,2020-01-06,1,nan,1,1.5,100",
        "IBM,2020-01-07,1,2,1",
        ",2020-01-08,1,2,1,1.5,100",
        "IBM,2020-01-09,1,2,1,1.5,-1",
        "IBM,2020-01-10,1,2,1,1.5,100,more",
        "IBM,2020-01-13,0,2,0,1.5,100",
        "IBM,2020-01-14,1.5,2,1,1.75,1e3",
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found = BarFiles(tmp_path).bars("IBM", FIRST, LAST)
    assert [(each.day.day, each.prices.close, each.volume) for each in found.bars] == [(2, Decimal("1.5"), 100), (14, Decimal("1.75"), 1000)]
    assert sorted(reject.partition(": ")[0] for reject in found.rejects) == sorted(f"a.csv, line {line}" for line in range(3, 11))
    assert found.actions_from is None


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_every_form_tells_the_same(tmp_path: Path, form: str) -> None:
    names = [*HEAD.split(","), "split_ratio", "dividend", "adj_close"]
    rows = [["IBM", "2020-01-02", "10", "12", "9", "11", "100", "", "", "5"], ["IBM", "2020-01-03", "5", "6", "4.5", "5.5", "200", "2", "0.25", "5.5"]]
    text = "\n".join(",".join(row) for row in [names, *rows])
    if form == "parquet":
        pq.write_table(pa.table({name: [row[place] or None for row in rows] for place, name in enumerate(names)}), tmp_path / "bars.parquet")
    else:
        (tmp_path / f"bars.{form}").write_bytes(gzip.compress(text.encode()) if form == "csv.gz" else text.encode())
    files = BarFiles(tmp_path)
    found = files.bars("IBM", FIRST, LAST)
    assert [(each.prices.open, each.volume, each.adjusted) for each in found.bars] == [(Decimal(10), 100, None), (Decimal(5), 200, None)]
    day = date(2020, 1, 3)
    assert set(found.actions) == {Action(day, "split", Decimal(2)), Action(day, "dividend", Decimal("0.25"))}
    assert found.actions_from == FIRST
    assert files.spans() == {"IBM": (date(2020, 1, 2), day)}
    assert files.bars("SPY", FIRST, LAST).bars == ()


def test_the_vendors_own_adjustment_counts_where_there_is_no_other(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(f"{HEAD},adj_close\nIBM,2020-01-02,10,12,9,11,100,5.5")
    (bar,) = BarFiles(tmp_path).bars("IBM", FIRST, LAST).bars
    assert bar.adjusted == Prices(Decimal(5), Decimal(6), Decimal("4.5"), Decimal("5.5"))


@pytest.mark.parametrize("content", [b"symbol,date\nIBM,2020-01-02", b"\xff\xfe"])
def test_a_file_that_holds_no_bars_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=r"bad\.csv"):
        BarFiles(tmp_path).bars("IBM", FIRST, LAST)
    with pytest.raises(ConfigError, match="is no directory"):
        BarFiles(tmp_path / "none")
