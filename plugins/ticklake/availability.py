"""Which minutes were good: those in which no record waited before a hop for longer than its target.

Judged afterwards, from when each object's records were appended, landed and merged. So a minute's verdict needs no
measurement in that very minute, and an outage of the warehouse is seen when the warehouse is back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

MINUTE = timedelta(minutes=1)


class Wait(NamedTuple):
    """Something was awaited before `hop` from `begin` to `end`."""

    hop: str
    begin: datetime
    end: datetime


class Way(NamedTuple):
    """An object's way: its first and last record's append, its landing and its merge (the present, if it is not merged). All UTC."""

    first_at: datetime
    last_at: datetime
    landed_at: datetime
    merged_at: datetime


def waits(ways: Iterable[Way]) -> Iterator[Wait]:
    """What the ways of objects say: each waited for the lake, then for the warehouse; between them the broker may have waited for a tick."""
    newest: datetime | None = None
    for way in sorted(ways):
        yield Wait("lake", way.first_at, way.landed_at)
        yield Wait("warehouse", way.landed_at, way.merged_at)
        if newest and way.first_at > newest:
            yield Wait("event", newest, way.first_at)
        newest = max(newest or way.last_at, way.last_at)


def verdicts(
    begin: datetime, end: datetime, waited: Iterable[Wait], targets: Mapping[str, float], expected: Callable[[datetime], bool]
) -> dict[datetime, bool]:
    """By minute from `begin` to before `end`, whether every hop was fresh all the time. `targets` are seconds by hop.

    Silence of the sources counts in minutes in which ticks are `expected` only.
    """
    late = [(wait.hop, wait.begin + timedelta(seconds=targets[wait.hop]), wait.end) for wait in waited]
    late = [(hop, since, until) for hop, since, until in late if since < until and until > begin]
    judged: dict[datetime, bool] = {}
    minute = begin.replace(second=0, microsecond=0)
    while minute + MINUTE <= end:
        hops = {hop for hop, since, until in late if since < minute + MINUTE and until > minute}
        judged[minute] = not (hops - {"event"}) and not ("event" in hops and expected(minute))
        minute += MINUTE
    return judged
