"""What the Portfolio page reads: portfolios, their ledgers and their value, each computed once for all sessions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from dashboard.market_data import MarketData
from dashboard.portfolio import frames
from dashboard.portfolio.frames import UNLISTED, Listed, Past
from dashboard.portfolio.kept import Kept
from dashboard.portfolio.ledger import Ledger, Rates
from dashboard.portfolio.live import Live, live
from dashboard.portfolio.prices import Market, ticked
from dashboard.portfolio.routes import candidates
from dashboard.shared import Reading
from dashboard.tables import Tables
from ticklake.changes import Subject
from ticklake.daily import Action
from ticklake.portfolio.entry import Setting
from ticklake.portfolio.lines import Reader
from ticklake.portfolio.model import Portfolio
from ticklake.portfolio.trading_day import trading_day
from ticklake.roles import User

_MARGIN = timedelta(days=10)
"""Closes before the first transaction: one of a holiday is carried from them."""

_FX_SINCE = date(2000, 1, 1)


@dataclass(frozen=True)
class Pasts:
    """Closes read for a ledger, the objects that the batch feed's came in, the version of those of trading days, and why a newer answer is missing."""

    pasts: Mapping[str, Past]
    frames: tuple[object, ...]
    traded: tuple[int | None, ...]
    problem: str | None


class Desk:
    """Over tables and market data. Calls never raise for a warehouse or a broker in trouble: `problem` says what to do."""

    def __init__(self, tables: Tables, market: MarketData) -> None:
        self._tables, self._market = tables, market
        self._ledgers, self._lives, self._closes = Kept(), Kept(), Kept()

    def portfolios(self) -> Reading[Mapping[str, Portfolio]]:
        """All portfolios by id."""
        reading = self._tables.read("portfolios", Subject.APP)
        return Reading(None if reading.value is None else frames.portfolios(reading.value), reading.problem)

    def listed(self) -> Mapping[str, Listed]:
        """The instrument list, as far as it could be read."""
        reading = self._tables.read("portfolio_instruments", Subject.DAILY)
        return {} if reading.value is None else frames.instruments(reading.value)

    def ledger(self, portfolio: Portfolio, at: datetime) -> Reading[Ledger]:
        """What the portfolio's transactions come to at the time `at`; a split or dividend that was told counts from its ex-date."""
        reading = self._tables.read("portfolio_transactions", Subject.APP, portfolio=portfolio.id)
        stored = reading.value
        if stored is None:
            return Reading(None, reading.problem)
        entered = self._ledgers.get(("entered", portfolio), (stored,), lambda: frames.transactions(stored))
        symbols = sorted({each.symbol for each in entered if each.symbol} | ({portfolio.benchmark} if portfolio.benchmark else set()))
        first = min((each.traded_on for each in entered), default=_FX_SINCE)
        told = self._tables.read("portfolio_actions", Subject.DAILY, symbols=json.dumps(symbols), since=first.isoformat())
        past = self._pasts(portfolio, symbols, first, sorted({each.currency for each in entered}))
        listed = self.listed()

        def make() -> Ledger:
            actions = {} if told.value is None else _begun(frames.actions(told.value), listed, at)
            return Ledger(Setting(portfolio, actions, Rates(past.pasts, portfolio)), entered, listed, past.pasts)

        made = self._ledgers.get(portfolio, (stored, told.value, listed, *past.frames), make, (_half_hour(at), past.traded))
        return Reading(made, reading.problem or past.problem or told.problem)

    def live(self, ledger: Ledger, at: datetime) -> Reading[Live]:
        """The ledger's value at the time `at`."""
        snapshot = self._market.board()
        if snapshot.value is None:
            return Reading(None, snapshot.problem)
        board = snapshot.value.board

        def make() -> Live:
            splits = {symbol: ledger.splits(symbol) for symbol in ledger.book.positions}
            return live(ledger, Market(ticked(board), ledger.pasts, ledger.listed, splits, ledger.portfolio.demo, at))

        return Reading(self._lives.get(ledger.portfolio, (ledger, board), make, _half_hour(at)), snapshot.problem)

    def reader(self, portfolio: Portfolio, user: User, at: datetime) -> Reader:
        """What understands the lines that `user` enters at the time `at`."""
        listed = self.listed()
        rates: dict[str, Rates] = {}

        def known_rate(currency: str, day: date) -> Decimal | None:
            if currency not in rates:
                rates[currency] = Rates(self._pasts(portfolio, [], day, [currency]).pasts, portfolio)
            return rates[currency](currency, day)

        def canonical(symbol: str) -> str:
            return symbol if symbol in listed or symbol.upper() not in listed else symbol.upper()

        return Reader(portfolio, user.name, at, canonical, lambda symbol: listed.get(symbol, UNLISTED).currency or None, known_rate)

    def closes(self, symbols: Sequence[str]) -> Mapping[str, Past]:
        """All closes of `symbols`, as far as they could be read."""
        return self._read(symbols, _FX_SINCE).pasts

    def _pasts(self, portfolio: Portfolio, symbols: Sequence[str], first: date, currencies: Sequence[str]) -> Pasts:
        """Closes of `symbols` from `first` on, and of what tells the rates of `currencies`."""
        asked = [(list(symbols), first - _MARGIN)] if symbols else []
        routes = [candidates(each, portfolio.currency) for each in currencies if each != portfolio.currency]
        asked += [(each, _FX_SINCE) for each in routes if each]
        found = [self._read(each, since) for each, since in asked]
        pasts = {symbol: past for each in found for symbol, past in each.pasts.items()}
        every = tuple(frame for each in found for frame in each.frames)
        traded = tuple(version for each in found for version in each.traded)
        return Pasts(pasts, every, traded, next((each.problem for each in found if each.problem), None))

    def _read(self, symbols: Sequence[str], since: date) -> Pasts:
        """Closes of `symbols` from `since` on: days of the batch feed change with its loads, trading days with each refresh of the bars."""
        wanted = {"symbols": json.dumps(list(symbols)), "since": since.isoformat()}
        fed = self._tables.read("portfolio_closes", Subject.DAILY, **wanted)
        traded = self._tables.read("portfolio_traded", Subject.ANALYTICS, **wanted)

        def make() -> Mapping[str, Past]:
            return frames.joined(*({} if each.value is None else frames.pasts(each.value) for each in (fed, traded)))

        joined = self._closes.get((wanted["symbols"], since), (fed.value, traded.value), make)
        return Pasts(joined, (fed.value,), (None if traded.value is None else frames.settled(traded.value),), fed.problem or traded.problem)


def _begun(told: Mapping[str, Sequence[Action]], listed: Mapping[str, Listed], at: datetime) -> dict[str, list[Action]]:
    """What has its ex-date behind it, or today."""
    today = {symbol: trading_day(listed.get(symbol, UNLISTED).calendar, at) for symbol in told}
    return {symbol: [action for action in actions if action.ex_date <= today[symbol]] for symbol, actions in told.items()}


def _half_hour(at: datetime) -> datetime:
    """Trading days begin on one: what depends on the day is computed anew with each."""
    return at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0)
