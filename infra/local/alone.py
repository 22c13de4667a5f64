"""One command at a time changes an instance."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.instance import Instance
from infra.local.probes import wait_until
from ticklake.errors import ConfigError, Stop

_PATIENCE_S = 180.0


@contextmanager
def alone(instance: Instance, command: str, patience_s: float = _PATIENCE_S) -> Iterator[None]:
    """Keep other commands out; those that come meanwhile wait. Where no instance was made there is nothing to keep them from.

    Raises `Stop` that names the command in the way after `patience_s` seconds, `ConfigError` when it deleted the instance.
    """
    if not instance.lock_file.exists():
        yield
        return
    with instance.lock_file.open("r+") as lock:
        if not _taken(lock.fileno()):
            holder = instance.lock_file.read_text() or "another command"
            print(f"  make {command} waits for {holder}", file=sys.stderr, flush=True)
            if not wait_until(lambda: _taken(lock.fileno()), patience_s, step=0.2):
                raise Stop(f"{holder} has worked on {instance.home} for more than {patience_s:.0f} s; let it end, or end it by that pid, and run this again")
        if not _same(lock.fileno(), instance.lock_file):
            raise ConfigError(f"{instance.home} was deleted meanwhile; run this again")
        lock.truncate(0)  # a command that was killed leaves its name
        lock.write(f"make {command} (pid {os.getpid()})")
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False
