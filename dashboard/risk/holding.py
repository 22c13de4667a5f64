"""A book's figures: its exposures, the closes that they follow in the book's currency, and its risk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from dashboard.risk import stored
from dashboard.risk.books import Book
from dashboard.shared import Reading
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.risk.concentration import Concentration, concentration
from ticklake.risk.history import converted, inverted
from ticklake.risk.holdings import Exposures, Key, exposures
from ticklake.risk.portfolio import Basis, PortfolioRisk, Series, basis, portfolio_risk


class BookRisk(NamedTuple):
    """All that the page shows of a book. `one_sided` are holdings in another currency whose exchange rate has no daily closes: their
    own moves count, those of the currency do not. `problem` says why closes could not be read."""

    exposures: Exposures
    concentration: Concentration | None
    basis: Basis
    risk: PortfolioRisk
    one_sided: tuple[Key, ...]
    unadjusted: tuple[Key, ...]
    problem: str | None


def book_risk(book: Book, tables: Tables, now: datetime) -> BookRisk:
    """The figures of a book at `now`."""
    found = exposures(book.holdings, book.cash)
    wanted = [each.key for each in found.known] + [rate.key for rates in book.rates.values() for rate in rates] + ([book.benchmark] if book.benchmark else [])
    reading: Reading[pd.DataFrame] = tables.read("risk_closes", Subject.ANALYTICS, keys=stored.keys_json(wanted)) if wanted else Reading()
    closes = {} if reading.value is None else stored.series(reading.value)
    unadjusted = set() if reading.value is None else stored.unadjusted(reading.value)
    series, one_sided = _in_currency(book, found, closes)
    of = basis(found, series, now)
    benchmark = closes[book.benchmark].closes if book.benchmark in closes and book.benchmark else None
    return BookRisk(
        found,
        concentration(found),
        of,
        portfolio_risk(of, series, benchmark),
        one_sided,
        tuple(each.key for each in found.known if each.key in unadjusted),
        reading.problem,
    )


def _in_currency(book: Book, held: Exposures, closes: Mapping[Key, Series]) -> tuple[dict[Key, Series], tuple[Key, ...]]:
    """The closes of what is held, in the book's currency where the exchange rate is known; and the holdings of which it is not."""
    series, one_sided = {}, []
    for each in held.known:
        own = closes.get(each.key)
        if own is None:
            continue
        rates = () if each.currency == book.currency else book.rates.get(each.currency)
        if rates is None or any(rate.key not in closes for rate in rates):
            one_sided.append(each.key)
            rates = ()
        for rate in rates:
            told = closes[rate.key].closes
            own = own._replace(closes=converted(own.closes, inverted(told) if rate.inverse else told))
        series[each.key] = own
    return series, tuple(one_sided)
