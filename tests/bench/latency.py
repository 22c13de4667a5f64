"""A thousand ticks a second for ten minutes, and what `ticklake latency` says of them."""

from __future__ import annotations

from typing import Any

from tests.fixtures.platform import TICKLAKE, Platform, eventually

RATE = 1_000
MINUTES = 10


def latency(platform: Platform) -> dict[str, Any]:
    """Percentiles in seconds by hop; the platform's own simulator runs on top."""
    feed = platform.start(TICKLAKE, "produce", "--source", "simulator", "--rate", str(RATE), "--limit", str(RATE * 60 * MINUTES))
    if not eventually(lambda: feed.poll() is not None, 60 * MINUTES + 120, step_s=0.2) or feed.returncode:
        raise RuntimeError(feed.stdout.read() if feed.stdout else "the feed failed")
    told = platform.report("latency", "--window", str(60 * MINUTES - 40))
    print(f"{told['ticks']:,} ticks in {told['window_s']} s")
    return told
