"""What the tasks of ingest_daily_bars do, with all that is heavy to import; tasks import it, DAG files do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from random import SystemRandom
from typing import Any

from ticklake import instruments as ticklake_instruments
from ticklake.calendars import Calendar, calendar
from ticklake.changes import Subject
from ticklake.clock import Clock, SystemClock
from ticklake.errors import ConfigError, SourceUnavailable
from ticklake.instruments import ALWAYS_OPEN, Instruments
from ticklake.patience import Patience
from ticklake.settings import Settings, load_source
from ticklake_airflow import connections
from ticklake_airflow.batch import planning
from ticklake_airflow.batch.daily import DailyIngest
from ticklake_airflow.batch.minutes import MinuteFill
from ticklake_airflow.batch.model import Part
from ticklake_airflow.batch.sources import DirectoryBars, SimulatedPast, VendorBars
from ticklake_airflow.defaults import SQL_FOLDER
from ticklake_airflow.loading.fence import Fence, Writer
from ticklake_airflow.query_tag import query_tag
from ticklake_io.alphavantage.client import AlphaVantage
from ticklake_io.alphavantage.settings import AlphaVantageSettings
from ticklake_io.bar_files import BarFiles
from ticklake_io.budget import QuotaBudget
from ticklake_io.changes import announce
from ticklake_io.http import HttpxClient
from ticklake_io.sql import Statements

DAG = "ingest_daily_bars"
_VENDOR_DELAY = timedelta(hours=1)
"""How long after a close the vendor is first asked for its bar."""


class Batch:
    """The feed of one run."""

    def __init__(self, settings: Settings, run_id: str, warehouse: Writer, clock: Clock) -> None:
        self._settings, self._warehouse, self._clock = settings, warehouse, clock
        self._statements = Statements(SQL_FOLDER / DAG)
        self._instruments: Instruments = ticklake_instruments.load(settings.config_file)
        self._served = planning.served(self._instruments, settings.running, settings.benchmark)
        self._parts: dict[str, Any] = {
            "store": connections.store(settings.s3_bucket),
            "warehouse": warehouse,
            "fence": Fence(warehouse, Statements(SQL_FOLDER / "load_ticks"), clock, run_id, settings.fence_timeout_s),
            "statements": self._statements,
            "clock": clock,
            "run_id": run_id,
        }

    def plan(self, form: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The years to ingest, each with its parts: what the form asks for, else what is missing at the end."""
        files = BarFiles(self._settings.bars_directory).spans() if self._settings.bars_directory else {}
        now = self._clock.now()
        if form.get("from"):
            return planning.by_year(planning.asked(form, self._served | {"directory": tuple(files)}, now.date()))
        newest: dict[str, dict[str, date]] = {}
        for row in self._warehouse.rows(self._statements["newest_days"]):
            newest.setdefault(row["SOURCE"], {})[row["SYMBOL"]] = date.fromisoformat(row["NEWEST"])
        parts = planning.due_files(files, newest.get("directory", {}))
        for source, symbols in self._served.items():
            at = now - _VENDOR_DELAY if source == "alphavantage" else now
            parts += planning.due(source, symbols, self._exchange, newest.get(source, {}), at, timedelta(days=self._settings.daily_history_days))
        return planning.by_year(parts)

    def ingest(self, parts: Sequence[Part]) -> list[dict[str, Any]]:
        """Ingest the parts of a year; a report for each."""
        feed = DailyIngest(**self._parts)
        reports = []
        for part in parts:
            with self._source(part.source) as source:
                report = feed.run(part, source, {symbol: self._exchange(symbol) for symbol in part.symbols})
            reports.append(part.as_json() | asdict(report))
        return reports

    def fill_minutes(self) -> list[dict[str, Any]]:
        """Fill the minutes of each source that serves some; a report for each."""
        history = timedelta(days=self._settings.minute_history_days)
        reports = []
        for name, symbols in self._served.items():
            if not symbols or (name == "alphavantage" and not self._settings.vendor_minutes):
                continue
            always = name == "simulator" and self._settings.simulator_hours == "always"
            with self._source(name) as source:
                if not isinstance(source, DirectoryBars):
                    report = MinuteFill(**self._parts).run(source, symbols, (lambda _: calendar(ALWAYS_OPEN)) if always else self._exchange, history)
                    reports.append({"source": name} | asdict(report))
        return reports

    def _exchange(self, symbol: str) -> Calendar:
        return calendar(self._instruments.get(symbol).calendar)

    @contextmanager
    def _source(self, name: str) -> Iterator[SimulatedPast | DirectoryBars | VendorBars]:
        if name == SimulatedPast.name:
            yield SimulatedPast(self._settings.simulator_seed, self._instruments, self._clock, always=self._settings.simulator_hours == "always")
        elif name == DirectoryBars.name and self._settings.bars_directory:
            yield DirectoryBars(BarFiles(self._settings.bars_directory))
        elif name == VendorBars.name:
            own = load_source(AlphaVantageSettings)
            http = HttpxClient(self._clock, own.timeout_s)
            try:
                budget = QuotaBudget(self._settings.home / "state" / f"{name}.json", own.budget, self._clock)
                client = AlphaVantage(http, own, budget, self._instruments, self._clock)
                yield VendorBars(client, self._clock, Patience(self._clock, SystemRandom()), premium=own.plan != "free")
            finally:
                http.close()
        else:
            raise ConfigError(f"{name} is no source of daily bars here: simulator, alphavantage, or directory with TICKLAKE_BARS_DIRECTORY")


@contextmanager
def _batch(settings: Settings, run_id: str, task: str, table: str) -> Iterator[Batch]:
    warehouse = connections.warehouse(query_tag(DAG, run_id, task, table))
    try:
        yield Batch(settings, run_id, warehouse, SystemClock())
    finally:
        warehouse.close()


def plan(settings: Settings, run_id: str, form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The years to ingest, as JSON has them."""
    with _batch(settings, run_id, "plan", "CURATED.DAILY_BARS") as batch:
        return batch.plan(form)


def ingest(settings: Settings, run_id: str, year: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Ingest a year; a report for each source and span of days.

    Raises `SourceUnavailable` when a source did not answer for some symbols; what it did answer is loaded.
    """
    with _batch(settings, run_id, "ingest", "CURATED.DAILY_BARS") as batch:
        reports = batch.ingest([Part.of_json(part) for part in year["parts"]])
    announce(settings, Subject.DAILY)
    postponed = {symbol: why for report in reports for symbol, why in report["postponed"].items()}
    if postponed:
        raise SourceUnavailable(f"{len(postponed)} symbols have no answer: {'; '.join(list(postponed.values())[:5])}")
    return reports


def fill_minutes(settings: Settings, run_id: str) -> list[dict[str, Any]]:
    """Fill the minutes without ticks; a report for each source."""
    with _batch(settings, run_id, "fill_minutes", "CURATED.BARS_1M") as batch:
        reports = batch.fill_minutes()
    announce(settings, Subject.DAILY, Subject.TICKS)
    return reports
