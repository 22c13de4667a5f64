"""Days, returns and valuations of a portfolio: against numpy, and against cases worked by hand on awkward days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake.portfolio.book import Book, build, days
from ticklake.portfolio.fx import find, pairs
from ticklake.portfolio.history import Closes, Day, by_day, complete, rebased, time_weighted
from ticklake.portfolio.model import Kind, Portfolio, Transaction
from ticklake.portfolio.trading_day import day_before, trading_day
from ticklake.portfolio.valuation import UNIT, Missing, Quote, value

D = Decimal
FIRST = date(2026, 3, 2)
CASH = Portfolio("p", "Mine", "USD")
NO_CASH = Portfolio("p", "Mine", "USD", shorts=True, keeps_cash=False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def line(kind: Kind, day: date, **fields: str) -> Transaction:
    values = {name: D(text) if name not in ("symbol", "currency") else text for name, text in fields.items()}
    return Transaction(**({"currency": "USD"} | values), id=f"{kind}{day}{fields}", traded_on=day, kind=kind)  # type: ignore[arg-type]


def unit(currency: str, day: date) -> Decimal | None:
    return D(1)


def test_a_deposit_is_no_return() -> None:
    book = days(
        CASH,
        [
            line(Kind.DEPOSIT, FIRST, amount="1000"),
            line(Kind.BUY, FIRST, symbol="X", quantity="10", price="100"),
            line(Kind.DEPOSIT, FIRST + timedelta(1), amount="500"),
        ],
    )
    closes = Closes({FIRST: D(100), FIRST + timedelta(1): D(110), FIRST + timedelta(2): D(99)})
    found = by_day(book, closes.days, lambda symbol, day: closes.on(day), unit)
    assert [(each.value, each.flow) for each in found] == [(D(1000), D(1000)), (D(1600), D(500)), (D(1490), D(0))]
    # 1,100 / 1,000, then 1,490 / 1,600.
    assert time_weighted(found)[-1][1] == pytest.approx(1.1 * 1490 / 1600)


def test_what_happens_on_a_weekend_belongs_to_the_next_close() -> None:
    friday, saturday, monday = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 9)
    book = days(CASH, [line(Kind.DEPOSIT, friday, amount="100"), line(Kind.DEPOSIT, saturday, amount="50")])
    found = by_day(book, [friday, monday], lambda symbol, day: None, unit)
    assert [(each.day, each.flow) for each in found] == [(friday, D(100)), (monday, D(50))]


def test_a_holiday_carries_the_close_for_a_week_and_over_a_split() -> None:
    closes = Closes({FIRST: D(90)}, [(FIRST, D(7)), (FIRST + timedelta(2), D(3))])
    assert closes.on(FIRST) == closes.on(FIRST + timedelta(1)) == D(90)
    assert closes.on(FIRST + timedelta(2)) == D(30)
    assert closes.on(FIRST + timedelta(7)) == D(30)
    assert closes.on(FIRST + timedelta(8)) is None
    assert closes.on(FIRST - timedelta(1)) is None


def test_a_day_without_a_price_is_named_and_the_return_begins_after_it() -> None:
    found = [
        Day(FIRST, D(1), D(1)),
        Day(FIRST + timedelta(1), D(1), D(0), ("X",)),
        Day(FIRST + timedelta(2), D(5), D(0)),
        Day(FIRST + timedelta(3), D(6), D(0)),
    ]
    assert complete(found) == found[2:]
    assert time_weighted(complete(found))[-1][1] == pytest.approx(1.2)


def test_a_portfolio_that_was_empty_for_a_time_goes_on() -> None:
    flows = [(D(100), D(100)), (D(110), D(0)), (D(0), D(-121)), (D(0), D(0)), (D(50), D(50)), (D(55), D(0))]
    found = [Day(FIRST + timedelta(number), worth, flow) for number, (worth, flow) in enumerate(flows)]
    assert time_weighted(found)[-1][1] == pytest.approx(1.1 * 1.1 * 1.1)


@given(st.lists(st.tuples(st.floats(0.5, 2), st.floats(-0.4, 3)), min_size=1, max_size=300), st.floats(1, 1e9))
def test_time_weighted_is_numpy_s_product_of_returns(moves: list[tuple[float, float]], start: float) -> None:
    """Each day the value grows by a factor; then the owner brings a share of it, or takes one."""
    growths, brought = np.array(moves).T
    worth, found = D(start), [Day(FIRST, D(start), D(start))]
    for number, (growth, part) in enumerate(moves, 1):
        grown = worth * D(growth)
        flow = grown * D(part)
        worth = grown + flow
        found.append(Day(FIRST + timedelta(number), worth, flow))
    assert time_weighted(found)[-1][1] == pytest.approx(float(np.prod(growths)), rel=1e-9)
    assert len(brought) == len(moves)


def test_a_benchmark_starts_at_the_close_before_or_on_the_first_day() -> None:
    closes = [(date(2026, 2, 27), D(200)), (date(2026, 3, 3), D(210)), (date(2026, 3, 4), D(220))]
    assert rebased(closes, FIRST) == [(FIRST, 1.0), (date(2026, 3, 3), 1.05), (date(2026, 3, 4), 1.1)]
    assert rebased(closes, date(2026, 2, 1)) == []


@pytest.mark.parametrize(
    ("moment", "day", "before"),
    [
        ("2026-03-06 20:59", date(2026, 3, 6), date(2026, 3, 5)),  # Friday before the clocks change: open until 21:00 UTC
        ("2026-03-07 15:00", date(2026, 3, 6), date(2026, 3, 5)),  # Saturday: Friday's profit stays
        ("2026-03-09 01:29", date(2026, 3, 6), date(2026, 3, 5)),  # clocks have changed: Monday opens at 13:30 UTC, its day at 01:30
        ("2026-03-09 01:31", date(2026, 3, 9), date(2026, 3, 6)),
        ("2026-11-26 16:00", date(2026, 11, 25), date(2026, 11, 24)),  # Thanksgiving
        ("2026-11-27 17:59", date(2026, 11, 27), date(2026, 11, 25)),  # the day after: open until 18:00 UTC
        ("2026-11-27 18:01", date(2026, 11, 27), date(2026, 11, 25)),  # and after its early close
    ],
)
def test_the_day_of_new_york(moment: str, day: date, before: date) -> None:
    assert trading_day("XNYS", at(moment)) == day
    assert day_before("XNYS", day) == before


def test_around_the_clock_a_day_is_utc_s() -> None:
    for name in ("", "24/7", "NOPE"):
        assert trading_day(name, at("2026-03-07 23:59")) == date(2026, 3, 7)
        assert day_before(name, date(2026, 3, 7)) == date(2026, 3, 6)


def test_a_day_s_profit_has_its_trades_dividends_and_splits() -> None:
    yesterday, today = FIRST, FIRST + timedelta(1)
    entered = [
        line(Kind.BUY, yesterday, symbol="X", quantity="10", price="90"),
        line(Kind.SPLIT, today, symbol="X", ratio="2"),
        line(Kind.BUY, today, symbol="X", quantity="5", price="51", fee="1"),
        line(Kind.SELL, today, symbol="X", quantity="2", price="53"),
        line(Kind.DIVIDEND, today, symbol="X", amount="4"),
    ]
    entered = [Transaction(**{**each.__dict__, "line": number}) for number, each in enumerate(entered)]
    book, before = build(NO_CASH, entered).book, build(NO_CASH, entered, until=yesterday).book
    found = value(book, before, before.positions, {"X": Quote(D(52), D(100))}, {"USD": UNIT})
    # 23 x 52 = 1,196 now, 10 x 100 at the close; paid 256, got 106 and 4.
    assert found.day.amount == D(1196) - D(1000) - D(256) + D(106) + D(4)
    assert found.before == D(1000)
    assert found.contribution(found.lines[0]) == D(50) / D(1000)


def test_shares_in_kind_count_from_their_arrival() -> None:
    book = build(NO_CASH, [line(Kind.TRANSFER_IN, FIRST, symbol="X", quantity="10", price="1")]).book
    found = value(book, Book(NO_CASH), {}, {"X": Quote(D(50), D(40))}, {"USD": UNIT})
    assert (found.day.amount, found.unrealised.amount) == (D(0), D(490))


def test_shares_that_came_in_kind_and_were_sold_the_same_day_count_from_their_arrival() -> None:
    entered = [line(Kind.TRANSFER_IN, FIRST, symbol="X", quantity="10", price="1"), line(Kind.SELL, FIRST, symbol="X", quantity="10", price="55")]
    book = build(NO_CASH, entered).book
    found = value(book, Book(NO_CASH), {}, {"X": Quote(D(55), D(40))}, {"USD": UNIT})
    assert (found.value.amount, found.day.amount, found.before) == (D(0), D(0), None)
    nowhere = value(book, Book(NO_CASH), {}, {"X": Missing("no price has arrived")}, {"USD": UNIT})
    assert (nowhere.value, nowhere.day, nowhere.lines[0].opened) == ((D(0), ()), (D(0), ("X",)), D(0))


def test_without_a_price_a_rate_or_a_close_the_totals_say_so() -> None:
    entered = [line(Kind.BUY, FIRST, symbol=symbol, quantity="1", price="10", currency="EUR" if symbol == "E" else "USD") for symbol in "AEGN"]
    book = build(NO_CASH, entered).book
    prices: dict[str, Quote | Missing] = {"A": Quote(D(11), D(10)), "E": Quote(D(9), D(9)), "G": Missing("no price has arrived"), "N": Quote(D(12))}
    found = value(book, book, book.positions, prices, {"USD": UNIT, "EUR": Missing("no rate of EUR in USD")})
    assert found.value == (D(23), ("E", "G"))
    assert found.unrealised == (D(3), ("E", "G"))
    assert found.day == (D(1), ("E", "G", "N"))
    assert found.before is None
    assert [each.missing for each in found.lines] == [None, "no rate of EUR in USD", "no price has arrived", "no price at the close before"]


def test_a_position_sold_today_still_counts_for_the_day() -> None:
    entered = [line(Kind.BUY, FIRST, symbol="X", quantity="10", price="90"), line(Kind.SELL, FIRST + timedelta(1), symbol="X", quantity="10", price="97")]
    book, before = build(NO_CASH, entered).book, build(NO_CASH, entered, until=FIRST).book
    found = value(book, before, before.positions, {"X": Quote(D(99), D(95))}, {"USD": UNIT})
    assert (found.value.amount, found.day.amount) == (D(0), D(20))
    nowhere = value(book, before, before.positions, {"X": Missing("no price has arrived")}, {"USD": UNIT})
    assert (nowhere.value, nowhere.day) == ((D(0), ()), (D(0), ("X",)))


def test_a_rate_is_found_in_either_direction() -> None:
    assert [pair.symbol for pair in pairs("EUR", "USD")] == ["EURUSD", "EUR-USD", "EUR/USD", "USDEUR", "USD-EUR", "USD/EUR"]
    found = find("EUR", "USD", {"USD-EUR": D("0.8")}.get)
    assert found is not None
    assert found[0].rate(found[1]) == D("1.25")
    assert find("EUR", "CHF", {"USD-EUR": D("0.8")}.get) is None
