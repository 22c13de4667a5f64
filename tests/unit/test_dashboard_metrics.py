"""What a dashboard says of itself: ages on screen and how long it draws, for whoever asks over HTTP."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from dashboard.meter import Meter, beside
from dashboard.metrics import DashboardMetrics
from dashboard.screen import BOUNDS_S, KEPT_S, Screen
from tests.fakes.clock import ManualClock
from tests.fixtures.services import HOST, free_port, settings
from ticklake_io import shown
from ticklake_io.serving import Pages, Verdict, serving

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def us(at: datetime) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([round(at.timestamp() * 1e6)])


def screen_of(*ages_s: float) -> Screen:
    """Ticks that were all received at the same time and shown at these ages."""
    screen = Screen()
    screen.begin(NOW)
    for age in ages_s:
        screen.shown(us(NOW), NOW + timedelta(seconds=age))
    return screen


def test_ages_are_told_within_a_tenth() -> None:
    report = screen_of(0.123, 1.7, 45.0).report()
    pairs = report["seconds"][str(int(NOW.timestamp()))]  # type: ignore[index]
    for (age, count), true in zip(pairs, (0.123, 1.7, 45.0), strict=True):
        assert count == 1
        assert true <= age <= true * 1.1


def test_what_came_before_the_first_board_does_not_count() -> None:
    screen = Screen()
    screen.shown(us(NOW), NOW)
    screen.begin(NOW)
    screen.shown(us(NOW - timedelta(seconds=1)), NOW)
    assert screen.report()["seconds"] == {}


def test_only_an_hour_is_remembered() -> None:
    screen = screen_of(1.0)
    later = NOW + timedelta(seconds=KEPT_S + 1)
    screen.shown(us(later), later)
    assert list(screen.report()["seconds"]) == [str(int(later.timestamp()))]  # type: ignore[call-overload]


def test_the_buckets_of_prometheus_hold_every_tick() -> None:
    buckets, total_s = screen_of(0.5, 0.5, 5000.0).totals()
    assert buckets[-1] == ("+Inf", 3)
    assert [count for bound, count in buckets if float(bound) < 0.3] == [0] * len([bound for bound in BOUNDS_S[:-1:8] if bound < 0.3])
    assert total_s == pytest.approx(5001.0)


def test_reruns_are_measured_also_when_they_end_early() -> None:
    clock = ManualClock()
    meter = Meter(clock)
    for seconds in (0.1,) * 98 + (0.4, 0.9):
        with meter.timing():
            clock.advance(seconds)
    with pytest.raises(KeyError), meter.timing():
        raise KeyError
    assert meter.report() == {"count": 101.0, "p50": 0.1, "p95": 0.1, "p99": 0.4}
    clock.advance(301)
    assert meter.report() == {"count": 0.0, "p50": 0.0, "p95": 0.0, "p99": 0.0}


def test_whoever_asks_is_told() -> None:
    screen, meter, port = screen_of(0.5), Meter(ManualClock()), free_port()
    with meter.timing(), nullcontext():
        pass
    registry = CollectorRegistry()
    registry.register(DashboardMetrics(screen, meter))
    pages = Pages(registry, lambda: Verdict(True, ""), lambda: Verdict(True, ""), lambda: {"screen": screen.report(), "reruns": meter.report()})
    with serving(HOST, port, pages, setting="X"):
        told = shown.ask(settings(http_host=HOST, dashboard_http_port=port))
        metrics = httpx.get(f"http://{HOST}:{port}/metrics", trust_env=False).text
    assert told is not None
    assert told.reruns.count == 1
    assert told.screen.ages(NOW.timestamp(), NOW.timestamp() + 1) == [(pytest.approx(0.5, rel=0.1), 1)]
    assert 'ticklake_dashboard_to_screen_seconds_bucket{le="+Inf"} 1.0' in metrics
    assert "ticklake_dashboard_reruns 1.0" in metrics
    assert shown.ask(settings(http_host=HOST, dashboard_http_port=port)) is None
    assert msgspec.json.encode(told)


def test_no_two_fragments_of_a_page_are_drawn_in_step() -> None:
    intervals = [beside(5.0, nth) for nth in range(6)]
    assert intervals[0] == 5.0
    assert len({*intervals}) == 6
    assert max(each or 0 for each in intervals) < 6
    assert beside(None, 1) is None
