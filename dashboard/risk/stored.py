"""What the warehouse's tables of risk hold, as figures: those of too few or of old observations are none."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from dashboard.once import once
from ticklake.risk.history import Closes
from ticklake.risk.holdings import Key
from ticklake.risk.measures import Method
from ticklake.risk.portfolio import LEVELS, Series
from ticklake.risk.sufficiency import LEAST_RISK, LEAST_VOLATILITY, Figure, figure, fresh_from, least_tail

Row = Mapping[Hashable, Any]

ANSWERS = 64
"""Answers of the warehouse of which what is made of them is kept."""


def calendar(row: Row) -> str | None:
    """The calendar of the row's instrument; None when the list has none."""
    return _text(row["CALENDAR"])


def keys_json(keys: Iterable[Key]) -> str:
    """Symbols and sources as the statements take them, in an order of their own, so that the same set is one question."""
    return json.dumps(sorted(set(keys)))


def row_of(frame: pd.DataFrame | None, key: Key) -> Row | None:
    """The row of a symbol and source; None when there is none."""
    if frame is None or frame.empty:
        return None
    rows = frame[(frame["SYMBOL"] == key[0]) & (frame["SOURCE"] == key[1])].to_dict("records")
    return next(iter(rows), None)


def volatility(row: Row, now: datetime) -> Figure:
    """A row of risk_volatility.sql."""
    least = LEAST_VOLATILITY.get((row["BAR_INTERVAL"], int(row["WINDOW_DAYS"])), LEAST_RISK)
    return _figure(row, "VOLATILITY", int(row["OBSERVATIONS"]), least, now)


def tail(row: Row, kind: str, level: int, method: Method, now: datetime) -> Figure:
    """The value at risk (`kind` VAR) or the expected shortfall (ES) in a row of risk_figures.sql."""
    return _figure(row, f"{method.upper()}_{kind}_{level}", int(row["OBSERVATIONS"]), least_tail(level, method), now)


def deepest(row: Row, now: datetime) -> Figure:
    """The deepest drawdown in a row of risk_figures.sql."""
    return _figure(row, "MAX_DRAWDOWN", int(row["OBSERVATIONS"]), LEAST_RISK, now)


def beta(row: Row, now: datetime) -> Figure:
    """The beta in a row of risk_figures.sql."""
    return _figure(row, "BETA", int(row["BETA_OBSERVATIONS"]), LEAST_RISK, now)


@once(ANSWERS)
def series(closes: pd.DataFrame) -> dict[Key, Series]:
    """The rows of risk_closes.sql by symbol and source."""
    return {
        (str(symbol), str(source)): Series(
            Closes(rows["BAR_DATE"].to_numpy().astype("datetime64[D]"), rows["CLOSE"].to_numpy(np.float64)),
            _text(rows["CALENDAR"].iloc[0]),
        )
        for (symbol, source), rows in closes.groupby(["SYMBOL", "SOURCE"], sort=False)
    }


@once(ANSWERS)
def unadjusted(closes: pd.DataFrame) -> set[Key]:
    """The symbols and sources whose closes are days of ticks, for want of daily bars."""
    rows = closes[closes["MADE_OF"] == "ticks"]
    return set(zip(rows["SYMBOL"], rows["SOURCE"], strict=True))


def levels() -> list[tuple[int, Method]]:
    """Each level by each method."""
    return [(level, method) for level in LEVELS for method in Method]


def _figure(row: Row, name: str, observations: int, least: int, now: datetime) -> Figure:
    value, as_of = float(row[name] if row[name] is not None else math.nan), _date(row["AS_OF"])
    return figure(lambda: None if math.isnan(value) else value, observations, least, as_of, fresh_from(calendar(row), now))


def _date(at: object) -> date | None:
    newest = pd.Timestamp(str(at))
    return None if pd.isna(newest) else newest.date()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
