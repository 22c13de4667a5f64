"""Does to a running pipeline what the plan says: kills, zombies, rebalances, restarts; then lets it come to rest."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from tests.chaos.actors import Actor, Consumer
from tests.chaos.faulty_store import Held, Moment
from tests.chaos.plan import Action, Plan
from tests.chaos.scene import GROUP, TICKS, Scene
from tests.chaos.waiting import until
from ticklake_io.kafka_view import KafkaView

WORK_LIMIT_S = 150.0
"""Longest that the group may do nothing: a member that does not rejoin holds it up for 60 s."""
MOVE_LIMIT_S = 90.0
DRAIN_LIMIT_S = 300.0
_CREATION_LIMIT_S = 5.0
_LEAST_AWAKE = 2
_MOST_CREATIONS = 6
_MOMENTS: tuple[Moment | None, ...] = ("before", "after", None)


@dataclass
class Zombie:
    """A consumer that was stopped, what it worked on, how much each other one had begun by then, and its creation that stands still."""

    consumer: Consumer
    partitions: set[int]
    begun: dict[str, int]
    held: Held | None


@dataclass
class Tally:
    """What was done. `ends` are exits that nobody asked for, with the last words."""

    done: Counter[Action] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    ends: list[str] = field(default_factory=list)


class Director:
    """One run of a plan on a scene; `tell` hears of its progress."""

    def __init__(self, scene: Scene, plan: Plan, chance: random.Random, tell: Callable[[str], None]) -> None:
        self._scene, self._plan, self._chance, self._tell = scene, plan, chance, tell
        self._zombies: list[Zombie] = []
        self._kills_of_broker = 0
        self.tally = Tally()

    def run(self) -> Tally:
        """Start all actors, do the whole plan, and return when everything that was produced is committed and everybody has left.

        Raises `NeverCame` when the pipeline does not recover from something.
        """
        for actor in (*self._scene.consumers, *self._scene.producers):
            actor.start()
        actions: dict[Action, Callable[[], None]] = {
            "kill consumer": self._kill_consumer,
            "kill producer": self._kill_producer,
            "leave and join": self._leave_and_join,
            "zombie": self._zombie,
            "restart broker": self._restart_broker,
        }
        for number, action in enumerate(self._plan.actions(self._chance), 1):
            actions[action]()
            self._tend()
            self._tell(f"{number:>4} {action:<15} {self._state()}")
        until(self._all_awake, MOVE_LIMIT_S, lambda: "a zombie's partitions did not move")
        while self._scene.broker.rebalances(GROUP) < self._plan.rebalances:
            self._leave_and_join()
        until(self._enough, 900.0, lambda: f"too little came: {self._state()}")
        self._rest()
        return self.tally

    def faults(self) -> Counter[str]:
        """Faults of the stores by kind."""
        return sum((Counter[str](consumer.store.faults) for consumer in self._scene.consumers), Counter[str]())

    def acknowledged(self) -> int:
        """Lines in the ledgers."""
        return sum(each.ledger.read_bytes().count(b"\n") for each in self._scene.producers if each.ledger.exists())

    def _state(self) -> str:
        owned = " ".join(f"{each.name[-1]}:{''.join(map(str, sorted(each.owned()))) or '-'}" for each in self._scene.consumers)
        return f"acks {self.acknowledged():>7,}  faults {self.faults().total():>4}  rebalances {self._scene.broker.rebalances(GROUP):>4}  {owned}"

    def _enough(self) -> bool:
        self._tend()
        return self.faults().total() >= self._plan.s3_faults and self.acknowledged() >= self._plan.acknowledged

    def _kill_consumer(self) -> None:
        """At any time, or in the middle of a creation: the store has not seen it, will never see it, or has done it and cannot say so."""
        victim = self._worker()
        held = self._hold(victim)
        victim.kill()
        if held:
            held.release(forward=self._chance.random() < 0.5)
        victim.start()
        self.tally.done["kill consumer"] += 1

    def _kill_producer(self) -> None:
        victim = self._chance.choice(self._scene.producers)
        until(lambda: victim.ledger.exists() and victim.ledger.stat().st_size, WORK_LIMIT_S, lambda: f"{victim.name} was never acknowledged anything")
        victim.kill()
        victim.start()
        self.tally.done["kill producer"] += 1

    def _leave_and_join(self) -> None:
        leaver = self._worker()
        self._note_end(leaver, leaver.terminate())
        leaver.start()
        self.tally.done["leave and join"] += 1

    def _zombie(self) -> None:
        """Stop a consumer; `_tend` lets it go on when its partitions have moved. Sometimes its creation reaches the store only then."""
        until(self._spare, MOVE_LIMIT_S, lambda: "a zombie's partitions did not move")
        victim = self._worker()
        held = self._hold(victim, moments=("before", None))
        victim.freeze()
        others = {each.name: len(each.begun) for each in self._scene.consumers if each is not victim}
        self._zombies.append(Zombie(victim, victim.owned(), others, held))

    def _spare(self) -> bool:
        self._tend()
        return len(self._scene.consumers) - len(self._zombies) > _LEAST_AWAKE

    def _restart_broker(self) -> None:
        """By force and gently, in turns."""
        broker = self._scene.broker
        if self._kills_of_broker % 2 == 0:
            broker.kill()
        else:
            broker.terminate()
        self._kills_of_broker += 1
        broker.start()
        self.tally.done["restart broker"] += 1

    def _hold(self, victim: Consumer, moments: tuple[Moment | None, ...] = _MOMENTS) -> Held | None:
        """Wait for a moment to strike: a creation of the victim that stands still now, or (None) any time."""
        moment = self._chance.choice(moments)
        if moment is None:
            return None
        held = victim.store.hold(moment)
        if not held.arrived.wait(_CREATION_LIMIT_S):
            held.release()
            victim.store.taken()
            return None
        self.tally.held[moment] += 1
        return held

    def _worker(self) -> Consumer:
        """A consumer, awake, that works on partitions, for a shorter or a longer while; waits until there is one."""
        found: list[Consumer] = []
        creations = self._chance.randint(1, _MOST_CREATIONS)

        def working() -> bool:
            self._tend()
            asleep = [zombie.consumer for zombie in self._zombies]
            found[:] = [each for each in self._scene.consumers if each not in asleep and each.works(creations)]
            return bool(found)

        until(working, WORK_LIMIT_S, lambda: f"no consumer works: {self._state()}")
        return self._chance.choice(found)

    def _tend(self) -> None:
        """Let zombies go on whose partitions have moved, and start again who has ended by itself, as a supervisor does."""
        for zombie in list(self._zombies):
            if zombie.partitions <= self._begun_since(zombie):
                self._zombies.remove(zombie)
                if zombie.held:
                    zombie.held.release()
                zombie.consumer.thaw()
                self.tally.done["zombie"] += 1
        self._restart_ended(*self._scene.consumers, *self._scene.producers)

    def _restart_ended(self, *actors: Actor) -> None:
        for actor in actors:
            if (status := actor.ended()) is not None:
                self._note_end(actor, status)
                actor.start()

    def _note_end(self, actor: Actor, status: int) -> None:
        if status not in (0, -signal.SIGTERM):  # the latter is one that was stopped before it listened
            self.tally.ends.append(f"{actor.name} ended with {status}: {actor.last_words()}")

    def _begun_since(self, zombie: Zombie) -> set[int]:
        begun: set[int] = set()
        for each in self._scene.consumers:
            if each is not zombie.consumer:
                each.owned()
                begun |= set(each.begun[zombie.begun[each.name] :])
        return begun

    def _all_awake(self) -> bool:
        self._tend()
        return not self._zombies

    def _rest(self) -> None:
        """Stop the producers, let the consumers commit everything while faults go on, and stop them."""
        for producer in self._scene.producers:
            self._note_end(producer, producer.terminate())
        with closing(KafkaView(self._scene.broker.address)) as view:

            def drained() -> bool:
                self._restart_ended(*self._scene.consumers)
                committed = {partition: each.offset for partition, each in view.committed(GROUP, TICKS).items()}
                return committed == {partition: end for partition, end in view.ends(TICKS).items() if end}

            until(drained, DRAIN_LIMIT_S, lambda: f"the consumers do not reach the end of the topic: {self._state()}", step_s=0.5)
        for consumer in self._scene.consumers:
            self._note_end(consumer, consumer.terminate())
