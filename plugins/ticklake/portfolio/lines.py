"""Lines of a user's file, or of a form, as transactions; what is wrong is said by line."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from ticklake.portfolio.fx import RateOn
from ticklake.portfolio.model import Kind, Portfolio, Transaction, check, transaction_id

COLUMNS = ("date", "kind", "symbol", "quantity", "price", "amount", "ratio", "fee", "currency", "fx_rate", "id", "note")

MOST_BYTES = 5_000_000
MOST_LINES = 20_000

_ALSO = {"type": "kind", "action": "kind", "ticker": "symbol", "shares": "quantity", "commission": "fee", "fees": "fee", "trade_date": "date"}
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_SYMBOL, _MOST_NOTE = 40, 500
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LIMIT = Decimal(10) ** 12
_PLACES = {"fx_rate": 12}
_EARLIEST_ZONE = timedelta(hours=14)
_NUMBERS = ("quantity", "price", "amount", "ratio", "fee", "fx_rate")


class LineError(NamedTuple):
    """What is wrong with a line; 0 is the file as a whole."""

    line: int
    reason: str


@dataclass(frozen=True)
class Reader:
    """What is needed to understand a line: who enters it and when, how an instrument is written, which currency it trades in (None: not
    known) and the rates of the past."""

    portfolio: Portfolio
    by: str
    at: datetime
    canonical: Callable[[str], str]
    currency_of: Callable[[str], str | None]
    rate_on: RateOn

    def read(self, rows: Iterable[tuple[int, Mapping[str, str]]]) -> tuple[list[Transaction], list[LineError]]:
        """Transactions of `rows` (line number, text by column), in the same order, and what is wrong with the others."""
        good: list[Transaction] = []
        errors: list[LineError] = []
        seen: Counter[str] = Counter()
        for line, row in rows:
            text = "\x1f".join(row.get(name, "") for name in COLUMNS)
            seen[text] += 1
            given = row.get("id") or hashlib.sha256(f"{text}\x1f{seen[text]}".encode()).hexdigest()[:16]
            try:
                good.append(self._transaction(line, given, row))
            except ValueError as error:
                errors.append(LineError(abs(line), str(error)))
        return good, errors

    def _transaction(self, line: int, given: str, row: Mapping[str, str]) -> Transaction:
        traded_on = _date(row.get("date", ""), (self.at + _EARLIEST_ZONE).date())
        kind = _kind(row.get("kind", ""))
        numbers = {name: _number(name, row.get(name, "")) for name in _NUMBERS}
        symbol = _short("symbol", self.canonical(row.get("symbol", "")), _MOST_SYMBOL) or None
        currency = self._currency(symbol, row.get("currency", "").upper())
        found = Transaction(
            id=transaction_id(self.portfolio.id, given),
            import_id=_short("id", given, _MOST_SYMBOL * 2),
            traded_on=traded_on,
            kind=kind,
            currency=currency,
            symbol=symbol,
            quantity=numbers["quantity"],
            price=numbers["price"],
            amount=numbers["amount"],
            ratio=numbers["ratio"],
            fee=numbers["fee"] or Decimal(0),
            rate=self._rate(currency, traded_on, numbers["fx_rate"]),
            note=_short("note", row.get("note", ""), _MOST_NOTE),
            entered_by=self.by,
            entered_at=self.at,
            line=line,
        )
        check(found)
        return found

    def _currency(self, symbol: str | None, said: str) -> str:
        known = self.currency_of(symbol) if symbol else None
        if said and not _CURRENCY.fullmatch(said):
            raise ValueError("currency is not three letters, such as USD")
        if said and known and said != known:
            raise ValueError(f"{symbol} trades in {known}, not in {said}")
        return said or known or self.portfolio.currency

    def _rate(self, currency: str, day: date, said: Decimal | None) -> Decimal:
        base = self.portfolio.currency
        if currency == base:
            if said is not None and said != 1:
                raise ValueError(f"fx_rate of {base} in {base} is 1")
            return Decimal(1)
        if said is not None and said <= 0:
            raise ValueError("fx_rate is not above 0")
        rate = said or self.rate_on(currency, day)
        if rate is None:
            raise ValueError(f"no rate of {currency} in {base} on {day} is known; give fx_rate: {base} for one {currency}")
        return rate


def table(content: bytes) -> tuple[list[tuple[int, dict[str, str]]], list[LineError]]:
    """The rows of a CSV file by column, with their line numbers, and what is wrong with the file.

    Columns are `COLUMNS`, in any order, separated by comma, semicolon or tab. A file that runs from the newest day to the oldest is
    read from its end, and its line numbers are below 0, so that they still tell the order.
    """
    if len(content) > MOST_BYTES:
        return [], [LineError(0, f"the file has more than {MOST_BYTES:,} bytes; cut it in parts")]
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return [], [LineError(0, "the file is not UTF-8; save it as CSV UTF-8")]
    if len(lines) > MOST_LINES:
        return [], [LineError(0, f"the file has more than {MOST_LINES:,} lines; cut it in parts")]
    header = lines[0] if lines else ""
    mark = max(",;\t", key=header.count)
    try:
        names = [_column(name) for name in _cells(header, mark)]
    except csv.Error as error:
        return [], [LineError(1, f"not CSV: {error}")]
    if missing := [name for name in ("date", "kind") if name not in names]:
        return [], [LineError(1, f"the first line must name the columns; {' and '.join(missing)} is not among them")]
    if odd := sorted({name for name in names if name not in COLUMNS or names.count(name) > 1}):
        return [], [LineError(1, f"columns unknown or named twice: {', '.join(odd)}; there are {', '.join(COLUMNS)}")]
    rows, errors = _rows(lines[1:], names, mark)
    days = [row["date"] for _, row in rows]
    if days and days[0] > days[-1]:
        rows = [(-line, row) for line, row in reversed(rows)]
    return rows, errors


def _rows(lines: list[str], names: list[str], mark: str) -> tuple[list[tuple[int, dict[str, str]]], list[LineError]]:
    rows, errors = [], []
    for line, text in enumerate(lines, 2):
        try:
            cells = _cells(text, mark)
        except csv.Error as error:
            errors.append(LineError(line, f"not CSV: {error}"))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names):
            errors.append(LineError(line, f"{len(cells)} cells under {len(names)} columns"))
            continue
        rows.append((line, dict.fromkeys(names, "") | {name: cell.strip() for name, cell in zip(names, cells, strict=False)}))
    return rows, errors


def _cells(text: str, mark: str) -> list[str]:
    return next(csv.reader([text], delimiter=mark, strict=True), [])


def _column(name: str) -> str:
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    return _ALSO.get(plain, plain)


def _date(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("date is not like 2026-11-23") from None
    if day > today:
        raise ValueError(f"{day} lies in the future")
    return day


def _kind(text: str) -> Kind:
    kinds = [kind for kind in Kind if kind is not Kind.REVERSAL]
    plain = re.sub(r"[\s_-]+", " ", text.strip().lower())
    if plain not in kinds:
        raise ValueError(f"kind is none of {', '.join(kinds)}")
    return Kind(plain)


def _number(name: str, text: str) -> Decimal | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{name} is not a number like 1234.56")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{name} is not a number like 1234.56") from None
    places = _PLACES.get(name, 8)
    if abs(value) >= _LIMIT or value != round(value, places):
        raise ValueError(f"{name} is not below 10^12 with at most {places} decimals")
    return value


def _short(name: str, text: str, most: int) -> str:
    if len(text) > most or not text.isprintable():
        raise ValueError(f"{name} is longer than {most} characters or holds some that do not print")
    return text
