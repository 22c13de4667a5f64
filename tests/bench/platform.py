"""The one-machine platform: start, memory, latency under load, and the consumer on a backlog."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import psutil

from infra.local.instance import COMPONENTS
from infra.local.supervisor import Supervisor
from tests.bench.backlog import measure_backlog
from tests.bench.latency import latency
from tests.bench.results import record
from tests.e2e.conftest import free_block
from tests.fixtures.platform import Platform, running

SETTLED_S = 60.0
"""Until a platform that has just started is idle."""
SAMPLES = 5


def measure() -> None:
    """Measure in an instance of its own, most peaceful first."""
    with tempfile.TemporaryDirectory(prefix="tl-bench-") as folder, running(Path(folder) / "home", free_block()) as platform:
        _warm_start(platform)
        _memory(platform)
        _latency(platform)
        Supervisor(platform.instance).stop_components([name for name in COMPONENTS if name not in ("broker", "store")], timeout=60)
        measure_backlog(platform)


def _warm_start(platform: Platform) -> None:
    platform.local("down")
    began = time.monotonic()
    done = platform.run("make", "up", limit_s=300)
    took = time.monotonic() - began
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    record("make_up_warm", round(took, 1), "s")


def _memory(platform: Platform) -> None:
    """Proportional set size of every process of the instance, supervisor and task processes included; the largest of some looks."""
    time.sleep(SETTLED_S)
    samples = []
    for _ in range(SAMPLES):
        samples.append(sum(_pss(process) for process in psutil.process_iter() if _belongs(process, platform.home)) / 1e6)
        time.sleep(5)
    record("platform_memory", round(max(samples)), "MB")


def _belongs(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("TICKLAKE_HOME") == str(home)
    except psutil.Error:
        return False


def _pss(process: psutil.Process) -> int:
    try:
        pss: int = process.memory_full_info().pss
    except psutil.Error:
        return 0
    return pss


def _latency(platform: Platform) -> None:
    told = latency(platform)
    record("to_lake_p99", told["to_lake"]["p99"], "s")
    record("to_warehouse_p95", told["to_warehouse"]["p95"], "s")
