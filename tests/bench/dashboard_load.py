"""The load on the dashboard, in a process of its own: so many tabs on one page for so long. Prints what came of it as JSON.

`python -m tests.bench.dashboard_load URL --sessions 20 --seconds 120`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Iterable
from typing import TypedDict

import msgspec
import numpy as np
import psutil
from streamlit.proto.Element_pb2 import Element

from tests.fixtures.streamlit_client import PAGE, Rerun, Tab
from ticklake.clock import SystemClock

RAMP_S = 0.25
"""Between two tabs that open, on average, so that their timers do not run in step."""
WARM_UP_S = 5.0
"""Between the last tab's first paint and the measurement."""
ANSWER_S = 10.0
"""How long an answer is waited for at the end; what has none by then counts at its age."""
LOOK_S = 5.0
"""Between two looks at the server's memory."""

_SYMBOL, _SOURCE, _RECEIVED_MS = 0, 1, 10
"""Places in a row of `dashboard.components.watchlist.Row`."""


class Percentiles(TypedDict):
    """Of `n` values; None without any."""

    n: int
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


class Outcome(TypedDict):
    """What the tabs saw; of ticks in the watchlist, the first one.

    Rates are runs of fragments a second; times in ms, those of runs also by the fragment's interval in seconds.
    Of the server's process, where it is known: resident memory in MB at each look, and the cores that it kept busy.
    """

    sessions: int
    seconds: float
    offered: float
    achieved: float
    reruns_ms: Percentiles
    by_interval_ms: dict[str, Percentiles]
    first_paint_ms: Percentiles
    to_screen_ms: Percentiles
    bytes_a_second: float
    memory_mb: list[float]
    cores: float | None
    faults: list[str]


def percentiles(values: Iterable[float]) -> Percentiles:
    """p50, p95, p99 and the largest, to a tenth."""
    taken = np.fromiter(values, float)
    if not taken.size:
        return {"n": 0, "p50": None, "p95": None, "p99": None, "max": None}
    p50, p95, p99, most = (round(float(each), 1) for each in np.percentile(taken, [50, 95, 99, 100]))
    return {"n": int(taken.size), "p50": p50, "p95": p95, "p99": p99, "max": most}


class Watcher:
    """What a reader of the watchlist notices: each row's new tick, and how many ms after it was received it came."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._rows: dict[tuple[str, str], float] = {}
        self.ages_ms: list[float] = []

    def see(self, element: Element, at: float) -> None:
        """Take an element as it arrives; those that are no watchlist say nothing."""
        if element.bidi_component.component_name != "ticklake_watchlist":
            return
        now_ms = self._clock.now().timestamp() * 1e3
        for row in msgspec.json.decode(element.bidi_component.bytes)["rows"]:
            key, received_ms = (row[_SYMBOL], row[_SOURCE]), row[_RECEIVED_MS]
            if self._rows.get(key, received_ms) != received_ms:
                self.ages_ms.append(now_ms - received_ms)
            self._rows[key] = received_ms


async def load(url: str, sessions: int, seconds: float, server: psutil.Process | None = None) -> Outcome:
    """Open the tabs one after the other, let them settle, and measure what they ask for from then on."""
    loop = asyncio.get_running_loop()
    watcher, chance, paints = Watcher(), random.Random(sessions), []
    tabs = [Tab(url, watcher.see), *(Tab(url) for _ in range(sessions - 1))]
    try:
        for tab in tabs:
            paints.append(await tab.open())
            await asyncio.sleep(RAMP_S * 2 * chance.random())
        await asyncio.sleep(WARM_UP_S)
        received, cpu_s = sum(tab.received_bytes for tab in tabs), _cpu_s(server)
        watcher.ages_ms.clear()
        begin = loop.time()
        memory_mb = await _look(server, begin + seconds)
        end = loop.time()
        received, cpu_s = sum(tab.received_bytes for tab in tabs) - received, _cpu_s(server) - cpu_s
        await _answered(tabs, begin, end)
    finally:
        await asyncio.gather(*(tab.close() for tab in tabs))
    asked = [(tab, each) for tab in tabs for each in (*tab.reruns, *tab.unanswered()) if each.fragment != PAGE and begin <= each.sent < end]
    runs = {(id(tab), each.fragment, each.finished) for tab in tabs for each in tab.reruns if each.fragment != PAGE and begin <= each.finished < end}
    by_interval: dict[str, list[Rerun]] = {}
    for tab, each in asked:
        by_interval.setdefault(f"{tab.intervals.get(each.fragment, 0):g}", []).append(each)
    return {
        "sessions": sessions,
        "seconds": seconds,
        "offered": round(len(asked) / (end - begin), 2),
        "achieved": round(len(runs) / (end - begin), 2),
        "reruns_ms": percentiles(each.took_s * 1e3 for _, each in asked),
        "by_interval_ms": {interval: percentiles(each.took_s * 1e3 for each in found) for interval, found in sorted(by_interval.items())},
        "first_paint_ms": percentiles(paint * 1e3 for paint in paints),
        "to_screen_ms": percentiles(watcher.ages_ms),
        "bytes_a_second": round(received / (end - begin) / sessions),
        "memory_mb": memory_mb,
        "cores": round(cpu_s / (end - begin), 2) if server else None,
        "faults": [fault for tab in tabs for fault in tab.faults],
    }


async def paint(url: str, times: int) -> Percentiles:
    """First paints in ms, one tab after the other, each gone before the next comes. Raises `RuntimeError` when the page shows an exception."""
    took = []
    for _ in range(times):
        tab = Tab(url)
        try:
            took.append(await tab.open())
        finally:
            await tab.close()
        if tab.faults:
            raise RuntimeError(tab.faults[0])
    return percentiles(each * 1e3 for each in took)


async def _look(server: psutil.Process | None, until: float) -> list[float]:
    loop, looks = asyncio.get_running_loop(), []
    while (left := until - loop.time()) > 0:
        await asyncio.sleep(min(LOOK_S, left))
        if server:
            looks.append(round(server.memory_info().rss / 1e6, 1))
    return looks


async def _answered(tabs: list[Tab], begin: float, end: float) -> None:
    loop = asyncio.get_running_loop()
    while loop.time() < end + ANSWER_S and any(begin <= each.sent < end for tab in tabs for each in tab.unanswered()):
        await asyncio.sleep(0.05)


def _cpu_s(server: psutil.Process | None) -> float:
    if server is None:
        return 0.0
    times = server.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Put the load that the arguments name on the page that they name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--paints", type=int, default=0, help="only open the page so many times")
    parser.add_argument("--pid", type=int, help="of the server")
    given = parser.parse_args()
    server = psutil.Process(given.pid) if given.pid else None
    work = paint(given.url, given.paints) if given.paints else load(given.url, given.sessions, given.seconds, server)
    print(json.dumps(asyncio.run(work)))


if __name__ == "__main__":
    main()
