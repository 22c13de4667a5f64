"""Alpha Vantage's endpoints. Every call is counted against the plan before it is made, whoever makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ticklake.errors import QuotaSpent
from ticklake_io.alphavantage import answers, bars, daily, quotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticklake.clock import Clock
    from ticklake.daily import Action, DailyBar
    from ticklake.errors import BadPayload
    from ticklake.instruments import Instruments
    from ticklake_io.alphavantage.bars import MarketStatus, VendorBar
    from ticklake_io.alphavantage.quotes import Quote
    from ticklake_io.alphavantage.settings import AlphaVantageSettings
    from ticklake_io.budget import QuotaBudget
    from ticklake_io.http import HttpClient

MOST_SYMBOLS = 100
"""Of a bulk call. The provider leaves out, without a word, what is more."""


class AlphaVantage:
    """The provider, by canonical symbols.

    Each method makes one call. It raises `SourceUnavailable` when it is too early for one or the provider does not
    answer, `QuotaSpent`, `SourceRefused` and `BadPayload`; see `answers`.
    """

    def __init__(self, http: HttpClient, own: AlphaVantageSettings, budget: QuotaBudget, instruments: Instruments, clock: Clock) -> None:
        self._http, self._own, self._budget = http, own, budget
        self._instruments, self._clock = instruments, clock

    def quote(self, symbol: str) -> Quote | None:
        """GLOBAL_QUOTE: the newest quote of one symbol; None when the provider has none."""
        return quotes.global_quote(self._ask("GLOBAL_QUOTE", symbol=self._alias(symbol), **self._entitlement()))

    def bulk(self, symbols: Sequence[str]) -> list[Quote | BadPayload]:
        """REALTIME_BULK_QUOTES: the newest quotes of at most `MOST_SYMBOLS` symbols. For plans with realtime US prices."""
        if len(symbols) > MOST_SYMBOLS:
            raise ValueError(f"{len(symbols)} symbols in one call: at most {MOST_SYMBOLS}")
        return quotes.bulk_quotes(self._ask("REALTIME_BULK_QUOTES", symbol=",".join(map(self._alias, symbols)), **self._entitlement()))

    def bars(self, symbol: str, *, month: str | None = None, full: bool = False, extended_hours: bool = False) -> list[VendorBar]:
        """TIME_SERIES_INTRADAY: one-minute bars as traded, oldest first.

        The newest 100; with `full` those of the last 30 days, or of the `month` (YYYY-MM). `full` needs a premium plan.
        """
        content = self._ask(
            "TIME_SERIES_INTRADAY",
            symbol=self._alias(symbol),
            interval="1min",
            adjusted="false",
            extended_hours=str(extended_hours).lower(),
            outputsize="full" if full else "compact",
            **({"month": month} if month else {}),
            **self._entitlement(),
        )
        return bars.bars(symbol, content)

    def daily(self, symbol: str, *, adjusted: bool = False, full: bool = False) -> tuple[list[DailyBar], list[Action], list[str]]:
        """TIME_SERIES_DAILY, or with `adjusted` TIME_SERIES_DAILY_ADJUSTED: bars as traded, oldest first, splits and dividends, and what is none.

        The newest 100 sessions; with `full` twenty years and more. Both need a premium plan.
        """
        function = "TIME_SERIES_DAILY_ADJUSTED" if adjusted else "TIME_SERIES_DAILY"
        return daily.daily(self._ask(function, symbol=self._alias(symbol), outputsize="full" if full else "compact", **self._entitlement()))

    def splits(self, symbol: str) -> list[Action]:
        """SPLITS: all splits of a symbol."""
        return daily.splits(self._ask("SPLITS", symbol=self._alias(symbol)))

    def dividends(self, symbol: str) -> list[Action]:
        """DIVIDENDS: all dividends of a symbol, announced ones included."""
        return daily.dividends(self._ask("DIVIDENDS", symbol=self._alias(symbol)))

    def market_status(self) -> list[MarketStatus]:
        """MARKET_STATUS: which of the world's exchanges are open."""
        return bars.market_status(self._ask("MARKET_STATUS"))

    def _ask(self, function: str, **params: str) -> dict[str, Any]:
        self._budget.take()
        answer = self._http.get(self._own.url, {"function": function, **params, "apikey": self._own.key.get_secret_value()})
        try:
            return answers.read(answer, answers.Now(self._clock.now(), self._budget.resets_at()))
        except QuotaSpent:
            self._budget.exhaust()
            raise

    def _alias(self, symbol: str) -> str:
        return self._instruments.alias(answers.NAME, symbol)

    def _entitlement(self) -> dict[str, str]:
        return {} if self._own.entitlement == "eod" else {"entitlement": self._own.entitlement}
