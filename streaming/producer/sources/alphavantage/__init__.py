"""Alpha Vantage over HTTP: quotes of US and other exchanges, within what the plan allows.

| module | what it knows |
| --- | --- |
| schedule, after_close | whom to ask next, and when |
| feed | the loop |

What is asked and what answers mean: `ticklake_io.alphavantage`.
"""

from __future__ import annotations

from random import SystemRandom
from typing import TYPE_CHECKING

from streaming.producer.sources.alphavantage.after_close import AfterClose
from streaming.producer.sources.alphavantage.feed import Exchanges, Feed
from streaming.producer.sources.alphavantage.schedule import InSession
from ticklake.errors import ConfigError
from ticklake.patience import Patience
from ticklake.settings import load_source
from ticklake_io.alphavantage.answers import NAME
from ticklake_io.alphavantage.client import MOST_SYMBOLS, AlphaVantage
from ticklake_io.alphavantage.settings import DELAY_S, AlphaVantageSettings
from ticklake_io.budget import QuotaBudget
from ticklake_io.http import HttpxClient

if TYPE_CHECKING:
    from pathlib import Path

    from streaming.producer.source import Request, Source
    from streaming.producer.sources.alphavantage.schedule import Schedule
    from ticklake.clock import Clock
    from ticklake.instruments import Instruments
    from ticklake.settings import Settings
    from ticklake_io.http import HttpClient


def create(request: Request, settings: Settings, instruments: Instruments, clock: Clock) -> Source:
    """The source. Raises `ConfigError` without a key or without symbols."""
    own = load_source(AlphaVantageSettings)
    return build(request, own, settings.home / "state", instruments, clock, HttpxClient(clock, own.timeout_s))


def build(request: Request, own: AlphaVantageSettings, state: Path, instruments: Instruments, clock: Clock, http: HttpClient) -> Feed:
    """The source that keeps its counts in the directory `state` and asks through `http`. Raises `ConfigError` without symbols."""
    symbols = request.symbols or instruments.symbols(NAME)
    if not symbols and request.wanted is None:
        raise ConfigError(f"{NAME} has no symbols: name some, the most important first, in `sources: {NAME}` of ticklake.yaml")
    budget = QuotaBudget(state / f"{NAME}.json", own.budget, clock)
    return Feed(
        AlphaVantage(http, own, budget, instruments, clock),
        _schedule(own, state, instruments, clock),
        budget,
        Patience(clock, SystemRandom()),
        own,
        instruments,
        clock,
        symbols,
        request.wanted,
    )


def _schedule(own: AlphaVantageSettings, state: Path, instruments: Instruments, clock: Clock) -> Schedule:
    exchanges = Exchanges(instruments)
    if own.entitlement == "eod":
        return AfterClose(exchanges, clock, state / f"{NAME}.asked.json", delay_s=own.eod_delay_s)
    batch = MOST_SYMBOLS if own.bulk else 1
    return InSession(exchanges, clock, poll_s=own.poll_s, delay_s=DELAY_S[own.entitlement], batch=batch)
