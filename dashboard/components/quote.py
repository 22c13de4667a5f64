"""The instrument that was chosen, in figures. HTML, every value escaped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, tzinfo
from html import escape
from typing import Any

from dashboard import figures


def quote(row: Mapping[Any, Any], at: datetime, zone: tzinfo) -> str:
    """Last, change, range and volume of the day of one row of the board, and how old they are at `at`; times in `zone`."""
    percent = figures.percent(row["PERCENT"])
    currency = row["CURRENCY"] if isinstance(row["CURRENCY"], str) else ""
    age = figures.duration(figures.span(at, row["RECEIVED_AT"]))
    event = row["EVENT_TIME"].astimezone(zone)
    return (
        f'<div class="tl-kpi tl-quote"><div class="tl-label"><b>{escape(row["SYMBOL"])}</b> {escape(row["NAME"])}</div>'
        f'<div><span class="tl-price">{figures.price(row["PRICE"])}</span> <span class="tl-muted">{escape(currency)}</span> '
        f'<span class="tl-{_side(row["PERCENT"])}">{figures.change(row["CHANGE"])} ({percent})</span></div>'
        f'<div class="tl-muted tl-small" title="Time of the event at its provider, and when it was received here">'
        f"{event:%Y-%m-%d %H:%M:%S %Z}, received {age} ago</div></div>"
        f'<div class="tl-kpi"><div class="tl-label" title="Lowest and highest price of the newest UTC day">Day range</div>'
        f"<div>{figures.price(row['DAY_LOW'])} to {figures.price(row['DAY_HIGH'])}</div>{_place(row)}</div>"
        f'<div class="tl-kpi"><div class="tl-label" title="Sum of the minute bars of the newest UTC day">Volume</div>'
        f"<div>{figures.count(row['VOLUME'])}</div></div>"
    )


def _place(row: Mapping[Any, Any]) -> str:
    """Where the price is between the day's low and high; nothing when one is not known."""
    low, high, price = (float(row[name]) for name in ("DAY_LOW", "DAY_HIGH", "PRICE"))
    if math.isnan(low + high + price) or not high > low:
        return ""
    share = min(1.0, max(0.0, (price - low) / (high - low)))
    return f'<div class="tl-range" aria-hidden="true"><span style="left:{share:.0%}"></span></div>'


def _side(percent: float) -> str:
    rounded = round(percent, 2)
    return "up" if rounded > 0 else "down" if rounded < 0 else "level"
