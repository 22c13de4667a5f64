"""Where a bar comes from: its ticks make it again, and say in which raw objects they lie."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

MOST_TICKS = 5_000
"""Ticks of a minute that are shown and counted again; the statement asks for one more, to see whether there are more."""

_HOUR = re.compile(r"/dt=(\d{4}-\d{2}-\d{2})/hour=(\d{2})/")
"""The hour of arrival in the key of a raw object."""

PARTS = ["OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", "TRADES"]


class Verdict(NamedTuple):
    """Whether the ticks make the bar (None: that cannot be said), and why, in a line."""

    holds: bool | None
    text: str


def bar_of(ticks: pd.DataFrame) -> dict[str, float] | None:
    """`PARTS` of the bar that the trades of pipeline_ticks.sql (in their order) make, as a load makes them; None without a trade."""
    trades = ticks[ticks["KIND"] == "trade"]
    if trades.empty:
        return None
    price = trades["PRICE"].astype(float)
    values = (price.iloc[0], price.max(), price.min(), price.iloc[-1], trades["SIZE"].astype(float).sum(), float(len(trades)))
    return dict(zip(PARTS, map(float, values), strict=True))


def verdict(bar: pd.DataFrame, ticks: pd.DataFrame) -> Verdict:
    """What to say of a minute: `bar` is the answer of pipeline_bar.sql, `ticks` that of pipeline_ticks.sql."""
    if bar.empty:
        return Verdict(None, "○ There is no bar of this minute." if ticks.empty else "○ There are ticks and no bar yet: the next load makes it.")
    row = bar.iloc[0]
    if row["ORIGIN"] == "vendor":
        return Verdict(None, "○ The vendor's own bar: no tick of this minute was recorded. docs/sources.md says how it comes.")
    if row["ORIGIN"] != "trades":
        return Verdict(None, f"○ Sampled from {len(ticks)} quotes: volume is the change of the day's volume, so it is not added up here.")
    if len(ticks) > MOST_TICKS:
        return Verdict(None, f"○ More than {MOST_TICKS:,} ticks: the first are shown, and the bar is not made again here.")
    made = bar_of(ticks)
    if made is None:
        return Verdict(False, "▲ The bar is there and its trades are not: run ticklake verify.")
    differ = [name.lower() for name in PARTS if not _same(row[name], made[name])]
    if differ:
        return Verdict(False, f"▲ The ticks make another bar ({', '.join(differ)}): run ticklake verify.")
    return Verdict(True, f"● The {len(ticks)} ticks below make this bar again, in all its figures.")


def read_again(keys: Iterable[str]) -> str:
    """The command that reads these raw objects again, and all of their hours, and compares their bytes with what is on record."""
    hours = ["T".join(found.groups()) for key in keys if (found := _HOUR.search(key))]
    return f"ticklake verify --deep --since {min(hours)}:00Z" if hours else "ticklake verify --deep"


def _same(stored: float, made: float) -> bool:
    """A volume that was never told is none: the bar has null, the sum 0."""
    return made == 0.0 if pd.isna(stored) else float(stored) == made
