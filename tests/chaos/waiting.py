"""Waiting for what must come, with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable

_STEP_S = 0.05


class NeverCame(RuntimeError):
    """What was waited for did not come in time."""


def until(true: Callable[[], object], limit_s: float, complaint: Callable[[], str], step_s: float = _STEP_S) -> None:
    """Wait until `true()`. Raises `NeverCame` with the complaint after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > deadline:
            raise NeverCame(f"{complaint()} (waited {limit_s:.0f} s)")
        time.sleep(step_s)
