"""Files and forms as transactions: what is understood, what is refused and how that is said, and what adding them means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake.portfolio.entry import Plan, Setting, plan, reversal_conflicts
from ticklake.portfolio.lines import MOST_BYTES, Reader, table
from ticklake.portfolio.model import Kind, Portfolio, Transaction

D = Decimal
AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
OWN = Portfolio("own", "Growth", "USD", keeps_cash=False)
SAMPLE = Path(__file__).parents[2] / "dashboard" / "portfolio" / "sample.csv"


def known_rate(currency: str, day: date) -> Decimal | None:
    if currency == "USD":
        return D(1)
    return D("1.1") if currency == "EUR" and day >= date(2026, 1, 1) else None


READER = Reader(OWN, "ana", AT, lambda text: "IBM" if text == "ibm" else text, {"IBM": "USD", "SAP": "EUR"}.get, known_rate)
SETTING = Setting(OWN, {}, known_rate)


def planned(text: str, stored: tuple[Transaction, ...] = ()) -> Plan:
    rows, errors = table(text.encode())
    lines, wrong = READER.read(rows)
    return plan(SETTING, stored, lines, [*errors, *wrong])


def reasons(text: str) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in planned(text).errors]


def test_the_sample_is_understood() -> None:
    rows, errors = table(SAMPLE.read_bytes())
    reader = replace(READER, portfolio=replace(OWN, keeps_cash=True))
    lines, wrong = reader.read(rows)
    assert (errors, wrong) == ([], [])
    found = plan(Setting(reader.portfolio, {}, known_rate), (), lines, [])
    assert (len(found.new), found.errors) == (6, ())


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_come_in_any_order_under_common_names(mark: str) -> None:
    header, line = ["Ticker", "Trade Date", "TYPE", "Shares", "Price", "Commission"], ["ibm", "2026-03-02", "Buy", "10", "99.5", "1"]
    (found,) = planned("\ufeff" + mark.join(header) + "\r\n" + mark.join(line) + "\r\n").new
    assert (found.symbol, found.kind, found.quantity, found.price, found.fee, found.currency) == ("IBM", Kind.BUY, D(10), D("99.5"), D(1), "USD")


def test_errors_name_their_line_and_the_good_lines_stay() -> None:
    text = (
        "date,kind,symbol,quantity,price,currency,fx_rate\n"
        "2026-03-02,buy,IBM,10,100,,\n"
        "02/03/2026,buy,IBM,10,100,,\n"
        "2027-03-02,buy,IBM,10,100,,\n"
        "2026-03-02,bought,IBM,10,100,,\n"
        "2026-03-02,buy,IBM,ten,100,,\n"
        "2026-03-02,buy,IBM,1e3,100,,\n"
        '2026-03-02,buy,IBM,"1,000",100,,\n'
        "2026-03-02,buy,IBM,0.000000001,100,,\n"
        "2026-03-02,buy,IBM,10,,,\n"
        "2026-03-02,buy,IBM,10,100,EUR,\n"
        "2025-03-02,buy,SAP,10,100,,\n"
        "2026-03-02,buy,IBM,10,100,,1.2\n"
        "\n"
        "2026-03-03,sell,IBM,11,100,,\n"
        "2026-03-03,buy,IBM,1,1,USD,1,too,many\n"
        '2026-03-03,buy,"IBM,1\n'
        "2026-03-03,reversal,IBM,1,1,,\n"
    )
    kinds = "kind is none of buy, sell, short, cover, dividend, split, fee, deposit, withdrawal, transfer in, transfer out"
    number = "quantity is not a number like 1234.56"
    assert reasons(text) == [
        (3, "date is not like 2026-11-23"),
        (4, "2027-03-02 lies in the future"),
        (5, kinds),
        (6, number),
        (7, number),
        (8, number),
        (9, "quantity is not below 10^12 with at most 8 decimals"),
        (10, "a buy needs price"),
        (11, "IBM trades in USD, not in EUR"),
        (12, "no rate of EUR in USD on 2025-03-02 is known; give fx_rate: USD for one EUR"),
        (13, "fx_rate of USD in USD is 1"),
        (15, "sells 11 of IBM, 10 are held and the portfolio allows no shorts"),
        (16, "9 cells under 7 columns"),
        (17, "not CSV: unexpected end of data"),
        (18, kinds),
    ]
    assert [each.line for each in planned(text).new] == [2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the first line must name the columns; date and kind is not among them"),
        (b"date,kind,colour\n", "columns unknown or named twice: colour"),
        (b"date,kind,date\n", "columns unknown or named twice: date"),
        (b"date,kind\n\xff\xfe", "the file is not UTF-8; save it as CSV UTF-8"),
        (b"x" * (MOST_BYTES + 1), "the file has more than"),
        (b"date,kind\n" * 30_000, "the file has more than"),
    ],
)
def test_a_file_that_is_none_says_so(content: bytes, reason: str) -> None:
    rows, (error,) = table(content)
    assert rows == []
    assert error.reason.startswith(reason)


def test_a_file_from_new_to_old_is_read_from_its_end() -> None:
    text = "date,kind,symbol,quantity,price\n2026-03-03,sell,IBM,1,2\n2026-03-02,sell,IBM,1,2\n2026-03-02,buy,IBM,2,1\n"
    found = planned(text)
    assert found.errors == ()
    assert [abs(each.line) for each in sorted(found.new, key=lambda each: each.order)] == [4, 3, 2]
    assert reasons(text.replace("buy,IBM,2", "buy,IBM,1")) == [(2, "sells 1 of IBM, 0 are held and the portfolio allows no shorts")]


def test_the_same_line_twice_is_two_and_the_same_file_twice_is_one() -> None:
    text = "date,kind,symbol,quantity,price\n2026-03-02,buy,IBM,1,2\n2026-03-02,buy,IBM,1,2\n"
    first = planned(text)
    assert len(first.new) == 2
    again = planned(text + "2026-03-03,buy,IBM,1,3\n", first.new)
    assert (len(again.duplicates), len(again.new)) == (2, 1)
    assert reasons("date,kind,symbol,quantity,price,id\n2026-03-02,buy,IBM,1,2,a\n2026-03-02,buy,IBM,1,2,a\n") == [(3, "the id a is that of line 2, too")]


def test_a_line_that_undoes_what_is_booked_stops_the_import() -> None:
    stored = planned("date,kind,symbol,quantity,price\n2026-03-02,buy,IBM,10,1\n2026-03-09,sell,IBM,10,2\n").new
    found = planned("date,kind,symbol,quantity,price\n2026-03-05,sell,IBM,4,2\n", stored)
    assert found.conflicts == ("2026-03-09 sell: sells 10 of IBM, 6 are held and the portfolio allows no shorts",)


def test_what_was_broken_before_stops_nothing() -> None:
    header = "date,kind,symbol,quantity,price\n"
    rows, _ = table(f"{header}2026-03-02,sell,IBM,10,1\n".encode())
    broken, _ = READER.read(rows)
    found = planned(f"{header}2026-03-05,buy,KO,4,2\n", tuple(broken))
    assert (len(found.new), found.errors, found.conflicts) == (1, (), ())


def test_a_reversal_is_judged_by_what_would_be_left() -> None:
    buy, sell = planned("date,kind,symbol,quantity,price\n2026-03-02,buy,IBM,10,1\n2026-03-09,sell,IBM,10,2\n").new
    back = Transaction(id="r", traded_on=buy.traded_on, kind=Kind.REVERSAL, currency="USD", reverses=buy.id)
    assert reversal_conflicts(SETTING, [buy, sell], back) == ("2026-03-09 sell: sells 10 of IBM, 0 are held and the portfolio allows no shorts",)
    of_sale = replace(back, reverses=sell.id)
    assert reversal_conflicts(SETTING, [buy, sell], of_sale) == ()
    assert reversal_conflicts(SETTING, [buy, sell, of_sale], replace(of_sale, id="s")) == ("it is reversed already",)
    assert reversal_conflicts(SETTING, [buy, sell, of_sale], replace(back, reverses="r")) == ("a reversal cannot be reversed; enter the transaction again",)
    assert reversal_conflicts(SETTING, [buy], replace(back, reverses="x")) == ("there is no such transaction in this portfolio",)


def test_the_rate_of_the_day_is_kept_with_the_line() -> None:
    (found,) = planned("date,kind,symbol,quantity,price\n2026-03-02,buy,SAP,10,100\n").new
    assert (found.currency, found.rate) == ("EUR", D("1.1"))
    (given_rate,) = planned("date,kind,symbol,quantity,price,fx_rate\n2025-03-02,buy,SAP,10,100,1.045\n").new
    assert given_rate.rate == D("1.045")


@given(st.binary(max_size=400))
def test_no_file_raises(content: bytes) -> None:
    for body in (content, b"date,kind,symbol,quantity,price,fee\n2026-03-02,buy,IBM,1,2,3\n" + content):
        rows, errors = table(body)
        lines, wrong = READER.read(rows)
        found = plan(SETTING, (), lines, [*errors, *wrong])
        assert all(each.line >= 0 and each.reason for each in found.errors)
