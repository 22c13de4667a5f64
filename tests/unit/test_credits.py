"""The arithmetic of cost: figures that can be done by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.services import settings
from ticklake.credits import by_copy, by_snowpipe
from ticklake_cli.cost import estimates


@pytest.mark.parametrize(
    ("every_s", "work_s", "hours", "charged", "oldest_s"),
    [
        (60, 15, 24, 24.0, 80),  # never sleeps
        (75, 15, 24, 24.0, 95),
        (300, 15, 24, 6.0, 320),  # 288 x 75 s
        (600, 15, 24, 3.0, 620),
        (300, 0, 24, 4.8, 305),  # the 60 s that are billed at least
        (300, 15, 6.5, 1.625, 320),
        (10, 15, 24, 24.0, 35),  # a load that takes longer than the gap
    ],
)
def test_copy_costs_what_the_warehouse_is_awake(every_s: float, work_s: float, hours: float, charged: float, oldest_s: float) -> None:
    found = by_copy("x", every_s=every_s, work_s=work_s, flush_s=5, hours=hours)
    assert (found.credits, found.oldest_s) == (pytest.approx(charged), oldest_s)


def test_snowpipe_costs_by_the_gigabyte() -> None:
    assert by_snowpipe(100e9, flush_s=5).credits == pytest.approx(0.37)
    assert by_snowpipe(None, flush_s=5).credits is None


@given(st.floats(1, 7200), st.floats(0, 600), st.floats(0.1, 24))
def test_no_interval_costs_more_than_never_sleeping(every_s: float, work_s: float, hours: float) -> None:
    charged = by_copy("x", every_s=every_s, work_s=work_s, flush_s=5, hours=hours).credits
    assert charged is not None
    assert 0 < charged <= hours * 1.0000001


def test_the_settings_come_first() -> None:
    hinted = estimates(settings(), None, 15, 24)
    assert [each.name for each in hinted] == [
        "now: on hints",
        "on hints",
        "no hints, every 60 s",
        "no hints, every 300 s",
        "no hints, every 600 s",
        "Snowpipe",
    ]
    timed = estimates(settings(load_hints=False, load_interval_s=600), None, 15, 24)
    assert (timed[0].name, timed[0].credits) == ("now: every 600 s", pytest.approx(3.0))
