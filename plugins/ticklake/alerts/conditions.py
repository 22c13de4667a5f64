"""What a rule waits for, one class a kind: prices in, hits out, and a memory that fits into JSON.

A further kind is a class here and a line in `_KINDS`; nothing else knows what a kind means.

Crossing. Reaching the level counts as crossing it. It is armed by a price strictly on the near side, fires at the first
one at the level or beyond, and is armed again only by a price back on the near side. So the first price it sees never
fires, nor does a price that was beyond already.

Move. The price is held against the lowest (up) or highest (down) price of the window, not against the first one: who
asks for 2 % in ten minutes means any two prices no further apart than that. The window is counted in sixtieths of
itself, so that its memory is bounded: it reaches back the whole window and at most a sixtieth more. Told once, a move is
told again after the price has fallen back below half of the percentage, or when it goes on a whole window later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from operator import ge, le
from typing import Any, NamedTuple, Protocol

from ticklake.alerts.rule import Kind, Rule

PARTS = 60
"""A window is counted in so many parts."""

_PLACES = Decimal("0.0001")
_MICROSECONDS = 1_000_000

Memory = Any
"""What a condition remembers, of JSON's own types."""


class Hit(NamedTuple):
    """The price that was crossed or moved away from, and by how many percent of it (None: a crossing)."""

    reference: Decimal
    moved: Decimal | None = None


class Condition(Protocol):
    """Judges the prices of one symbol and source in the order of their event times."""

    def judge(self, price: Decimal, event_us: int) -> Hit | None:
        """What the next price comes to; `event_us` are microseconds since 1970 that never run backwards."""
        ...

    def memory(self) -> Memory:
        """All that it has learnt, so that another can go on from there."""
        ...


def condition(rule: Rule, memory: Memory = None) -> Condition:
    """The condition of a rule, as if it had seen what made `memory`; None: nothing yet."""
    return _KINDS[rule.kind](rule, memory)


class _Crossing:
    """Its memory is whether it is armed."""

    def __init__(self, level: Decimal, beyond: Callable[[Any, Any], bool], memory: Memory) -> None:
        self._level, self._beyond = level, beyond
        self._armed = bool(memory)

    def judge(self, price: Decimal, event_us: int) -> Hit | None:
        was_armed, self._armed = self._armed, not self._beyond(price, self._level)
        return Hit(self._level) if was_armed and not self._armed else None

    def memory(self) -> Memory:
        return self._armed


class _Leg:
    """A move in one direction. Its memory is the extremes that may still count, oldest first, and when it was told last."""

    def __init__(self, rule: Rule, sign: int, memory: Memory) -> None:
        percent, window_s = rule.percent or Decimal(0), rule.window_s or 0
        self._window_us = window_s * _MICROSECONDS
        self._far, self._half = 100 + sign * percent, 100 + sign * percent / 2
        self._reaches, self._undercut = (ge, le) if sign > 0 else (le, ge)
        told, extremes = memory or (None, ())
        self._told: int | None = told
        self._extremes = deque((part, Decimal(price)) for part, price in extremes)

    def judge(self, price: Decimal, event_us: int) -> Hit | None:
        reference, hundredfold = self._slide(price, event_us), price * 100
        if self._told is not None and (event_us - self._told > self._window_us or not self._reaches(hundredfold, reference * self._half)):
            self._told = None
        if self._told is not None or not self._reaches(hundredfold, reference * self._far):
            return None
        self._told = event_us
        return Hit(reference, (hundredfold / reference - 100).quantize(_PLACES))

    def memory(self) -> Memory:
        return [self._told, [[part, str(price)] for part, price in self._extremes]]

    def _slide(self, price: Decimal, event_us: int) -> Decimal:
        """The window's extreme with `price` in it. A price that a later one undercuts will never be the extreme again."""
        extremes, part = self._extremes, event_us * PARTS // self._window_us
        while extremes and self._undercut(price, extremes[-1][1]):
            extremes.pop()
        if not extremes or extremes[-1][0] != part:
            extremes.append((part, price))
        while extremes[0][0] < part - PARTS:
            extremes.popleft()
        return extremes[0][1]


class _Move:
    """One leg, or both; of two that hit at once the larger is told."""

    def __init__(self, rule: Rule, signs: tuple[int, ...], memory: Memory) -> None:
        self._legs = [_Leg(rule, sign, each) for sign, each in zip(signs, memory or [None] * len(signs), strict=True)]

    def judge(self, price: Decimal, event_us: int) -> Hit | None:
        hits = [hit for leg in self._legs if (hit := leg.judge(price, event_us))]
        return max(hits, key=lambda hit: abs(hit.moved) if hit.moved else Decimal(0)) if hits else None

    def memory(self) -> Memory:
        return [leg.memory() for leg in self._legs]


_KINDS: dict[Kind, Callable[[Rule, Memory], Condition]] = {
    Kind.CROSS_UP: lambda rule, memory: _Crossing(rule.level or Decimal(0), ge, memory),
    Kind.CROSS_DOWN: lambda rule, memory: _Crossing(rule.level or Decimal(0), le, memory),
    Kind.MOVE_UP: lambda rule, memory: _Move(rule, (1,), memory),
    Kind.MOVE_DOWN: lambda rule, memory: _Move(rule, (-1,), memory),
    Kind.MOVE_EITHER: lambda rule, memory: _Move(rule, (1, -1), memory),
}
