"""A portfolio to try the page with, over the simulator's shares; made only when somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from dashboard.portfolio.frames import SYNTHETIC, Listed, Past
from ticklake.portfolio.model import Kind, Portfolio, Transaction, transaction_id

HOLDINGS = 10
SESSIONS = 200
"""How far back it begins, as far as there are closes."""

_START = Decimal(100_000)
_PART = Decimal(8_000)
_FEE = Decimal(1)


def symbols(listed: Mapping[str, Listed]) -> list[str]:
    """What it holds: the first simulated instruments of the list, one or two of a sector."""
    made_up = [symbol for symbol, each in listed.items() if each.source in SYNTHETIC and each.currency == "USD"]
    sectors = {listed[symbol].sector: symbol for symbol in reversed(made_up)}
    first = sorted(sectors.values())
    return [*first, *(symbol for symbol in made_up if symbol not in first)][:HOLDINGS]


def portfolio(held: list[str]) -> Portfolio:
    """The portfolio itself. No index is simulated, so one of its shares is the benchmark."""
    return Portfolio("demo", "Demo", "USD", held[0], demo=True)


def transactions(owner: Portfolio, held: list[str], pasts: Mapping[str, Past], at: datetime) -> list[Transaction]:
    """A deposit, equal parts of each share at the close of the same day, some more half way, and a sale of half; empty without closes."""
    days = sorted(set.intersection(*(set(pasts[symbol].closes) if symbol in pasts else set() for symbol in held)))[-SESSIONS:]
    if len(days) < 2:
        return []
    lines = [_line(owner, at, days[0], Kind.DEPOSIT, amount=_START)]
    lines += [_trade(owner, at, days[0], Kind.BUY, symbol, pasts, _PART) for symbol in held]
    lines += [_trade(owner, at, days[len(days) // 2], Kind.BUY, symbol, pasts, _PART / 2) for symbol in held[:3]]
    first = lines[1].quantity or Decimal(0)
    sold_on = days[len(days) * 3 // 4]
    lines.append(_line(owner, at, sold_on, Kind.SELL, symbol=held[0], quantity=max(Decimal(1), first // 2), price=pasts[held[0]].closes[sold_on], fee=_FEE))
    return [_numbered(owner, each, number) for number, each in enumerate(lines, 1)]


def _trade(owner: Portfolio, at: datetime, day: date, kind: Kind, symbol: str, pasts: Mapping[str, Past], worth: Decimal) -> Transaction:
    close = pasts[symbol].closes[day]
    return _line(owner, at, day, kind, symbol=symbol, quantity=max(Decimal(1), worth // close), price=close, fee=_FEE)


def _line(
    owner: Portfolio,
    at: datetime,
    day: date,
    kind: Kind,
    *,
    symbol: str | None = None,
    quantity: Decimal | None = None,
    price: Decimal | None = None,
    amount: Decimal | None = None,
    fee: Decimal = Decimal(0),
) -> Transaction:
    return Transaction(
        id="", traded_on=day, kind=kind, currency=owner.currency, symbol=symbol, quantity=quantity, price=price, amount=amount, fee=fee, entered_at=at
    )


def _numbered(owner: Portfolio, each: Transaction, number: int) -> Transaction:
    given = f"demo-{number}"
    return replace(each, id=transaction_id(owner.id, given), import_id=given, line=number)
