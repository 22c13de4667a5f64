"""How long this process takes to draw: what is measured is the run of a page or of a fragment, as Streamlit calls it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import streamlit as st

from ticklake.clock import Clock, SystemClock

WINDOW_S = 300.0
"""How far back a report looks."""

_MOST = 50_000

BESIDE_S = 0.17
"""Between the intervals of two fragments of a page."""

P = ParamSpec("P")


class Meter:
    """Durations of the newest reruns. Safe for several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._took: deque[tuple[float, float]] = deque(maxlen=_MOST)

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Measure what is done meanwhile, also when it ends in a rerun."""
        began = self._clock.monotonic()
        try:
            yield
        finally:
            ended = self._clock.monotonic()
            with self._lock:
                self._took.append((ended, ended - began))

    def report(self) -> dict[str, float]:
        """Reruns of the window: `count`, and `p50`, `p95` and `p99` in seconds, 0 without any."""
        since = self._clock.monotonic() - WINDOW_S
        with self._lock:
            while self._took and self._took[0][0] < since:
                self._took.popleft()
            took = sorted(seconds for _, seconds in self._took)
        return {"count": float(len(took))} | {
            f"p{share}": round(took[min(len(took) - 1, len(took) * share // 100)], 4) if took else 0.0 for share in (50, 95, 99)
        }


METER = Meter(SystemClock())
"""One for the process, as its pages are many and none of them hands anything to another."""


def beside(every_s: float | None, nth: int) -> float | None:
    """The interval of the `nth` fragment of a page that is drawn each `every_s` seconds: a little longer, each by its own part; None: never.

    Timers that run in step ask for their runs in the same moment, and of two such runs Streamlit loses what the first has
    drawn when it ends before the second is taken up.
    """
    return None if every_s is None else round(every_s + nth * BESIDE_S, 2)


def fragment(draw: Callable[P, None], run_every: float | None = None) -> Callable[P, Any]:
    """`st.fragment`, measured."""

    @wraps(draw)
    def measured(*args: P.args, **kwargs: P.kwargs) -> None:
        with METER.timing():
            draw(*args, **kwargs)

    fragment: Callable[P, Any] = st.fragment(measured, run_every=run_every)
    return fragment
