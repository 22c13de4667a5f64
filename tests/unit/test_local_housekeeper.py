"""What grows is kept within bounds."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.housekeeper import remove_older, rotate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def written(path: Path, ago: timedelta) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("log")
    stamp = (NOW - ago).timestamp()
    for each in (path, path.parent):
        os.utime(each, (stamp, stamp))
    return path


def test_old_logs_and_the_folders_they_empty_go_and_the_others_stay(tmp_path: Path) -> None:
    old = written(tmp_path / "dag" / "run_1" / "attempt=1.log", timedelta(days=3))
    young = written(tmp_path / "dag" / "run_2" / "attempt=1.log", timedelta(hours=1))
    assert remove_older(tmp_path, NOW - timedelta(days=2)) == 1
    assert not old.parent.exists()
    assert young.exists()


def test_a_file_that_is_too_large_is_put_aside_once(tmp_path: Path) -> None:
    file = tmp_path / "lineage.jsonl"
    rotate(file, 3)
    for text in ("one", "other", "small"):
        file.write_text(text)
        rotate(file, 3)
    assert [(each.name, each.read_text()) for each in sorted(tmp_path.iterdir())] == [("lineage.jsonl.1", "small")]
    file.write_text("xyz")
    rotate(file, 3)
    assert file.read_text() == "xyz"
