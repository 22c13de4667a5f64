"""One whole run: scene, actors, plan, proof, figures."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local.instance import ROOT
from tests.chaos.director import Director, Tally
from tests.chaos.plan import Plan
from tests.chaos.proof import Proof, prove
from tests.chaos.scene import GROUP, Scene, scene

FILE = ROOT / "build" / "chaos.json"
CLIENTS = ("kafka-python", "confluent", "mixed")


@dataclass(frozen=True)
class Figures:
    """What a run has to tell. `faults` by kind, `held` are creations that a kill or a stop hit in the middle, by moment."""

    seed: int
    client: str
    tally: Tally
    rebalances: int
    faults: dict[str, int]
    proof: Proof

    @property
    def ok(self) -> bool:
        """Whether the proof holds and nobody ended by himself."""
        return self.proof.ok and not self.tally.ends

    def row(self) -> dict[str, Any]:
        """The figures as `build/chaos.json` keeps them."""
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        return {
            "commit": commit,
            "at": datetime.now(UTC).isoformat(),
            "seed": self.seed,
            "client": self.client,
            "consumer_kills": self.tally.done["kill consumer"],
            "producer_kills": self.tally.done["kill producer"],
            "rebalances": self.rebalances,
            "zombies": self.tally.done["zombie"],
            "broker_restarts": self.tally.done["restart broker"],
            "s3_faults": sum(self.faults.values()),
            "s3_faults_by_kind": self.faults,
            "creations_hit": dict(self.tally.held),
            **{name: value for name, value in asdict(self.proof).items() if name != "wrong"},
            "ok": self.ok,
        }

    def keep(self, file: Path = FILE) -> None:
        """Write the figures."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.row(), indent=1) + "\n")

    def wrong(self) -> list[str]:
        """Everything that speaks against the run."""
        return [*self.proof.wrong, *self.tally.ends]


def run(folder: Path, plan: Plan, seed: int, client: str, tell: Callable[[str], None]) -> Figures:
    """Do the plan in an empty folder and prove what came of it. Raises `NeverCame` when the pipeline does not recover."""
    chance = random.Random(seed)
    settings = {"TICKLAKE_FLUSH_AGE_S": str(plan.flush_age_s), "TICKLAKE_KAFKA_SESSION_S": str(plan.session_s), "TICKLAKE_LANDING_HINT_S": "2"}
    with scene(folder, plan.partitions, **settings) as stage:
        _cast(stage, plan, chance, client)
        director = Director(stage, plan, chance, tell)
        tally = director.run()
        tell("all is at rest; comparing broker, ledgers, lake and dead letters")
        proof = prove(stage.broker.address, stage.store, [each.ledger for each in stage.producers])
        return Figures(seed, client, tally, stage.broker.rebalances(GROUP), dict(director.faults()), proof)


def _cast(stage: Scene, plan: Plan, chance: random.Random, client: str) -> None:
    """Add the actors, every one with faults of its own; with mixed clients every second one has the other."""
    clients = CLIENTS[:2] if client == "mixed" else (client,)
    for i in range(plan.consumers):
        stage.add_consumer(random.Random(chance.random()), plan.fault_share, TICKLAKE_KAFKA_CLIENT=clients[i % len(clients)])
    for i in range(plan.producers):
        stage.add_producer(plan.rate, plan.poison_share, TICKLAKE_KAFKA_CLIENT=clients[i % len(clients)])
