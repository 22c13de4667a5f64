"""A provider's numbers and texts: exactly what was sent, or the rule that is broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ticklake import fields
from ticklake.columns import decode
from ticklake.tick import Tick, encode

TIME = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
TICK = Tick(tick_id="x", symbol="A", kind="trade", event_time=TIME, received_at=TIME, price="1", source="x", feed="realtime", sequence=0)
NUMBERS = st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(0, 10**13, places=8) | st.builds(Decimal, st.floats())


@given(NUMBERS)
def test_a_price_is_exact_and_valid_or_refused(number: Decimal) -> None:
    try:
        text = fields.price(number)
    except ValueError:
        assert not (number.is_finite() and 0 < number < 10**12 and number == round(number, 8))
        return
    assert Decimal(text) == number
    assert decode([b"A"], [encode(structs.replace(TICK, price=text))]).reasons.to_pylist() == [None]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("189.30", "189.3"),
        ("1E+3", "1000"),
        ("7.1E-6", "0.0000071"),
        ("74214.00000000000", "74214"),
        ("0.00000001", "0.00000001"),
        ("999999999999.5", "999999999999.5"),
    ],
)
def test_a_price_is_in_plain_digits(number: str, text: str) -> None:
    assert fields.price(Decimal(number)) == text


@pytest.mark.parametrize("number", ["1E+999999", "1E-999999", "-1", "NaN", "Infinity"])
def test_a_number_that_would_not_fit_is_refused_without_writing_it_out(number: str) -> None:
    for read in (fields.price, fields.size):
        with pytest.raises(ValueError, match="from 10"):
            read(Decimal(number))


def test_a_size_may_be_nothing_or_a_fraction() -> None:
    assert [fields.size(Decimal(text)) for text in ("0", "0.00", "1.50", "2e3", "0.00001234")] == ["0", "0", "1.5", "2000", "0.00001234"]


def test_times_have_a_zone_and_lie_in_the_years_of_a_tick() -> None:
    assert fields.from_ms(1795444200227) == datetime(2026, 11, 23, 14, 30, 0, 227000, UTC)
    assert fields.utc(datetime(2026, 11, 23, 20, tzinfo=timezone(timedelta(hours=5.5)))) == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    for milliseconds in (-1, 10**13, 10**30):
        with pytest.raises(ValueError, match="from 1970 to 2199"):
            fields.from_ms(milliseconds)
    with pytest.raises(ValueError, match="zone"):
        fields.utc(datetime(2026, 11, 23))  # noqa: DTZ001 - the fault that is looked for
    with pytest.raises(ValueError, match="from 1970"):
        fields.utc(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))))


def test_texts_are_short_and_print_and_a_symbol_is_one() -> None:
    assert fields.symbol("BTC-USD") == "BTC-USD"
    for wrong in ("", "x" * 65, "A\n", "\ud800"):
        with pytest.raises(ValueError, match="symbol"):
            fields.symbol(wrong)
