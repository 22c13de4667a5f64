"""What grows is kept within bounds."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.housekeeper import remove_older

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
