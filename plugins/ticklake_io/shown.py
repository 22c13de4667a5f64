"""What the running dashboard says of itself: how old ticks were when they were first on screen, and how long it takes to draw."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

import httpx
import msgspec

from ticklake.settings import Settings

PATIENCE_S = 2.0

TARGET_S = 2.0
"""Within which a tick is on screen; a younger one may be on its way."""


class Screen(msgspec.Struct, frozen=True):
    """Ticks received from `since` to `newest` (seconds since 1970) that were shown: by second of their arrival [age in seconds, ticks] pairs."""

    since: float
    newest: float
    seconds: dict[str, list[tuple[float, int]]]

    def ages(self, first: float, end: float) -> list[tuple[float, int]]:
        """The pairs of ticks received in the seconds from `first` to before `end`."""
        return [pair for second, pairs in self.seconds.items() if first <= int(second) < end for pair in pairs]


class Reruns(msgspec.Struct, frozen=True):
    """Runs of pages and fragments in the last minutes, and percentiles of what they took, in seconds."""

    count: float
    p50: float
    p95: float
    p99: float


class Shown(msgspec.Struct, frozen=True):
    """The dashboard's own account."""

    screen: Screen
    reruns: Reruns


def percentiles(ages: Iterable[tuple[float, int]]) -> dict[str, float] | None:
    """p50, p95 and p99 of [age in seconds, ticks] pairs; None when there are none."""
    ordered = sorted(ages)
    if not ordered:
        return None
    ranks = list(accumulate(count for _, count in ordered))
    return {f"p{share}": round(ordered[bisect_left(ranks, -(-ranks[-1] * share // 100))][0], 3) for share in (50, 95, 99)}


def ask(settings: Settings) -> Shown | None:
    """What the dashboard of this instance answers; None when it does not."""
    url = settings.dashboard_status_url or f"http://{settings.http_host}:{settings.dashboard_http_port}/status"
    try:
        answer = httpx.get(url, timeout=PATIENCE_S, trust_env=False)
        return msgspec.json.decode(answer.raise_for_status().content, type=Shown)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError):
        return None
