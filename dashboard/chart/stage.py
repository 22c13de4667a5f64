"""What the panels of a chart share: how the reader looks, what they wish to see, and where bars come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard.chart import span
from dashboard.chart.controls import Wishes
from dashboard.chart.series import Asked, Charts
from dashboard.exports.desk import Extract
from dashboard.look import Look
from ticklake.calendars import Calendar, calendar
from ticklake.errors import ConfigError
from ticklake.instruments import ALWAYS_OPEN

Row = Mapping[str, Any]
"""A row of the board."""

SHOWN = "chart-shown"


class Drawn(NamedTuple):
    """Data of a chart, and the same as a table that goes to the browser."""

    data: pd.DataFrame
    table: pa.Table


def drawn(data: pd.DataFrame) -> Drawn:
    """`data` ready for all sessions."""
    return Drawn(data, pa.Table.from_pandas(data, preserve_index=False))


@dataclass(frozen=True)
class Stage:
    """One session's chart. `now` gives the time, with zone."""

    look: Look
    charts: Charts
    wishes: Wishes
    now: Callable[[], datetime]

    def asked(self, row: Row, most: int, *, part: bool = True) -> Asked:
        """What to ask for of the instrument in `row`, with `most` bars at most: the part that the reader chose, or the whole range."""
        newest, known = row["EVENT_TIME"].to_pydatetime(), _calendar(row["CALENDAR"])
        chosen = self.wishes.part if part else None
        whole = span.preset(self.wishes.preset, newest, known)
        return Asked((row["SYMBOL"], row["SOURCE"]), known, newest, chosen or whole, most, self.wishes.finest, self.wishes.adjusted)

    def zone(self, asked: Asked) -> tzinfo:
        """The zone that times of this instrument are written in."""
        return self.look.tz(asked.calendar.zone.key if asked.calendar else None)

    def keep(self, title: str, rows: list[Row], frame: Callable[[], pd.DataFrame]) -> None:
        """Keep what has been drawn, for an export: it is made only if somebody wants one."""
        address = urlencode({name: st.query_params.get_all(name) for name in st.query_params}, doseq=True)
        as_of = self.now()
        sources, feeds = (tuple(sorted({row[name] for row in rows})) for name in ("SOURCE", "FEED"))
        st.session_state[SHOWN] = lambda: Extract(frame(), title, "chart", f"/chart?{address}", as_of, sources, feeds)


def shown() -> Extract | None:
    """What was drawn last in this session."""
    extract: Callable[[], Extract] | None = st.session_state.get(SHOWN)
    return extract() if extract else None


def forget() -> None:
    """Nothing is drawn."""
    st.session_state.pop(SHOWN, None)


def _calendar(name: object) -> Calendar | None:
    if not isinstance(name, str) or name == ALWAYS_OPEN:
        return None
    try:
        return calendar(name)
    except ConfigError:
        return None
