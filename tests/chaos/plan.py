"""What a run does, and how much of it: one seed decides the order and the victims."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Action = Literal["kill consumer", "kill producer", "leave and join", "zombie", "restart broker"]


@dataclass(frozen=True)
class Plan:
    """At least so many of each before the run may end. Times in seconds; `rate` is ticks a second of one producer.

    `rebalances` are those that the group completed, whatever caused them; `leaves` are consumers that leave cleanly and join again.
    """

    consumer_kills: int
    producer_kills: int
    leaves: int
    zombies: int
    broker_restarts: int
    rebalances: int
    s3_faults: int
    acknowledged: int
    rate: float
    fault_share: float
    flush_age_s: float
    consumers: int = 4
    producers: int = 2
    partitions: int = 6
    session_s: float = 3.0
    poison_share: float = 1 / 500

    def actions(self, chance: random.Random) -> list[Action]:
        """All actions in an order drawn by `chance`."""
        counts: dict[Action, int] = {
            "kill consumer": self.consumer_kills,
            "kill producer": self.producer_kills,
            "leave and join": self.leaves,
            "zombie": self.zombies,
            "restart broker": self.broker_restarts,
        }
        actions = [action for action, count in counts.items() for _ in range(count)]
        chance.shuffle(actions)
        return actions


LONG = Plan(
    consumer_kills=100,
    producer_kills=20,
    leaves=15,
    zombies=20,
    broker_restarts=5,
    rebalances=100,
    s3_faults=500,
    acknowledged=100_000,
    rate=150.0,
    fault_share=0.3,
    flush_age_s=0.5,
)
SHORT = Plan(
    consumer_kills=8,
    producer_kills=2,
    leaves=2,
    zombies=2,
    broker_restarts=1,
    rebalances=4,
    s3_faults=40,
    acknowledged=2_000,
    rate=150.0,
    fault_share=0.35,
    flush_age_s=0.3,
    consumers=3,
    session_s=2.0,
)
