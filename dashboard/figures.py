"""How figures are written: fixed decimals, signs and arrows, n/a for what is not known."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

UNKNOWN = "n/a"

UP, DOWN, LEVEL = "▲", "▼", "■"


def decimals(price: float) -> int:
    """Decimals that a price of this size is quoted with."""
    if price >= 1:
        return 2
    return 4 if price >= 0.01 else 8


def price(value: float) -> str:
    """1,234.50; more decimals below 1."""
    return UNKNOWN if math.isnan(value) else f"{value:,.{decimals(value)}f}"


def change(value: float) -> str:
    """+1.25 or -0.0031, and 0.00 without a sign."""
    if math.isnan(value):
        return UNKNOWN
    places = 2 if value == 0 or abs(value) >= 0.01 else 4
    return f"{value:+,.{places}f}" if value else "0.00"


def percent(value: float) -> str:
    """▲ +0.52 %, ▼ -0.52 % or ■ 0.00 %; the arrow follows the rounded figure."""
    if math.isnan(value):
        return UNKNOWN
    rounded = round(value, 2)
    if rounded == 0:
        return f"{LEVEL} 0.00 %"
    return f"{UP if rounded > 0 else DOWN} {rounded:+.2f} %"


def count(value: float) -> str:
    """12,345."""
    return UNKNOWN if math.isnan(value) else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """12 s, 3 min, 5 h 10 min, 2 d 4 h; what is below 0 because two clocks differ is 0 s."""
    if math.isnan(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86_400
    if whole < 120:
        return f"{whole} s"
    if minutes < 120:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h" if days < 60 else f"{days} d"


def span(later: datetime, earlier: datetime) -> float:
    """Seconds from `earlier` to `later`, never below 0."""
    return max(0.0, (later - earlier) / timedelta(seconds=1))


def moment(at: datetime, now: datetime) -> str:
    """14:05:09 UTC; with its date when that is not the day of `now`."""
    utc = at.astimezone(UTC)
    return f"{utc:%H:%M:%S} UTC" if utc.date() == now.astimezone(UTC).date() else f"{utc:%Y-%m-%d %H:%M:%S} UTC"
