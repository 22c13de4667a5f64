"""Daily bars from a source into CURATED."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from ticklake.batch_lake import DAILY
from ticklake.calendars import Calendar
from ticklake.clock import Clock
from ticklake.daily import DailyBars
from ticklake.errors import Reject, Retry
from ticklake_airflow.batch.curating import Curate
from ticklake_airflow.batch.landing import Landing, Loaded
from ticklake_airflow.batch.model import DailyReport, DailySource, Part
from ticklake_airflow.batch.telling import Key, Numbers, news, table, told
from ticklake_airflow.loading.fence import Fence
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore
from ticklake_io.warehouse import Warehouse

log = structlog.get_logger()

_MOST_NAMED = 20


class DailyIngest:
    """Asks a source for days and brings CURATED up to its answer. A second run finds nothing new."""

    def __init__(self, *, store: ObjectStore, warehouse: Warehouse, fence: Fence, statements: Statements, clock: Clock, run_id: str) -> None:
        self._warehouse, self._statements, self._clock = warehouse, statements, clock
        self._curate = Curate(warehouse, statements)
        self._landing = Landing(DAILY, store, warehouse, fence, statements, clock, run_id, self._curate.days)

    def run(self, part: Part, source: DailySource, exchanges: Mapping[str, Calendar]) -> DailyReport:
        """Ingest `part`; `exchanges` are its symbols' calendars.

        A symbol that the source does not answer for is in the report; what the others have is loaded. Raises `Stop`, and `Retry` of store and warehouse.
        """
        years = range(part.first.year, part.last.year + 1)
        loaded = [self._landing.load(part.source, year) for year in years]
        before = told(self._warehouse.rows(self._statements["told"], part._asdict()))
        fetched, postponed = _ask(part, source)
        new: dict[Key, Numbers] = {}
        for each in fetched:
            new |= news(each.within(part.first, part.last), before)
        unusable: list[str] = []
        for year in sorted({day.year for _, day, _ in new}):
            self._landing.create(part.source, year, table({key: numbers for key, numbers in new.items() if key[1].year == year}))
            loaded.append(self._landing.load(part.source, year))
            unusable += self._curate.unusable
        rejected = list(dict.fromkeys(reason for each in fetched for reason in each.rejects))
        report = DailyReport(*_sum(loaded), self._missing(part, exchanges), postponed, len(rejected), rejected[:_MOST_NAMED], list(dict.fromkeys(unusable)))
        log.info(
            "daily_bars", source=part.source, first=str(part.first), last=str(part.last), symbols=len(part.symbols), objects=report.objects, rows=report.rows
        )
        for reason in rejected[:_MOST_NAMED]:
            log.warning("daily_bar_rejected", reason=reason)
        return report

    def _missing(self, part: Part, exchanges: Mapping[str, Calendar]) -> dict[str, list[str]]:
        """The sessions that are over and have no bar."""
        stored: dict[str, set[str]] = {}
        for row in self._warehouse.rows(self._statements["stored_days"], part._asdict()):
            stored.setdefault(row["SYMBOL"], set()).add(row["DAY"])
        now = self._clock.now()
        expected = {each.name: [str(day) for day, _, closes_at in each.sessions(part.first, part.last) if closes_at <= now] for each in exchanges.values()}
        missing = {symbol: [day for day in expected[exchanges[symbol].name] if day not in stored.get(symbol, ())] for symbol in part.symbols}
        return {symbol: _named(days) for symbol, days in missing.items() if days}


def _ask(part: Part, source: DailySource) -> tuple[list[DailyBars], dict[str, str]]:
    """The answers, and by symbol why there is none."""
    answers: list[DailyBars] = []
    postponed: dict[str, str] = {}
    for symbol in part.symbols:
        try:
            answers.append(source.bars(symbol, part.first, part.last))
        except (Retry, Reject) as error:
            postponed[symbol] = str(error)
            log.warning("daily_bars_postponed", source=part.source, symbol=symbol, reason=str(error))
    return answers, postponed


def _named(days: Sequence[str]) -> list[str]:
    return [*days[:_MOST_NAMED], *([f"and {len(days) - _MOST_NAMED} more"] if len(days) > _MOST_NAMED else [])]


def _sum(loaded: Sequence[Loaded]) -> Loaded:
    return Loaded(sum(each.objects for each in loaded), sum(each.rows for each in loaded))
