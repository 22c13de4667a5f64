"""The positions as rows of figures that sum, to the cent, to the figures of the total above them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from dashboard.once import once
from dashboard.portfolio.live import Live
from dashboard.portfolio.prices import Told
from ticklake.portfolio.book import Position
from ticklake.portfolio.exact import EXACT, ZERO, apportion
from ticklake.portfolio.valuation import Line

CLOSED, CASH, TOTAL = "Closed positions", "Cash", "Total"


@dataclass(frozen=True)
class Row:
    """`value`, `day`, `unrealised` and `realised` are in cents of the portfolio's currency; None is not known."""

    name: str
    position: Position | None = None
    price: Decimal | None = None
    told: Told | None = None
    missing: str | None = None
    value: Decimal | None = None
    day: Decimal | None = None
    unrealised: Decimal | None = None
    realised: Decimal | None = None
    weight: Decimal | None = None
    contribution: Decimal | None = None
    sector: str = ""
    rate: Decimal | None = None

    @property
    def average(self) -> Decimal | None:
        """Cost of a share in its own currency, fees included."""
        return self.position.cost / self.position.quantity if self.position and self.position.quantity else None


@once(kept=32)
def rows(live: Live) -> tuple[list[Row], Row]:
    """Open positions, largest first, then closed ones in one row, then cash; and their total.

    Dividends and fees of a symbol are in its `realised`, other fees in that of the cash.
    """
    found = live.valuation
    open_lines = sorted((line for line in found.lines if line.position.lots), key=lambda line: -abs(line.value or ZERO))
    parts = [_row(live, line) for line in open_lines]
    closed = [line for line in found.lines if not line.position.lots]
    if closed:
        parts.append(_closed(live, closed))
    if live.ledger.portfolio.keeps_cash:
        weight = found.cash / found.value.amount if found.value.amount > 0 else None
        parts.append(Row(CASH, value=found.cash, day=-_fees_today(live), realised=-live.ledger.book.fees, weight=weight))
    elif live.ledger.book.fees:
        parts.append(Row("Fees", value=ZERO, day=-_fees_today(live), realised=-live.ledger.book.fees))
    total = Row(
        TOTAL,
        value=found.value.amount,
        day=found.day.amount - _fees_today(live),
        unrealised=found.unrealised.amount,
        realised=found.realised + found.income - found.fees,
    )
    return _in_cents(parts, total), _in_cents([total], total)[0]


def lot_figures(row: Row) -> list[tuple[Decimal, Decimal] | None]:
    """Value and unrealised profit of each lot of the row's position, in cents that sum to the row's; None where it has no price."""
    lots = row.position.lots if row.position else ()
    if row.value is None or row.unrealised is None or row.price is None or row.rate is None:
        return [None] * len(lots)
    with localcontext(EXACT):
        worth = [lot.quantity * row.price * row.rate for lot in lots]
        made = [each - lot.base for each, lot in zip(worth, lots, strict=True)]
    return list(zip(apportion(row.value, worth), apportion(row.unrealised, made), strict=True))


def _row(live: Live, line: Line) -> Row:
    symbol = line.position.symbol
    return Row(
        symbol,
        line.position,
        line.price,
        live.priced[symbol].told,
        line.missing,
        line.value,
        line.day,
        line.unrealised,
        _made(line.position),
        live.valuation.weight(line),
        live.valuation.contribution(line),
        live.sectors.get(symbol, ""),
        line.rate,
    )


def _closed(live: Live, lines: list[Line]) -> Row:
    days = [line.day for line in lines if line.day is not None]
    contributions = [each for line in lines if (each := live.valuation.contribution(line)) is not None]
    return Row(
        CLOSED,
        missing=next((f"{line.position.symbol}: {line.missing}" for line in lines if line.missing), None),
        value=ZERO,
        day=sum(days, ZERO),
        unrealised=ZERO,
        realised=sum((_made(line.position) for line in lines), ZERO),
        contribution=sum(contributions, ZERO) if contributions else None,
    )


def _made(position: Position) -> Decimal:
    return position.realised + position.income - position.fees


def _fees_today(live: Live) -> Decimal:
    return live.ledger.book.fees - live.ledger.before(live.today).fees


def _in_cents(parts: list[Row], total: Row) -> list[Row]:
    """Each figure rounded so that those that are known sum to the total's."""
    values = _rounded([part.value for part in parts], total.value)
    days = _rounded([part.day for part in parts], total.day)
    unrealised = _rounded([part.unrealised for part in parts], total.unrealised)
    realised = _rounded([part.realised for part in parts], total.realised)
    figures = zip(parts, values, days, unrealised, realised, strict=True)
    return [replace(part, value=value, day=day, unrealised=held, realised=closed) for part, value, day, held, closed in figures]


def _rounded(parts: list[Decimal | None], total: Decimal | None) -> list[Decimal | None]:
    cents = iter(apportion(total or ZERO, [part for part in parts if part is not None]))
    return [None if part is None else next(cents) for part in parts]
