"""A directory of files with daily bars: CSV (also .gz) or Parquet.

Columns, in any order: symbol, date, open, high, low, close, volume, and as far as there are any adj_close, split_ratio (new shares for an old
one) and dividend. A row that is none is named with its file and line; the others count. Of two files with the same symbol and
day the last by name wins.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from ticklake.daily import Action, DailyBar, DailyBars, Prices, number, price, prices, volume
from ticklake.errors import BadLine, ConfigError

_NEEDED = ("symbol", "date", "open", "high", "low", "close", "volume")
_ACTIONS = ("split_ratio", "dividend")


class _Row(NamedTuple):
    """A row as text, and where it stands."""

    file: str
    line: int
    fields: Mapping[str, str]


class BarFiles:
    """The files of one directory."""

    def __init__(self, folder: Path) -> None:
        """Raises `ConfigError` when there is no such directory."""
        if not folder.is_dir():
            raise ConfigError(f"TICKLAKE_BARS_DIRECTORY: {folder} is no directory")
        self._folder = folder
        self._kept: tuple[tuple[date, date], dict[str, list[tuple[date, _Row]]], list[str]] | None = None

    def spans(self) -> dict[str, tuple[date, date]]:
        """The first and the last day of each symbol; rows without a day do not count."""
        found: dict[str, tuple[date, date]] = {}
        for row in self._rows():
            try:
                symbol, day = _symbol_and_day(row)
            except BadLine:
                continue
            first, last = found.get(symbol, (day, day))
            found[symbol] = min(first, day), max(last, day)
        return found

    def bars(self, symbol: str, first: date, last: date) -> DailyBars:
        """What the files have of `symbol` on the days `first` to `last`. Raises `ConfigError` for a file without a column it needs."""
        bars: dict[date, DailyBar] = {}
        actions: dict[date, list[Action]] = {}
        rows, rejects = self._window(first, last)
        refused = list(rejects)
        tells_actions = False
        for day, row in rows.get(symbol, ()):
            tells_actions = tells_actions or any(name in row.fields for name in _ACTIONS)
            try:
                bars[day], actions[day] = _bar(row, day)
            except BadLine as error:
                refused.append(str(error))
        flat = tuple(each for day in sorted(actions) for each in actions[day])
        return DailyBars(symbol, tuple(bars[day] for day in sorted(bars)), flat, first if tells_actions else None, tuple(refused))

    def _window(self, first: date, last: date) -> tuple[Mapping[str, list[tuple[date, _Row]]], list[str]]:
        """The rows of these days by symbol, and what has no symbol or day; kept, because every symbol is asked for the same days."""
        if self._kept is None or self._kept[0] != (first, last):
            rows: dict[str, list[tuple[date, _Row]]] = {}
            rejects: list[str] = []
            for row in self._rows():
                try:
                    symbol, day = _symbol_and_day(row)
                except BadLine as error:
                    rejects.append(str(error))
                    continue
                if first <= day <= last:
                    rows.setdefault(symbol, []).append((day, row))
            self._kept = (first, last), rows, rejects
        return self._kept[1:]

    def _rows(self) -> Iterator[_Row]:
        for path in sorted(self._folder.iterdir()):
            if path.suffix == ".parquet":
                yield from _parquet(path)
            elif path.name.endswith((".csv", ".csv.gz")):
                yield from _csv(path)


def _csv(path: Path) -> Iterator[_Row]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as text:
            reader = csv.DictReader(text, restkey="more", restval="")
            _check_columns(path, reader.fieldnames or ())
            for row in reader:
                yield _Row(path.name, reader.line_num, row)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}") from error


def _parquet(path: Path) -> Iterator[_Row]:
    try:
        table = pq.read_table(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}") from error
    _check_columns(path, table.column_names)
    for number_of, row in enumerate(table.to_pylist(), 1):
        yield _Row(path.name, number_of, {name: "" if value is None else str(value) for name, value in row.items()})


def _check_columns(path: Path, names: Collection[str]) -> None:
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise ConfigError(f"{path.name} has no column {', '.join(missing)}")


def _symbol_and_day(row: _Row) -> tuple[str, date]:
    symbol = row.fields["symbol"]
    try:
        day = date.fromisoformat(row.fields["date"][:10])
    except ValueError:
        raise BadLine(row.file, row.line, f"{row.fields['date'][:20]!r} is no date") from None
    if not symbol:
        raise BadLine(row.file, row.line, "no symbol")
    return symbol, day


def _bar(row: _Row, day: date) -> tuple[DailyBar, list[Action]]:
    fields = row.fields
    try:
        if "more" in fields:
            raise ValueError("more fields than columns")
        traded = prices(*(price(fields[name]) for name in ("open", "high", "low", "close")))
        adjusted = _adjusted(traded, fields)
        actions = [Action(day, "dividend", paid)] if (paid := number(fields.get("dividend") or "0")) > 0 else []
        if (ratio := number(fields.get("split_ratio") or "1")) not in (0, 1):
            actions.append(Action(day, "split", price(str(ratio))))
        return DailyBar(day, traded, volume(fields["volume"]), adjusted), actions
    except ValueError as error:
        raise BadLine(row.file, row.line, str(error)) from None


def _adjusted(traded: Prices, fields: Mapping[str, str]) -> Prices | None:
    """The vendor's adjusted prices, where it tells its adjusted close instead of splits and dividends."""
    text = fields.get("adj_close", "")
    if not text or any(name in fields for name in _ACTIONS):
        return None
    close = price(text)
    unit = Decimal(1).scaleb(-8)
    opened, high, low = ((each * close / traded.close).quantize(unit) for each in traded[:3])
    return Prices(opened, high, low, close)
