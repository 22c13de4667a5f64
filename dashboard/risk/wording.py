"""How figures of risk are written; what is not known is why it is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

from dashboard.figures import UNKNOWN
from ticklake.risk.sufficiency import Figure


def share(value: float) -> str:
    """0.2034 is 20.34 %."""
    return UNKNOWN if math.isnan(value) else f"{value * 100:,.2f} %"


def signed_share(value: float) -> str:
    """-0.2 is -20.00 %."""
    return UNKNOWN if math.isnan(value) else f"{value * 100:+,.2f} %" if round(value, 4) else "0.00 %"


def ratio(value: float) -> str:
    """1.07."""
    return UNKNOWN if math.isnan(value) else f"{value:,.2f}"


def money(value: float, currency: str) -> str:
    """1,234.50 USD."""
    return UNKNOWN if math.isnan(value) else f"{value:,.2f} {currency}"


def signed_money(value: float, currency: str) -> str:
    """▼ -1,234.50 USD."""
    if math.isnan(value):
        return UNKNOWN
    return f"{'▲' if value > 0 else '▼' if value < 0 else '■'} {value:+,.2f} {currency}"


def text(figure: Figure, write: Callable[[float], str]) -> str:
    """The figure as `write` writes it, or why there is none."""
    return figure.why or UNKNOWN if figure.value is None else write(figure.value)


def rests_on(figure: Figure) -> str:
    """252 observations to 2026-11-20; nothing beside a reason, which says as much."""
    if figure.why:
        return ""
    return f"{figure.observations} observations" + (f" to {day(figure.as_of)}" if figure.as_of else "")


def day(at: date) -> str:
    """2026-11-20."""
    return f"{at:%Y-%m-%d}"
