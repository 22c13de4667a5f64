"""Which days are asked of whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ticklake.calendars import Calendar, calendar
from ticklake.errors import ConfigError
from ticklake.instruments import Instrument, Instruments, SourceSymbols
from ticklake_airflow.batch.model import Part
from ticklake_airflow.batch.planning import asked, by_year, due, due_files, newest_session, served

YEAR = timedelta(days=365)
LISTED = (
    Instrument(symbol="IBM", name="IBM", calendar="XNYS", primary="alphavantage"),
    Instrument(symbol="SPY", name="SPY", calendar="XNYS", primary="simulator"),
    Instrument(symbol="BTC", name="BTC", primary="coinbase"),
)


def exchange(symbol: str) -> Calendar:
    return calendar("XNYS")


def test_a_source_serves_whom_it_is_primary_for_while_it_runs() -> None:
    instruments = Instruments(LISTED, {"simulator": SourceSymbols(("IBM", "SPY", "ZZZ"))})
    assert served(instruments, ["simulator", "coinbase"], "SPY") == {"simulator": ("SPY", "ZZZ")}
    assert served(instruments, ["alphavantage"], "SPY") == {"alphavantage": ("IBM",)}


def test_a_source_serves_the_benchmark_that_it_is_asked_for_whoever_is_primary() -> None:
    instruments = Instruments(LISTED, {"simulator": SourceSymbols(("IBM", "SPY"))})
    assert served(instruments, ["simulator", "alphavantage"], "IBM") == {"simulator": ("IBM", "SPY"), "alphavantage": ("IBM",)}


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 27, 17, 59, tzinfo=UTC), date(2026, 11, 25)),  # Thanksgiving on the 26th
        (datetime(2026, 11, 27, 18, 0, tzinfo=UTC), date(2026, 11, 27)),  # and an early close the day after
        (datetime(2026, 11, 29, 12, 0, tzinfo=UTC), date(2026, 11, 27)),
    ],
)
def test_a_session_is_there_when_its_exchange_has_closed_early_or_not(at: datetime, day: date) -> None:
    assert newest_session(calendar("XNYS"), at) == day
    assert due("simulator", ["SPY"], exchange, {"SPY": day}, at, YEAR) == []
    assert due("simulator", ["SPY"], exchange, {"SPY": day - timedelta(days=3)}, at, YEAR) == [Part("simulator", ("SPY",), day - timedelta(days=2), day)]


def test_a_new_symbol_gets_its_history_and_the_others_only_what_is_new() -> None:
    at = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    newest = {"A": date(2026, 11, 23), "B": date(2026, 11, 23)}
    assert due("simulator", ["A", "NEW", "B"], exchange, newest, at, YEAR) == [
        Part("simulator", ("NEW",), date(2025, 11, 24), date(2026, 11, 24)),
        Part("simulator", ("A", "B"), date(2026, 11, 24), date(2026, 11, 24)),
    ]


def test_a_range_is_cut_by_year_and_equal_days_are_asked_together() -> None:
    parts = due_files({"A": (date(2019, 5, 1), date(2020, 6, 1)), "B": (date(2018, 5, 1), date(2020, 6, 1))}, {})
    years = by_year(parts)
    assert [each["year"] for each in years] == [2018, 2019, 2020]
    (last,) = [Part.of_json(part) for part in years[2]["parts"]]
    assert last == Part("directory", ("B", "A"), date(2020, 1, 1), date(2020, 6, 1))
    days = sum((part.last - part.first).days + 1 for each in years for part in map(Part.of_json, each["parts"]) for _ in part.symbols)
    assert days == sum((part.last - part.first).days + 1 for part in parts for _ in part.symbols)


@pytest.mark.parametrize(
    ("form", "parts"),
    [
        ({"from": "2026-01-05"}, [("simulator", ("SPY",)), ("directory", ("OLD", "SPY"))]),
        ({"from": "2026-01-05", "symbols": ["SPY"]}, [("simulator", ("SPY",)), ("directory", ("SPY",))]),
        ({"from": "2026-01-05", "symbols": ["OLD"]}, [("directory", ("OLD",))]),
        ({"from": "2026-01-05", "source": "alphavantage", "symbols": ["IBM"]}, [("alphavantage", ("IBM",))]),
    ],
)
def test_a_form_is_followed(form: dict[str, Any], parts: list[tuple[str, tuple[str, ...]]]) -> None:
    wanted = {"simulator": ("SPY",), "directory": ("OLD", "SPY")}
    assert asked(form, wanted, date(2026, 2, 1)) == [Part(*each, date(2026, 1, 5), date(2026, 2, 1)) for each in parts]


@pytest.mark.parametrize("form", [{"from": "2026-03-01"}, {"from": "soon"}, {"from": "2026-01-05", "source": "alphavantage"}, {"to": "2026-01-05"}])
def test_a_form_that_cannot_be_is_refused(form: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="form"):
        asked(form, {"simulator": ("SPY",)}, date(2026, 2, 1))
