"""How fresh each hop is, and which hop is to blame when something is late.

A hop is the cause when records wait before it for longer than its target. Hops behind it are then no fault of their
own: they say what they wait for. Ages are of data (`received_at`), never of the moment something was looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

HOPS = ("event", "lake", "warehouse")

State = Literal["fresh", "cause", "waiting", "unknown"]


@dataclass(frozen=True)
class Reading:
    """What is known of a hop, in seconds: the age of the newest tick that reached it, and how long the oldest one
    that should be there has waited (0 when none waits). None where it could not be told."""

    age_s: float | None
    waiting_s: float | None


@dataclass(frozen=True)
class Hop:
    """A hop's state and the words for it."""

    name: str
    state: State
    age_s: float | None
    says: str


def judge(readings: Mapping[str, Reading], targets: Mapping[str, float]) -> list[Hop]:
    """Judge the hops, in the order in which they are given, against targets in seconds."""
    hops: list[Hop] = []
    cause: str | None = None
    for name, reading in readings.items():
        hop = _judge(name, reading, targets[name], cause)
        if hop.state == "cause":
            cause = name
        hops.append(hop)
    return hops


def _judge(name: str, reading: Reading, target: float, cause: str | None) -> Hop:
    if reading.waiting_s is None:
        return Hop(name, "unknown", reading.age_s, "cannot be told")
    if reading.waiting_s > target:
        return Hop(name, "cause", reading.age_s, f"late: the oldest has waited {reading.waiting_s:.0f} s, target {target:.0f} s")
    if cause:
        return Hop(name, "waiting", reading.age_s, f"waiting for {cause}")
    return Hop(name, "fresh", reading.age_s, "up to date")
