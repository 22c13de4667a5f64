"""What stands on the screen sums: lots to their position, positions and cash to the total, to the cent."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.components import allocation
from dashboard.components.palette import LIGHT
from dashboard.portfolio import performance_chart, wording
from dashboard.portfolio.ledger import Ledger
from dashboard.portfolio.live import Live
from dashboard.portfolio.prices import NO_PRICE, Priced
from dashboard.portfolio.rows import lot_figures, rows
from tests.unit.test_portfolio_book import FIRST, amounts, histories, portfolios
from ticklake.portfolio.book import Book
from ticklake.portfolio.entry import Setting
from ticklake.portfolio.model import Portfolio, Transaction
from ticklake.portfolio.valuation import UNIT, Missing, Quote, Total, value

D = Decimal
prices = st.lists(st.one_of(amounts, st.none()), min_size=3, max_size=3)


def valued(portfolio: Portfolio, history: list[Transaction], found: list[Decimal | None]) -> Live:
    """A ledger at these prices of A, B and C; None is none."""
    ledger = Ledger(Setting(portfolio, {}, lambda currency, day: D(1)), history, {}, {})
    quotes: dict[str, Quote | Missing] = {symbol: NO_PRICE if price is None else Quote(price, price) for symbol, price in zip("ABC", found, strict=True)}
    valuation = value(ledger.book, Book(portfolio), {}, quotes, {"USD": UNIT, "JPY": Quote(D("0.006543"), D("0.0065"))})
    return Live(ledger, valuation, {symbol: Priced(quote) for symbol, quote in quotes.items()}, {}, FIRST, [], "none", [], "none")


@given(portfolios, histories(), prices)
@settings(max_examples=150)
def test_displayed_figures_sum_to_the_cent(portfolio: Portfolio, history: list[Transaction], found: list[Decimal | None]) -> None:
    live = valued(portfolio, history, found)
    parts, total = rows(live)
    for name in ("value", "day", "unrealised", "realised"):
        shown = [figure for part in parts if (figure := getattr(part, name)) is not None]
        assert sum(shown, D(0)) == getattr(total, name)
        assert all(figure == round(figure, 2) for figure in shown)
    for part in parts:
        lots = [each for each in lot_figures(part) if each is not None]
        assert not lots or sum((worth for worth, _ in lots), D(0)) == part.value
        assert not lots or sum((made for _, made in lots), D(0)) == part.unrealised
    by_currency: defaultdict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        by_currency[part.position.currency if part.position else ""] += part.value or D(0)
    assert sum(by_currency.values(), D(0)) == total.value
    assert set(live.valuation.value.without) == {part.name for part in parts if part.position and part.value is None}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.gain(D("12.345"), False), "▲ +12.34"),
        (wording.gain(D("-0.001"), False), "■ 0.00"),
        (wording.gain(D("-1234.5"), False), "▼ -1,234.50"),
        (wording.gain(D("-1234.5"), True), "▼ •••"),
        (wording.gain(None, False), "n/a"),
        (wording.amount(None, False), "n/a"),
        (wording.amount(D(620_000), False), "620,000.00"),
        (wording.quantity(D("0.00000123"), False), "0.00000123"),
        (wording.quantity(D(2**33), False), "8,589,934,592"),
        (wording.quantity(D("1E+2"), False), "100"),
        (wording.share(D("0.12345")), "12.35 %"),
        (wording.gained_share(-0.00001), "■ 0.00 %"),
        (wording.without(Total(D(0), ("A", "B", "C", "D", "E"))), "without A, B, C and 2 more"),
        (wording.without(Total(D(0), ("A", "B", "C", "D"))), "without A, B, C, D"),
    ],
)
def test_how_amounts_are_written(written: str, expected: str) -> None:
    assert written == expected


def test_small_weights_are_joined_and_shorts_stay_below_zero() -> None:
    data = allocation.shares([("short", -0.3), *((f"S{number}", 0.05) for number in range(26))])
    assert len(data) == allocation.MOST + 1
    assert data["NAME"].iloc[-1] == "12 others"
    assert data["WEIGHT"].sum() == pytest.approx(100.0)
    assert data["WEIGHT"].min() == -30.0
    assert list(allocation.sectors([("", 0.5), ("Energy", 0.2), ("", 0.1)])["NAME"]) == ["no sector known", "Energy"]


@pytest.mark.parametrize("bars", [1, 2, 16])
def test_every_bar_has_its_height_beside_the_axis(bars: int) -> None:
    assert allocation.spec(LIGHT, bars)["height"] - allocation.AXIS == bars * allocation.ROW


def test_a_long_growth_is_thinned_and_keeps_its_ends() -> None:
    growth = [(FIRST + timedelta(number), 1 + number / 1000) for number in range(5000)]
    data = performance_chart.data(growth, growth, "SPY")
    assert len(data) <= 2000
    assert data["PERCENT"].iloc[-1] == pytest.approx(499.9)
    assert set(data["WHO"]) == {"Portfolio", "SPY"}
    assert "portfolio +499.90 %, SPY +499.90 %" in performance_chart.describe(growth, growth, "SPY")
