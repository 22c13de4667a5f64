"""The warehouse as the board needs it: what `queries/board.sql` answers, typed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from dashboard.seam import DAY_US, Base, Day
from dashboard.tail.bar import Bar
from dashboard.tail.tail import Latest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)

_TIMES = ("EVENT_TIME", "RECEIVED_AT", "DAY_FIRST", "BAR_START", "FIRST_AT", "LAST_AT")
_BAR = ("BAR_START", "ORIGIN", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", "TRADES", "VWAP", "FIRST_AT", "FIRST_SEQUENCE", "LAST_AT", "LAST_SEQUENCE")

Key = tuple[str, str]


class Picture(NamedTuple):
    """What the warehouse had at one moment: by symbol and source, and the offset after the last one by generation and partition.

    `freezes`: ticks with fields that the contract does not know are no ticks.
    """

    bases: Mapping[Key, Base] = {}
    marks: Mapping[int, Mapping[int, int]] = {}
    freezes: bool = False


def picture(answer: pd.DataFrame) -> Picture:
    """The picture in an answer of `board.sql`."""
    for name in _TIMES:
        answer[name] = pd.to_datetime(answer[name]).astype("datetime64[us]").astype("int64")
    heads = answer[answer["PRICE"].notna()]
    bars = _bars(answer[answer["OPEN"].notna()])
    bases: dict[Key, Base] = {}
    for head in heads.to_dict("records"):
        key = (head["SYMBOL"], head["SOURCE"])
        bases[key] = _base(head, bars.get(key, {}))
    marks = heads["MARKS"].iloc[0] if len(heads) else None
    return Picture(bases, _marks(marks or ""), bool(len(heads)) and heads["NEW_FIELDS"].iloc[0] == "freeze")


def _bars(rows: pd.DataFrame) -> dict[Key, dict[int, Bar]]:
    """Bars by key and minute, oldest first."""
    found: dict[Key, dict[int, Bar]] = {}
    rows = rows.sort_values("BAR_START")
    for symbol, source, start, origin, opens, high, low, close, volume, trades, vwap, first, first_at, last, last_at in zip(
        rows["SYMBOL"], rows["SOURCE"], *(rows[name].tolist() for name in _BAR), strict=True
    ):
        # Where nobody has looked when its trades were, what the tail has is taken to have come after them.
        first_moment = (start, -1) if math.isnan(first_at) else (first, int(first_at))
        last_moment = (start, -1) if math.isnan(last_at) else (last, int(last_at))
        bar = Bar(opens, high, low, close, volume, trades, vwap * volume if volume else math.nan, first_moment, last_moment, origin)
        found.setdefault((symbol, source), {})[start] = bar
    return found


def _base(head: Mapping[Any, Any], bars: Mapping[int, Bar]) -> Base:
    latest = Latest(
        (head["EVENT_TIME"], int(head["SEQUENCE"])),
        head["FEED"],
        head["KIND"],
        _EPOCH + head["EVENT_TIME"] * _US,
        _EPOCH + head["RECEIVED_AT"] * _US,
        *(head[name] for name in ("PRICE", "BID", "ASK", "PREV_CLOSE")),
    )
    day = None
    if not math.isnan(head["DAY_OPEN"]):
        figures = (head[name] for name in ("DAY_OPEN", "DAY_HIGH", "DAY_LOW", "DAY_VOLUME"))
        day = Day(head["DAY_FIRST"] // DAY_US * DAY_US, head["DAY_FIRST"], *figures)
    name, currency, sector, calendar, own = (_text(head[name]) for name in ("NAME", "CURRENCY", "SECTOR", "CALENDAR", "PRIMARY_SOURCE"))
    return Base(latest, name or "", currency, sector, calendar, None if own is None else own == head["SOURCE"], day, bars)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _marks(text: str) -> dict[int, dict[int, int]]:
    """Marks written as generation:partition:offset, a space between them."""
    marks: dict[int, dict[int, int]] = {}
    for each in text.split():
        generation, partition, offset = map(int, each.split(":"))
        marks.setdefault(generation, {})[partition] = offset
    return marks
