"""Judges the ticks of one partition, in their order there, by the rules in effect.

A tick counts when it is the newest of its symbol and source: by event time, then sequence. What comes late, comes again,
or is dated ahead of the broker's clock fires nothing and moves nothing. So a source that is replayed is judged on the
clock of its own events.

All that it remembers is in its memory. Whoever goes on from a memory, at the offset it belongs to and with the same rules,
says what this one would have said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import msgspec

from ticklake.alerts import conditions
from ticklake.alerts.alert import Alert, alert_of
from ticklake.alerts.rule import Key, Rule

AHEAD_US = 60_000_000
"""How far ahead of the broker's clock an event may be dated: one mistaken date would make every later tick late."""
MOST_TIES = 64
"""Ticks of one symbol and source that share event time and sequence; further ones do not count. Sources of ours leave no ties."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Seen(NamedTuple):
    """A valid tick and when the broker took it; times in microseconds since 1970."""

    tick_id: str
    key: Key
    event_us: int
    sequence: int
    price: Decimal
    kafka_us: int


class _Newest(msgspec.Struct, array_like=True):
    """Where a symbol and source have come to, and the ticks there."""

    event_us: int
    sequence: int
    tick_ids: list[str]


class _Kept(msgspec.Struct, array_like=True):
    """What a version of a rule has learnt; whether it is spent."""

    rule_id: str
    version: int
    spent: bool
    memory: conditions.Memory


class Memory(msgspec.Struct):
    """What a partition's watch remembers, in JSON's own types."""

    newest: list[tuple[str, str, _Newest]] = []
    kept: list[_Kept] = []


@dataclass
class Tally:
    """How many ticks there were by what became of them (counted, late, repeated, ahead), and how often a rule has looked at one."""

    ticks: Counter[str] = field(default_factory=Counter)
    judged: int = 0


class _Watched:
    """A rule in effect."""

    def __init__(self, rule: Rule, kept: _Kept | None) -> None:
        self.rule = rule
        self.since_us = to_us(rule.since)
        self.begun = kept is not None
        self.spent = kept is not None and kept.spent
        self.condition = conditions.condition(rule, kept.memory if kept else None)

    def kept(self) -> _Kept:
        return _Kept(self.rule.rule_id, self.rule.version, self.spent, self.condition.memory())


class Watch:
    """For one thread. It keeps `tally`, which several may share."""

    def __init__(self, rules: Iterable[Rule] = (), memory: Memory | None = None, tally: Tally | None = None) -> None:
        memory = memory or Memory()
        self._newest = {(symbol, source): newest for symbol, source, newest in memory.newest}
        self._index: dict[Key, list[_Watched]] = {}
        self._tally = tally or Tally()
        self._use(rules, {(each.rule_id, each.version): each for each in memory.kept})

    def use(self, rules: Iterable[Rule]) -> None:
        """Go by these rules from the next tick on. A version that was in effect before goes on with what it knows."""
        self._use(rules, {(each.rule_id, each.version): each for each in self._kept()})

    def judge(self, ticks: Iterable[Seen]) -> list[Alert]:
        """What the next ticks come to, in their order."""
        return [alert for tick in ticks if self._counts(tick) for alert in self._alerts(tick)]

    def memory(self) -> Memory:
        """All that it knows now."""
        return Memory([(*key, newest) for key, newest in self._newest.items()], list(self._kept()))

    def _use(self, rules: Iterable[Rule], kept: dict[tuple[str, int], _Kept]) -> None:
        self._index = {}
        for rule in rules:
            self._index.setdefault(rule.key, []).append(_Watched(rule, kept.get((rule.rule_id, rule.version))))

    def _kept(self) -> Iterator[_Kept]:
        """Of the rules that have seen a tick of this partition; the others begin wherever they see one."""
        return (each.kept() for watched in self._index.values() for each in watched if each.begun)

    def _counts(self, tick: Seen) -> bool:
        why = self._place(tick)
        self._tally.ticks[why] += 1
        return why == "counted"

    def _place(self, tick: Seen) -> str:
        if tick.event_us > tick.kafka_us + AHEAD_US:
            return "ahead"
        newest = self._newest.get(tick.key)
        place = tick.event_us, tick.sequence
        if newest is None or place > (newest.event_us, newest.sequence):
            self._newest[tick.key] = _Newest(*place, [tick.tick_id])
            return "counted"
        if place < (newest.event_us, newest.sequence):
            return "late"
        if tick.tick_id in newest.tick_ids or len(newest.tick_ids) >= MOST_TIES:
            return "repeated"
        newest.tick_ids.append(tick.tick_id)
        return "counted"

    def _alerts(self, tick: Seen) -> Iterator[Alert]:
        for each in self._index.get(tick.key, ()):
            if each.spent or tick.kafka_us < each.since_us:
                continue
            each.begun = True
            self._tally.judged += 1
            hit = each.condition.judge(tick.price, tick.event_us)
            if hit:
                each.spent = each.rule.once
                yield alert_of(each.rule, hit, tick.tick_id, tick.price, from_us(tick.event_us), from_us(tick.kafka_us))


def to_us(time: datetime) -> int:
    """Microseconds since 1970."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def from_us(microseconds: int) -> datetime:
    """The time so many microseconds after 1970 began, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)
