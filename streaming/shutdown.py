"""One budget for the whole of a stop. Each step takes what is left of it; when it is spent, the process ends."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import structlog

from ticklake.clock import Clock

_log = structlog.get_logger()


class Shutdown:
    """Begins when `stop` is set. What still hangs when `budget_s` seconds have passed, a store or a broker that does not answer, ends with the process.

    That is no worse than being killed: what is not acknowledged or committed then is read or sent again. `status` is the
    exit status that the process then has.
    """

    def __init__(self, stop: threading.Event, budget_s: float, clock: Clock, end: Callable[[int], object] = os._exit) -> None:
        self.stop = stop
        self.status = 0
        self._budget_s = budget_s
        self._clock = clock
        self._end = end
        self._deadline: float | None = None
        threading.Thread(target=self._watch, name="shutdown", daemon=True).start()

    def left(self, reserve_s: float = 0.0) -> float:
        """Seconds of the budget that are left, less what later steps need; 0 when there are none."""
        if self._deadline is None:
            self._deadline = self._clock.monotonic() + self._budget_s
        return max(0.0, self._deadline - self._clock.monotonic() - reserve_s)

    def _watch(self) -> None:
        self.stop.wait()
        self._clock.sleep(self.left())
        _log.warning("stopped_early", reason="something still hangs", budget_s=self._budget_s)
        self._end(self.status)
