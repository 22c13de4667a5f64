"""The dashboard over Streamlit's own protocol: the Live page of a whole platform that does nothing else, as one, twenty and fifty people watch it.

`make bench GROUP=dashboard` takes about forty minutes. While developing, `python -m tests.bench.dashboard URL --seconds 20`
puts the same load on a Live page that runs (`http://127.0.0.1:18005/?refresh=1+s`) and records nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from infra.local.instance import ROOT
from tests.bench.results import record
from tests.bench.topics import SYMBOLS
from tests.e2e.conftest import free_block
from tests.fixtures.platform import Platform, eventually, running

PAGE = "?refresh=1+s"
SECONDS = 120.0
SOAK_S = 1_800.0
PAINTS = 20
SETTLED_S = 300.0
"""Longest until a platform that has just started has a price of every symbol."""
IDLE_S = 90.0
"""What it then takes to have done with all that a start brings."""

_BARS = Path(__file__).parent / "sql" / "two_hours.sql"


def measure() -> None:
    """Measure in an instance of its own, most peaceful first."""
    with tempfile.TemporaryDirectory(prefix="tl-bench-") as folder:
        config = _market(Path(folder) / "market.yaml")
        with running(Path(folder) / "home", free_block(), TICKLAKE_CONFIG_FILE=str(config)) as platform:
            _settle(platform)
            for name, value, unit in figures(f"{platform.urls['dashboard']}/{PAGE}", _pid(platform), SECONDS, SOAK_S):
                record(name, value, unit)
            done = platform.run(sys.executable, "-m", "tests.bench.dashboard_export")
            if done.returncode:
                raise RuntimeError(done.stderr[-2000:])
            for kind, took in json.loads(done.stdout).items():
                record(f"export_{kind}_100k", took, "ms")


def figures(url: str, pid: int | None, seconds: float, soak_s: float) -> Iterator[tuple[str, float, str]]:
    """Names, values and units in the order in which they are measured; memory only of a process that is known."""
    _tabs(url, "--paints", "3")
    yield "first_paint_warm", _tabs(url, "--paints", str(PAINTS))["p95"], "ms"
    for sessions in (1, 20, 50):
        told = load(url, sessions, seconds, pid)
        if sessions == 1:
            yield "rerun_p95_1_session", told["reruns_ms"]["p95"], "ms"
            yield "to_screen_p99", round(told["to_screen_ms"]["p99"] / 1e3, 2), "s"
        else:
            yield f"rerun_p95_{sessions}_sessions", told["reruns_ms"]["p95"], "ms"
            yield f"rerun_rate_{sessions}_sessions", told["achieved"], "1/s"
    if pid is not None:
        looks = load(url, 20, soak_s, pid)["memory_mb"]
        sixth = max(1, len(looks) // 6)
        print(f"memory: at most {max(looks[:sixth])} MB in the first sixth of the time, {max(looks[-sixth:])} MB in the last", flush=True)
        yield "memory_20_sessions_30_min", max(looks), "MB"


def load(url: str, sessions: int, seconds: float, pid: int | None = None) -> dict[str, Any]:
    """What `tests.bench.dashboard_load` says. Raises `RuntimeError` when a page showed an exception or lost its connection."""
    told = _tabs(url, "--sessions", str(sessions), "--seconds", str(seconds), *(("--pid", str(pid)) if pid else ()))
    print(json.dumps({name: each for name, each in told.items() if name != "memory_mb"}), flush=True)
    if told["faults"]:
        raise RuntimeError(f"{len(told['faults'])} faults on screen: {told['faults'][:3]}")
    return told


def _tabs(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.dashboard_load", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _market(path: Path) -> Path:
    """The project's own list of instruments, made up to a hundred that the simulator trades."""
    listed = yaml.safe_load((ROOT / "ticklake.yaml").read_text())
    symbols = listed["sources"]["simulator"]["symbols"]
    model = next(each for each in listed["instruments"] if each["symbol"] == symbols[0])
    more = [f"SYM{number:03d}" for number in range(SYMBOLS - len(symbols))]
    symbols += more
    listed["instruments"] += [model | {"symbol": symbol, "name": f"Symbol {symbol}"} for symbol in more]
    path.write_text(yaml.safe_dump(listed))
    return path


def _settle(platform: Platform) -> None:
    """Wait until every symbol has a price, give each two hours of bars, and wait until the start is over."""
    if not eventually(lambda: platform.count("CURATED.LATEST") >= SYMBOLS, SETTLED_S):
        raise RuntimeError("not every symbol has a price")
    if not eventually(lambda: platform.sql(_BARS.read_text()), 60):
        raise RuntimeError("no bars could be put in")
    time.sleep(IDLE_S)


def _pid(platform: Platform) -> int:
    return next(int(each["pid"]) for each in platform.report("status")["components"] if each["name"] == "dashboard")


def main() -> None:
    """Measure a page that runs, and record nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--soak", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--pid", type=int, help="of the dashboard: its memory and CPU are measured, too")
    given = parser.parse_args()
    for name, value, unit in figures(given.url, given.pid, given.seconds, given.soak):
        print(f"{name:<38}{value:>14,.2f} {unit}", flush=True)


if __name__ == "__main__":
    main()
