"""A portfolio to try the page with, over the simulator's shares; made only when somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial

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
    """The portfolio itself. One of its shares is the benchmark: an index fund's own price may be a real one."""
    return Portfolio("demo", "Demo", "USD", held[0], demo=True)


def transactions(owner: Portfolio, held: list[str], pasts: Mapping[str, Past], at: datetime) -> list[Transaction]:
    """A deposit, equal parts of each share at the close of the same day, some more half way, and a sale of half; empty without closes."""
    days = sorted(set.intersection(*(set(pasts[symbol].closes) if symbol in pasts else set() for symbol in held)))[-SESSIONS:]
    if len(days) < 2:
        return []
    line = partial(Transaction, id="", currency=owner.currency, entered_at=at)

    def bought(symbol: str, day: date, worth: Decimal) -> Transaction:
        close = pasts[symbol].closes[day]
        return line(traded_on=day, kind=Kind.BUY, symbol=symbol, quantity=max(Decimal(1), worth // close), price=close, fee=_FEE)

    begin, middle, late = days[0], days[len(days) // 2], days[len(days) * 3 // 4]
    bought_first = [bought(symbol, begin, _PART) for symbol in held]
    half = max(Decimal(1), (bought_first[0].quantity or Decimal(0)) // 2)
    lines = [
        line(traded_on=begin, kind=Kind.DEPOSIT, amount=_START),
        *bought_first,
        *(bought(symbol, middle, _PART / 2) for symbol in held[:3]),
        line(traded_on=late, kind=Kind.SELL, symbol=held[0], quantity=half, price=pasts[held[0]].closes[late], fee=_FEE),
    ]
    return [replace(each, id=transaction_id(owner.id, f"demo-{number}"), import_id=f"demo-{number}", line=number) for number, each in enumerate(lines, 1)]
