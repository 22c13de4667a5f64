"""Rules and alerts in words, for the screen and for whoever will be told."""

from __future__ import annotations

from decimal import Decimal

from ticklake.alerts.alert import Alert
from ticklake.alerts.rule import Kind, Rule

KINDS = {
    Kind.CROSS_UP: "Price crosses above",
    Kind.CROSS_DOWN: "Price crosses below",
    Kind.MOVE_UP: "Price rises by",
    Kind.MOVE_DOWN: "Price falls by",
    Kind.MOVE_EITHER: "Price moves by, either way",
}

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def of_rule(rule: Rule) -> str:
    """IBM (simulator) crosses above 101.50, once; or: moves 2 % within 10 min."""
    if rule.kind.is_crossing:
        waits = f"crosses {_side(rule.kind)} {price(rule.level)}"
    else:
        verb = {Kind.MOVE_UP: "rises", Kind.MOVE_DOWN: "falls"}.get(rule.kind, "moves")
        waits = f"{verb} {number(rule.percent)} % within {window(rule.window_s)}"
    return f"{rule.symbol} ({rule.source}) {waits}{', once' if rule.once else ''}"


def of_alert(alert: Alert) -> str:
    """IBM (simulator) crossed above 101.50 at 101.52; or: rose 2.1 % from 100 to 102.1 within 10 min."""
    if alert.moved is None:
        met = f"crossed {_side(alert.kind)} {price(alert.reference)} at {price(alert.price)}"
    else:
        verb = "rose" if alert.moved > 0 else "fell"
        met = f"{verb} {abs(alert.moved):.2f} % from {price(alert.reference)} to {price(alert.price)} within {window(alert.window_s)}"
    return f"{alert.symbol} ({alert.source}) {met}"


def price(value: Decimal | None) -> str:
    """All its digits, two decimals at least where there are any: 1,234.50; 100; 0.00000123."""
    whole, _, fraction = number(value).partition(".")
    return f"{whole}.{fraction.ljust(2, '0')}" if fraction else whole


def number(value: Decimal | None) -> str:
    """All its digits and no more: 2.5."""
    if value is None:
        return "n/a"
    whole, _, fraction = f"{value:,f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def window(seconds: int | None) -> str:
    """10 min, 1 h, 1 d; seconds when they are no whole minutes."""
    if seconds is None:
        return "n/a"
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds % size == 0), (1, "s"))
    return f"{seconds // size} {unit}"


def _side(kind: Kind) -> str:
    return "above" if kind is Kind.CROSS_UP else "below"
