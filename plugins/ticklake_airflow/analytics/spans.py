"""What a changed bar reaches: the indicators of the bars behind it, made of the bars before it.

A value is made of its bar and at most `REACH` before it, and of its trading day. So what a run of changed bars touches ends
`REACH` bars after it or with its day, and is made of bars from `REACH` before it or from the beginning of its day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from ticklake_io.warehouse import Row

REACH = 256
_MICROSECOND = timedelta(microseconds=1)


NEARBY = {"1M": timedelta(days=4), "5M": timedelta(days=14), "1H": timedelta(days=120), "1D": timedelta(days=600)}
"""By interval, the time that usually holds `REACH` bars."""


@dataclass(frozen=True)
class Span:
    """A run of changed bars of one interval, symbol and source, `first_start` to `last_start`, both included.

    Indicators from `first_start` to `redo_to` are made again, of the bars from `read_from`. Times are naive, in UTC.
    """

    number: int
    bar_interval: str
    symbol: str
    source: str
    first_start: datetime
    last_start: datetime
    read_from: datetime
    redo_to: datetime

    @classmethod
    def of(cls, number: int, row: Row) -> Span:
        """A span that reaches as far as its trading days."""
        day_end = row["DAY_TO"] - _MICROSECOND
        return cls(number, row["BAR_INTERVAL"], row["SYMBOL"], row["SOURCE"], row["FIRST_START"], row["LAST_START"], row["DAY_FROM"], day_end)

    def reaching(self, row: Row) -> Span:
        """This span, and the bars beside it that `row` tells of."""
        return replace(self, read_from=min(self.read_from, row["READ_FROM"]), redo_to=max(self.redo_to, row["REDO_TO"]))


def disjoint(spans: Sequence[Span]) -> Iterator[Span]:
    """`spans`, in order of interval, symbol, source and time, none of which makes again what the next one does."""
    for span, following in pairwise(spans):
        if (span.bar_interval, span.symbol, span.source) == (following.bar_interval, following.symbol, following.source):
            yield replace(span, redo_to=min(span.redo_to, following.first_start - _MICROSECOND))
        else:
            yield span
    yield from spans[-1:]


def as_json(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as one bound value; times as the warehouse reads them."""
    return json.dumps([{name: f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value for name, value in row.items()} for row in rows])
