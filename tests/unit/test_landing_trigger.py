"""The watcher of hints tells together what comes together, and outlives its broker."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from ticklake.errors import BrokerUnavailable
from ticklake_airflow import landing_trigger
from ticklake_airflow.landing_trigger import LandingTrigger

Polled = dict[str, list[str]] | Exception


class ScriptedConsumer:
    """Answers its polls one after the other; an exception is raised; at the end there is nothing more."""

    def __init__(self, *polls: Polled) -> None:
        self._polls = list(polls)
        self.closed = threading.Event()

    def poll(self, timeout_ms: int) -> dict[str, list[str]]:
        polled = self._polls.pop(0) if self._polls else {}
        if isinstance(polled, Exception):
            raise polled
        return polled

    def close(self, autocommit: bool) -> None:
        self.closed.set()


class ScriptedTrigger(LandingTrigger):
    """Finds these consumers one after the other; an exception stands for a broker that is not there."""

    def __init__(self, *found: ScriptedConsumer | Exception) -> None:
        super().__init__("h:1", "t", 0.0)
        self._found = list(found)

    def _open(self) -> Any:
        found = self._found.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing_trigger, "FIRST_PAUSE_S", 0.0)


def hints(trigger: LandingTrigger, events: int) -> Sequence[int]:
    """What the first so many events say."""

    async def first() -> list[int]:
        told: list[int] = []
        running = trigger.run()
        async for event in running:
            told.append(event.payload["hints"])
            if len(told) == events:
                break
        await running.aclose()  # type: ignore[attr-defined]
        return told

    return asyncio.run(asyncio.wait_for(first(), 20))


def test_hints_that_come_together_are_one_event() -> None:
    consumer = ScriptedConsumer({}, {"p0": ["a", "b"], "p1": ["c"]}, {}, {"p0": ["d"]})
    assert hints(ScriptedTrigger(consumer), 3) == [0, 3, 1]


def test_an_error_is_survived_and_the_broker_found_again_is_told_unasked() -> None:
    lost, found = ScriptedConsumer({"p0": ["a"]}, BrokerUnavailable("gone")), ScriptedConsumer({"p0": ["b", "c"]})
    trigger = ScriptedTrigger(lost, BrokerUnavailable("still gone"), ValueError("whatever"), found)
    assert hints(trigger, 4) == [0, 1, 0, 2]
    assert lost.closed.wait(10)


def test_a_trigger_is_remade_from_what_it_serializes() -> None:
    path, arguments = LandingTrigger("h:1", "t", 2.5).serialize()
    assert path == "ticklake_airflow.landing_trigger.LandingTrigger"
    assert LandingTrigger(**arguments).serialize() == (path, arguments)
