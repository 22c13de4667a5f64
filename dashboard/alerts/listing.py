"""Rules and alerts as the page lists them: what the warehouse has, and what was heard since. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import pandas as pd

from dashboard import figures
from dashboard.once import once
from ticklake.alerts import words
from ticklake.alerts.alert import Alert
from ticklake.alerts.rule import Kind, Rule


class State(StrEnum):
    """What a user wants of a rule."""

    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"


@dataclass(frozen=True)
class Listed:
    """The newest version of a rule; `times` it fired in all its versions, the last time at `last_at`, in `last_version`."""

    rule: Rule
    state: State
    changed_by: str
    times: int = 0
    last_at: datetime | None = None
    last_version: int = 0

    @property
    def spent(self) -> bool:
        """Whether it was to be told once, and was."""
        return self.rule.once and self.last_version == self.rule.version


@dataclass(frozen=True)
class Entry:
    """An alert in the inbox, and who acknowledged it when; "" and None while nobody has."""

    alert: Alert
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


_KNOWN = frozenset(map(str, Kind))


@once(kept=4)
def rules(frame: pd.DataFrame) -> list[Listed]:
    """The rules of alerts_rules.sql; those of a kind that this version does not know are left out."""
    return [_listed(row) for row in frame.to_dict("records") if row["KIND"] in _KNOWN]


@once(kept=4)
def entries(frame: pd.DataFrame) -> list[Entry]:
    """The alerts of alerts_inbox.sql, newest first."""
    return [_entry(row) for row in frame.to_dict("records") if row["KIND"] in _KNOWN]


def with_heard(kept: Sequence[Entry], heard: Iterable[Alert]) -> list[Entry]:
    """The inbox with what was heard and is not in it yet, newest first."""
    known = {each.alert.alert_id for each in kept}
    new = [Entry(each) for each in heard if each.alert_id not in known]
    return sorted([*new, *kept], key=lambda entry: entry.alert.kafka_time, reverse=True)


def heard_only(entries: Sequence[Entry], kept: Sequence[Entry]) -> list[Alert]:
    """Of the inbox what the warehouse did not have, and is no older than what it gave."""
    known, oldest = {each.alert.alert_id for each in kept}, min((each.alert.kafka_time for each in kept), default=None)
    return [each.alert for each in entries if each.alert.alert_id not in known and (oldest is None or each.alert.kafka_time >= oldest)]


def with_fired(listed: Sequence[Listed], new: Iterable[Alert]) -> list[Listed]:
    """The rules with the alerts counted that the warehouse did not have when it was asked."""
    fired: dict[str, list[Alert]] = {}
    for each in new:
        fired.setdefault(each.rule_id, []).append(each)
    return [_fired(each, fired[each.rule.rule_id]) if each.rule.rule_id in fired else each for each in listed]


def standing(listed: Listed, price: float) -> str:
    """Where a rule stands at the newest price (NaN: unknown), in words with a sign of its own."""
    rule = listed.rule
    if listed.state is State.PAUSED:
        return "❚❚ paused"
    if listed.spent:
        return "✓ told, spent"
    if math.isnan(price):
        return "○ no price yet"
    if rule.level is None:
        return "● armed"
    level = float(rule.level)
    if price >= level if rule.kind is Kind.CROSS_UP else price <= level:
        return f"▲ beyond, armed again {'below' if rule.kind is Kind.CROSS_UP else 'above'} {words.price(rule.level)}"
    return f"● armed, {abs(level / price - 1) * 100:.2f} % away"


def preview(rule: Rule, price: float) -> str:
    """What a rule would wait for, at the newest price (NaN: unknown)."""
    if math.isnan(price):
        return f"{words.of_rule(rule)}. No price is known yet; the first one only tells on which side it is."
    now = f"{words.of_rule(rule)}. Now at {figures.price(price)}"
    if rule.level is None:
        return f"{now}; moves count from when the rule is made."
    level = float(rule.level)
    if price >= level if rule.kind is Kind.CROSS_UP else price <= level:
        return f"{now}, beyond already: nothing is said until the price has been back {'below' if rule.kind is Kind.CROSS_UP else 'above'} the level."
    return f"{now}, {abs(level / price - 1) * 100:.2f} % away."


def _fired(listed: Listed, new: Sequence[Alert]) -> Listed:
    newest = max(new, key=lambda each: each.kafka_time)
    return replace(listed, times=listed.times + len(new), last_at=newest.kafka_time, last_version=max(listed.last_version, newest.version))


def _listed(row: dict[Any, Any]) -> Listed:
    fields: dict[str, Any] = {
        "rule_id": row["RULE_ID"],
        "version": int(row["VERSION"]),
        "owner": row["OWNER"],
        "symbol": row["SYMBOL"],
        "source": row["SOURCE"],
        "kind": row["KIND"],
        "since": _utc(row["CHANGED_AT"]),
        "level": _decimal(row["PRICE_LEVEL"]),
        "percent": _decimal(row["MOVE_PERCENT"]),
        "window_s": int(row["WINDOW_S"]) or None,
        "once": bool(row["ONCE"]),
        "note": row["NOTE"],
    }
    times = int(row["TIMES"])
    rule = msgspec.convert(fields, Rule)
    return Listed(rule, State(row["STATE"]), row["CHANGED_BY"], times, _utc(row["LAST_AT"]) if times else None, int(row["LAST_VERSION"]))


def _entry(row: dict[Any, Any]) -> Entry:
    said = Alert(
        alert_id=row["ALERT_ID"],
        rule_id=row["RULE_ID"],
        version=int(row["RULE_VERSION"]),
        owner=row["OWNER"],
        symbol=row["SYMBOL"],
        source=row["SOURCE"],
        kind=Kind(row["KIND"]),
        tick_id=row["TICK_ID"],
        event_time=_utc(row["EVENT_TIME"]),
        kafka_time=_utc(row["KAFKA_TIME"]),
        price=Decimal(row["PRICE"]),
        reference=Decimal(row["REFERENCE_PRICE"]),
        moved=_decimal(row["MOVED_PERCENT"]),
        window_s=int(row["WINDOW_S"]) or None,
        note=row["NOTE"],
    )
    by = row["ACKNOWLEDGED_BY"]
    return Entry(said, by, _utc(row["ACKNOWLEDGED_AT"])) if isinstance(by, str) else Entry(said)


def _decimal(text: object) -> Decimal | None:
    """Null comes as None or as NaN."""
    return Decimal(text) if isinstance(text, str) else None


def _utc(naive: datetime) -> datetime:
    return pd.Timestamp(naive).to_pydatetime(warn=False).replace(tzinfo=UTC)
