from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import figures


@pytest.mark.parametrize(("value", "written"), [(1234.5, "1,234.50"), (0.0712, "0.0712"), (0.00001234, "0.00001234"), (math.nan, "n/a")])
def test_a_price_has_the_decimals_of_its_size(value: float, written: str) -> None:
    assert figures.price(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(1.234, "▲ +1.23 %"), (-0.5, "▼ -0.50 %"), (0.0, "■ 0.00 %"), (0.004, "■ 0.00 %"), (-0.004, "■ 0.00 %"), (math.nan, "n/a")]
)
def test_a_change_shows_its_direction_without_colour(value: float, written: str) -> None:
    assert figures.percent(value) == written


@pytest.mark.parametrize(("value", "written"), [(2.5, "+2.50"), (-1234.5, "-1,234.50"), (-0.0012, "-0.0012"), (0.0, "0.00"), (math.nan, "n/a")])
def test_a_difference_is_signed(value: float, written: str) -> None:
    assert figures.change(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(-3.0, "0 s"), (12.9, "12 s"), (119.0, "119 s"), (120.0, "2 min"), (18_600.0, "5 h 10 min"), (187_200.0, "2 d 4 h"), (4.1e8, "4745 d"), (math.nan, "n/a")],
)
def test_a_duration_is_written_in_the_unit_of_its_size(seconds: float, written: str) -> None:
    assert figures.duration(seconds) == written


@given(st.floats(allow_infinity=False, width=32))
def test_no_figure_is_ever_written_as_nan(value: float) -> None:
    for write in (figures.price, figures.change, figures.percent, figures.count, figures.duration):
        assert "nan" not in write(value).lower()
