"""Keeps what grows within bounds: Airflow's database, its tasks' logs and its lineage events.

A load every ten seconds is 8,640 runs a day. Tasks cannot touch Airflow's database, so this is a process of its own,
under the supervisor; `python -m infra.local.housekeeper`.
"""

from __future__ import annotations

import os
import subprocess
import threading
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from infra.local import airflow
from infra.local.instance import ROOT, Instance
from ticklake.clock import Clock, SystemClock

KEPT = timedelta(days=2)
"""How long finished runs and their logs are kept."""
MOST_LINEAGE_BYTES = 50_000_000
"""Of the file of lineage events, past which it is put aside; one older file is kept."""
EVERY_S = 3600.0

log = structlog.get_logger()


def tidy(instance: Instance, clock: Clock) -> None:
    """Remove runs and task logs that ended longer ago than `KEPT`. What fails is logged and tried again the next time."""
    before = clock.now() - KEPT
    command = [str(ROOT / ".venv/bin/airflow"), "db", "clean", "--clean-before-timestamp", before.isoformat(), "--skip-archive", "--yes"]
    done = subprocess.run(command, env=os.environ | airflow.environment(instance), cwd=ROOT, capture_output=True, text=True, check=False)
    removed = remove_older(instance.home / "airflow" / "logs", before)
    rotate(airflow.lineage_file(instance), MOST_LINEAGE_BYTES)
    log.info("tidied", before=before.isoformat(), database="cleaned" if done.returncode == 0 else done.stderr.strip()[-300:], log_files=removed)


def remove_older(folder: Path, before: datetime) -> int:
    """Remove files last written before a time, and the folders of that age that are empty then; the number of files."""
    old = [path for path in folder.rglob("*") if path.lstat().st_mtime < before.timestamp()]
    removed = 0
    for path in sorted(old, reverse=True):  # a folder comes after what is in it
        try:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
                removed += 1
        except OSError:
            continue  # not empty, or somebody was faster
    return removed


def rotate(file: Path, most_bytes: int) -> None:
    """Put a file aside, in place of the one before, when it has become too large. Who appends opens it for each event."""
    if file.exists() and file.stat().st_size > most_bytes:
        file.replace(file.with_name(f"{file.name}.1"))


def main() -> None:
    """Tidy every hour, the first time an hour after the start, when the platform has long been busy with itself."""
    instance, clock = Instance.current(), SystemClock()
    never = threading.Event()
    while not never.wait(EVERY_S):
        tidy(instance, clock)


if __name__ == "__main__":
    main()
