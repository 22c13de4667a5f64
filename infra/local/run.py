"""`python -m infra.local.run NAME` becomes the component's own process: same pid, no shell around it.

Under the supervisor. It ends what an earlier life of the component left behind, waits for what the component needs,
and gives a component that keeps dying a pause between two lives.
"""

from __future__ import annotations

import os
import sys

from infra.local.instance import ROOT, Instance
from infra.local.probes import ready, wait_until
from infra.local.processes import end_processes
from infra.local.programs import program
from ticklake.clock import SystemClock

_SHORT_LIFE_S = 10.0
_PAUSE_S = 3.0


def main(name: str) -> None:
    """Wait until the component may start, then be it. Does not return."""
    instance = Instance.current()
    end_processes(instance, name)
    _pause_after_short_life(instance, name)
    chosen = program(instance, name)
    for needed in chosen.needs:
        while not wait_until(lambda needed=needed: ready(instance, needed), 30):  # type: ignore[misc]
            print(f"{name} waits for {needed}", flush=True)
    os.chdir(ROOT)
    os.nice(chosen.niceness)
    os.execve(chosen.command[0], chosen.command, {**instance.process_environment(name), **chosen.environment})  # noqa: S606 - no shell is the point


def _pause_after_short_life(instance: Instance, name: str) -> None:
    stamp = instance.home / "run" / f"{name}.started"
    clock = SystemClock()
    if stamp.exists() and clock.now().timestamp() - stamp.stat().st_mtime < _SHORT_LIFE_S:
        clock.sleep(_PAUSE_S)
    stamp.touch()


if __name__ == "__main__":
    main(sys.argv[1])
