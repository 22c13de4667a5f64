"""The book of a portfolio, against cases worked by hand and against laws that hold for any transactions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticklake.daily import Action
from ticklake.portfolio.actions import automatic
from ticklake.portfolio.book import Book, Flow, apply, build, days
from ticklake.portfolio.exact import EXACT, apportion, portions, ratio, scaled
from ticklake.portfolio.lots import held
from ticklake.portfolio.model import Kind, Portfolio, Transaction, effective
from ticklake.portfolio.valuation import UNIT, Quote, value

USD = Portfolio("p", "Mine", "USD")
SHORTS = Portfolio("p", "Mine", "USD", shorts=True)
NO_CASH = Portfolio("p", "Mine", "USD", shorts=True, keeps_cash=False)
D = Decimal
FIRST = date(2026, 3, 2)


def line(kind: Kind, symbol: str | None = None, day: int = 0, **fields: str | Decimal) -> Transaction:
    """A transaction so many days after a Monday; numbers may be text."""
    words = {"currency", "id", "reverses"}
    values = {name: value if name in words else D(value) for name, value in fields.items()}
    return Transaction(
        **({"id": f"{kind}{symbol}{day}{sorted(fields.items())}", "currency": "USD"} | values), traded_on=FIRST + timedelta(day), kind=kind, symbol=symbol
    )  # type: ignore[arg-type]


def numbered(*transactions: Transaction) -> list[Transaction]:
    """With ids t1, t2 … and places in that order."""
    return [replace(each, line=number, id=f"t{number}") for number, each in enumerate(transactions, 1)]


def booked(*transactions: Transaction, portfolio: Portfolio = USD) -> Book:
    book, problems = build(portfolio, numbered(*transactions))
    assert problems == ()
    return book


def refusal(*transactions: Transaction, portfolio: Portfolio = USD) -> str:
    (problem,) = build(portfolio, numbered(*transactions)).problems
    return problem.reason


def test_a_purchase_costs_its_fee_and_a_partial_sale_takes_the_oldest_lot_first() -> None:
    book = booked(
        line(Kind.DEPOSIT, amount="10000"),
        line(Kind.BUY, "IBM", 0, quantity="10", price="100", fee="5"),
        line(Kind.BUY, "IBM", 1, quantity="10", price="120", fee="5"),
        line(Kind.SELL, "IBM", 2, quantity="15", price="130", fee="3"),
    )
    ibm = book.positions["IBM"]
    # 15 x 130 - 3 = 1,947 for the lot of 1,005 and half of that of 1,205: 602.50
    assert ibm.realised == D("1947") - D("1005") - D("602.5")
    assert [(lot.quantity, lot.cost) for lot in ibm.lots] == [(D(5), D("602.5"))]
    assert book.cash == D("10000") - D("1005") - D("1205") + D("1947")
    assert [slice_.quantity for slice_ in ibm.slices] == [D(10), D(5)]


def test_a_split_keeps_the_cost_and_fractions_of_a_share() -> None:
    book = booked(line(Kind.BUY, "X", 0, quantity="7", price="30"), line(Kind.SPLIT, "X", 1, ratio="1.5"), portfolio=NO_CASH)
    assert book.positions["X"].lots[0].quantity == D("10.5")
    assert book.positions["X"].cost == D(210)


def test_one_for_three_is_exactly_a_third() -> None:
    book = booked(
        line(Kind.BUY, "X", 0, quantity="100", price="1"),
        line(Kind.BUY, "X", 0, quantity="200", price="2"),
        line(Kind.SPLIT, "X", 1, ratio="0.33333333"),
        line(Kind.SELL, "X", 2, quantity="100", price="6"),
        portfolio=NO_CASH,
    )
    assert book.positions["X"].quantity == 0
    assert book.positions["X"].realised == D(100)
    assert ratio(D("0.12345678")).denominator > 1000


def test_a_short_gains_when_it_is_covered_lower() -> None:
    book = booked(
        line(Kind.SHORT, "X", 0, quantity="10", price="50", fee="1"),
        line(Kind.COVER, "X", 1, quantity="4", price="40", fee="1"),
        portfolio=SHORTS,
    )
    x = book.positions["X"]
    # Opened for 499 in all, so 199.60 for four; covered for 161.
    assert x.realised == D("199.6") - D(161)
    assert (x.quantity, x.cost) == (D(-6), D("-299.4"))
    assert book.cash == D(499) - D(161)


def test_a_sale_beyond_the_position_opens_a_short_where_that_is_allowed() -> None:
    sale = line(Kind.BUY, "X", 0, quantity="10", price="10"), line(Kind.SELL, "X", 1, quantity="15", price="12", fee="3")
    x = booked(*sale, portfolio=SHORTS).positions["X"]
    # The fee of 3 belongs to the ten that were sold and to the five that were sold short.
    assert x.realised == D(120) - D(2) - D(100)
    assert (x.quantity, x.cost) == (D(-5), D(-59))
    assert refusal(*sale) == "sells 15 of X, 10 are held and the portfolio allows no shorts"


def test_a_purchase_beyond_the_short_goes_long() -> None:
    x = booked(line(Kind.SHORT, "X", 0, quantity="5", price="10"), line(Kind.BUY, "X", 1, quantity="8", price="9"), portfolio=SHORTS).positions["X"]
    assert x.realised == D(5)
    assert (x.quantity, x.cost) == (D(3), D(27))


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (line(Kind.COVER, "X", 1, quantity="1", price="1"), "covers 1 of X, 0 are short"),
        (line(Kind.SHORT, "X", 1, quantity="1", price="1"), "2 of X are held; sell them first"),
        (line(Kind.TRANSFER_OUT, "X", 1, quantity="3"), "3 of X cannot go, 2 are held"),
        (line(Kind.BUY, "X", 1, quantity="1", price="1", currency="EUR"), "X is held in USD, not in EUR"),
        (line(Kind.DIVIDEND, "Y", 1, amount="1"), "Y was never held"),
        (line(Kind.SPLIT, "Y", 1, ratio="2"), "Y was never held"),
        (line(Kind.BUY, "X", 1, quantity="1"), "a buy needs price"),
        (line(Kind.DEPOSIT, "X", 1, amount="1"), "a deposit has no symbol"),
        (line(Kind.DIVIDEND, "X", 1, amount="1", price="1"), "a dividend needs amount, or price for each share held, and not both"),
        (line(Kind.SELL, "X", 1, quantity="1", price="-1"), "price is below 0; the kind says the direction"),
    ],
)
def test_what_cannot_be_booked_says_why_and_is_left_out(last: Transaction, reason: str) -> None:
    first = line(Kind.BUY, "X", 0, quantity="2", price="1")
    assert refusal(first, last, portfolio=SHORTS) == reason
    assert build(SHORTS, numbered(first, last)).book == booked(first, portfolio=SHORTS)


def test_dividends_are_net_of_tax_and_fees_stand_alone() -> None:
    book = booked(
        line(Kind.BUY, "X", 0, quantity="10", price="10"),
        line(Kind.DIVIDEND, "X", 1, amount="8", fee="1.2"),
        line(Kind.FEE, "X", 1, amount="0.5"),
        line(Kind.FEE, None, 2, amount="3"),
        portfolio=SHORTS,
    )
    assert (book.positions["X"].income, book.positions["X"].fees, book.fees) == (D("6.8"), D("0.5"), D(3))
    assert book.cash == D(-100) + D("6.8") - D("0.5") - D(3)


def test_another_currency_is_booked_at_the_rate_of_its_day() -> None:
    book = booked(
        line(Kind.BUY, "SAP", 0, quantity="10", price="100", fee="10", currency="EUR", rate="1.10"),
        line(Kind.SELL, "SAP", 1, quantity="4", price="110", currency="EUR", rate="1.20"),
        portfolio=NO_CASH,
    )
    sap = book.positions["SAP"]
    # Cost 1,010 EUR = 1,111 USD, four tenths of it 444.40; proceeds 440 EUR = 528 USD.
    assert sap.realised == D("528") - D("444.4")
    assert (sap.cost, sap.base) == (D(606), D("666.6"))
    rates = {"EUR": Quote(D("1.25"), D("1.2"))}
    (held_line,) = value(book, book, book.positions, {"SAP": Quote(D(120), D(118))}, rates).lines
    assert held_line.value == D(6) * D(120) * D("1.25")
    assert held_line.unrealised == D(900) - D("666.6")
    assert held_line.day == D(900) - D(6) * D(118) * D("1.2")


def test_a_reversal_takes_back_what_it_names() -> None:
    wrong, right = line(Kind.BUY, "X", 0, quantity="10", price="99"), line(Kind.BUY, "X", 0, quantity="10", price="9.9")
    entered = numbered(wrong, right)
    back = line(Kind.REVERSAL, None, 1, reverses="t1")
    assert effective([*entered, back]) == [entered[1]]
    assert build(NO_CASH, effective([*entered, back])).book.positions["X"].cost == D(99)


def test_shares_in_kind_bring_their_cost_and_are_a_flow() -> None:
    book = booked(
        line(Kind.TRANSFER_IN, "X", 0, quantity="10", price="8"),
        line(Kind.TRANSFER_OUT, "X", 1, quantity="4"),
        portfolio=USD,
    )
    assert book.cash == 0
    assert book.positions["X"].base == D(48)
    assert book.flows == (Flow(FIRST, D(80), "X", D(10)), Flow(FIRST + timedelta(1), D(-32), "X", D(-4)))


def test_without_cash_a_purchase_brings_its_money_along() -> None:
    book = booked(line(Kind.BUY, "X", 0, quantity="1", price="10"), line(Kind.SELL, "X", 2, quantity="1", price="11"), portfolio=NO_CASH)
    assert book.cash == 0
    assert book.flows == (Flow(FIRST, D(10)), Flow(FIRST + timedelta(2), D(-11)))
    assert refusal(line(Kind.DEPOSIT, amount="1"), portfolio=NO_CASH) == "this portfolio keeps no cash, so there is no deposit"


TOLD = {"X": [Action(FIRST + timedelta(3), "dividend", D("0.5")), Action(FIRST + timedelta(3), "split", D(2)), Action(FIRST, "dividend", D(9))]}


def test_the_market_splits_and_pays_for_what_is_held_as_the_day_begins() -> None:
    own = numbered(line(Kind.BUY, "X", 0, quantity="10", price="10"), line(Kind.BUY, "X", 3, quantity="5", price="5"))
    made, left_out = automatic(USD, own, TOLD, lambda currency, day: D(1))
    book, problems = build(USD, own + made)
    assert (problems, left_out) == ((), [])
    # Ten become twenty, and those twenty earn 0.50 each; what was bought that day earns nothing, nor does the day of the first purchase.
    assert book.positions["X"].quantity == D(25)
    assert book.positions["X"].income == D(10)


def test_an_entry_by_hand_stands_for_what_the_market_told() -> None:
    own = numbered(line(Kind.BUY, "X", 0, quantity="10", price="10"), line(Kind.SPLIT, "X", 4, ratio="2"), line(Kind.DIVIDEND, "X", 30, amount="9.50"))
    made, _ = automatic(USD, own, TOLD, lambda currency, day: D(1))
    assert made == []
    late = numbered(own[0], line(Kind.DIVIDEND, "X", 64, amount="9.50"))
    made, _ = automatic(USD, late, TOLD, lambda currency, day: D(1))
    assert sorted(each.kind for each in made) == [Kind.DIVIDEND, Kind.SPLIT]


def test_a_dividend_in_a_currency_without_a_rate_is_left_out_by_name() -> None:
    own = numbered(line(Kind.BUY, "X", 0, quantity="10", price="10", currency="EUR"))
    made, (left_out,) = automatic(USD, own, TOLD, lambda currency, day: None)
    assert [each.kind for each in made] == [Kind.SPLIT]
    assert left_out == "the dividend of X on 2026-03-05: no rate of EUR in USD that day"


def test_lines_of_a_day_count_in_the_order_in_which_they_were_entered() -> None:
    buy, sell = line(Kind.BUY, "X", 0, quantity="1", price="1"), line(Kind.SELL, "X", 0, quantity="1", price="2")
    assert booked(buy, sell).positions["X"].realised == D(1)
    assert "0 are held" in refusal(sell, buy)


amounts = st.decimals(min_value=D("0.01"), max_value=D("99999"), places=2)
quantities = st.decimals(min_value=D("0.001"), max_value=D("9999"), places=3)
rates = st.sampled_from([D(1), D("1.0837"), D("0.006731")])


@st.composite
def histories(draw: st.DrawFn) -> list[Transaction]:
    """Transactions of three symbols in two currencies, in any order; what cannot be is left out by the book."""
    found = []
    for number in range(draw(st.integers(1, 25))):
        kind = draw(st.sampled_from([kind for kind in Kind if kind is not Kind.REVERSAL]))
        symbol = draw(st.sampled_from(["A", "B", "C"])) if kind not in (Kind.DEPOSIT, Kind.WITHDRAWAL) else None
        currency = "JPY" if symbol == "C" else "USD"
        fields: dict[str, object] = {}
        if kind in (Kind.BUY, Kind.SELL, Kind.SHORT, Kind.COVER, Kind.TRANSFER_IN, Kind.TRANSFER_OUT):
            fields["quantity"] = draw(quantities)
        if kind in (Kind.BUY, Kind.SELL, Kind.SHORT, Kind.COVER, Kind.TRANSFER_IN):
            fields["price"] = draw(amounts)
        if kind in (Kind.BUY, Kind.SELL, Kind.SHORT, Kind.COVER):
            fields["fee"] = draw(st.decimals(min_value=D(0), max_value=D(20), places=2))
        if kind in (Kind.DIVIDEND, Kind.FEE, Kind.DEPOSIT, Kind.WITHDRAWAL):
            fields["amount"] = draw(amounts)
        if kind is Kind.SPLIT:
            fields["ratio"] = draw(st.sampled_from([D(2), D("1.5"), D("0.1"), D("0.33333333"), D("0.14285714"), D("1.23456789")]))
        day = FIRST + timedelta(draw(st.integers(0, 10)))
        rate = draw(rates) if currency == "JPY" else D(1)
        found.append(Transaction(id=f"t{number}", traded_on=day, kind=kind, currency=currency, symbol=symbol, rate=rate, line=number, **fields))  # type: ignore[arg-type]
    return found


portfolios = st.sampled_from([USD, SHORTS, NO_CASH])


@given(portfolios, histories(), st.lists(amounts, min_size=3, max_size=3))
@settings(max_examples=150)
def test_value_less_flows_is_what_was_made(portfolio: Portfolio, history: list[Transaction], prices: list[Decimal]) -> None:
    with localcontext(EXACT):
        book = build(portfolio, history).book
        quotes = {symbol: Quote(price, price) for symbol, price in zip("ABC", prices, strict=True)}
        found = value(book, Book(portfolio), {}, quotes, {"USD": UNIT, "JPY": Quote(D("0.0065"), D("0.0064"))})
        gained = found.value.amount - sum(flow.amount for flow in book.flows)
        assert gained == found.unrealised.amount + found.realised + found.income - found.fees
        proceeds_less_cost = sum((each.cash - each.base for position in book.positions.values() for each in position.slices), D(0))
        assert found.realised == proceeds_less_cost
        parts = [line.value for line in found.lines if line.value is not None]
        assert sum(parts, found.cash) == found.value.amount
        shown = apportion(found.value.amount, [*parts, found.cash])
        assert sum(shown) == found.value.amount.quantize(D("0.01"))
        assert all(abs(one - other) < D("0.01") for one, other in zip(shown, [*parts, found.cash], strict=True))
        for line_ in found.lines:
            per_lot = [lot.quantity * quotes[line_.position.symbol].price * (line_.rate or D(1)) for lot in line_.position.lots]
            assert sum(per_lot, D(0)) == line_.value


@given(portfolios, histories())
@settings(max_examples=150)
def test_lots_conserve_quantity_and_have_one_side(portfolio: Portfolio, history: list[Transaction]) -> None:
    """Position by position against plain sums of signed quantities, split by split."""
    built = build(portfolio, history)
    bad = {problem.transaction.id for problem in built.problems}
    expected = dict.fromkeys("ABC", D(0))
    for each in sorted(history, key=lambda each: each.order):
        if each.id in bad or each.symbol is None:
            continue
        if each.kind is Kind.SPLIT:
            by = ratio(each.ratio or D(1))
            with localcontext(EXACT):
                expected[each.symbol] = (expected[each.symbol] * by.numerator / by.denominator).quantize(D("1e-18"))
        elif each.quantity:
            expected[each.symbol] += each.quantity if each.kind in (Kind.BUY, Kind.COVER, Kind.TRANSFER_IN) else -each.quantity
    for symbol, position in built.book.positions.items():
        assert position.quantity == expected[symbol]
        assert len({lot.quantity > 0 for lot in position.lots}) <= 1
        assert all(lot.quantity for lot in position.lots)
        assert portfolio.shorts or position.quantity >= 0


@given(portfolios, histories(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_book_depends_on_days_and_places_not_on_the_order_of_reading(portfolio: Portfolio, history: list[Transaction], random: object) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert build(portfolio, shuffled) == build(portfolio, history)
    by_day = days(portfolio, shuffled)
    assert not by_day or by_day[-1][1] == build(portfolio, history).book


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=8), st.lists(quantities, min_size=1, max_size=20))
def test_portions_sum_to_the_whole(total: Decimal, weights: list[Decimal]) -> None:
    with localcontext(EXACT):
        parts = portions(total, weights)
        assert sum(parts) == total
        assert all(abs(part - total * weight / sum(weights)) < D("1e-17") for part, weight in zip(parts, weights, strict=True))


def test_scaled_lots_of_nothing_are_nothing() -> None:
    with localcontext(EXACT):
        assert held(()) == 0
        assert scaled([D(1), D(2)], ratio(D("0.33333333"))) == [D("0.333333333333333333"), D("0.666666666666666667")]


def test_displayed_parts_sum_to_the_displayed_total() -> None:
    third = D(100) / 3
    assert apportion(D(100), [third, third, third]) == [D("33.34"), D("33.33"), D("33.33")]
    assert apportion(D("-0.01"), [D("-0.005"), D("-0.005")]) in ([D("0.00"), D("-0.01")], [D("-0.01"), D("0.00")])
    assert apportion(D(0), []) == []


def test_a_transaction_is_in_the_order_of_its_entry_on_its_day() -> None:
    early, late = datetime(2026, 3, 3, 9, tzinfo=UTC), datetime(2026, 3, 3, 10, tzinfo=UTC)
    first = Transaction(id="b", traded_on=FIRST, kind=Kind.BUY, currency="USD", symbol="X", quantity=D(1), price=D(1), entered_at=early, line=2)
    second = Transaction(id="s", traded_on=FIRST, kind=Kind.SELL, currency="USD", symbol="X", quantity=D(1), price=D(1), entered_at=late, line=1)
    assert build(USD, [second, first]).problems == ()
    with localcontext(EXACT), pytest.raises(ValueError, match="0 are held"):
        apply(Book(USD), second)
