"""The processes of a run: real consumers, producers and a broker, in one life after another."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local import broker
from tests.chaos.faulty_store import FaultyStore
from tests.chaos.waiting import until
from tests.fixtures.broker import free_instance
from tests.fixtures.services import listens

START_LIMIT_S = 60.0
STOP_LIMIT_S = 60.0
_EVENT = re.compile(r"event='(\w+)'")
_NUMBER = re.compile(r"\bpartition=(\d+)")
_DROPPED = re.compile(r"dropped=\[([\d, ]*)\]")


class Actor:
    """A process that is started again after each end; what it says goes to one file."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.lives = 0
        self._command, self._environment, self._folder = command, environment, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin a life."""
        self.lives += 1
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(self._arguments(), env=self._environment, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def kill(self) -> None:
        """SIGKILL; no process of it is left on return."""
        self._signal(signal.SIGKILL)
        self._end()

    def terminate(self) -> int:
        """SIGTERM, and its exit status."""
        self._signal(signal.SIGTERM)
        return self._end()

    def freeze(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def ended(self) -> int | None:
        """The exit status of a life that has ended; None while it lives, or when nothing was started."""
        return self._process.poll() if self._process else None

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """The end of what it said."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return lines[-1] if lines else ""

    def _arguments(self) -> Sequence[str]:
        return self._command

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)

    def _end(self) -> int:
        if not self._process:
            return 0
        try:
            return self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{self.name} did not end within {STOP_LIMIT_S:.0f} s: {self.last_words()}") from None


class Consumer(Actor):
    """`python -m streaming.consumer` behind a store of its own that misbehaves; its log tells which partitions it works on."""

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path, store: FaultyStore) -> None:
        environment = {**environment, "TICKLAKE_S3_ENDPOINT": store.url}
        super().__init__(name, (sys.executable, "-m", "streaming.consumer"), environment, folder)
        self.store = store
        self.begun: list[int] = []
        self._owned: set[int] = set()
        self._read = self._created = 0

    def start(self) -> None:
        self.owned()
        self._owned.clear()
        self._created = self.store.creations
        super().start()

    def works(self, creations: int = 1) -> bool:
        """Whether it has partitions and has tried, in this life, to create so many objects."""
        return bool(self.owned()) and self.store.creations - self._created >= creations

    def owned(self) -> set[int]:
        """The partitions that it works on, as far as it has said so."""
        for line in self._fresh_lines():
            self._note(line)
        return set(self._owned)

    def _fresh_lines(self) -> list[str]:
        """What it has said since the last look, in whole lines."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as file:
            file.seek(self._read)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole.decode(errors="replace").splitlines()

    def _note(self, line: str) -> None:
        event = _EVENT.search(line)
        if event and event[1] == "partition_begins" and (number := _NUMBER.search(line)):
            self._owned.add(int(number[1]))
            self.begun.append(int(number[1]))
        elif event and event[1] == "partitions_changed" and (dropped := _DROPPED.search(line)):
            self._owned -= {int(each) for each in dropped[1].split(",") if each.strip()}


class Producer(Actor):
    """`tests.chaos.producer`, whose ids begin anew with each life."""

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path, rate: float, poison_share: float) -> None:
        self.ledger = folder / f"{name}.ledger"
        command = (sys.executable, "-m", "tests.chaos.producer", "--ledger", str(self.ledger), "--rate", str(rate), "--poison-share", str(poison_share))
        super().__init__(name, command, environment, folder)

    def _arguments(self) -> Sequence[str]:
        return (*self._command, "--life", f"{self.name}-{self.lives}")


class Broker(Actor):
    """Kafka with its data in `home`, which lets members have sessions as short as a second."""

    def __init__(self, home: Path) -> None:
        instance = free_instance(home)
        broker.prepare(instance)
        command = (*broker.command(instance), "--override", "group.min.session.timeout.ms=1000")
        super().__init__("broker", command, instance.process_environment("broker", {}), instance.home / "logs")
        self.address = instance.urls()["broker"]
        self._port = instance.port("broker")

    def start(self) -> None:
        """Begin a life, and wait until it takes connections."""
        super().start()
        until(lambda: listens(self._port), START_LIMIT_S, lambda: f"the broker did not start: {self.last_words()}")

    def rebalances(self, group: str) -> int:
        """How many times the broker has said that the group is complete and stable."""
        return self.log.read_text(errors="replace").count(f"Stabilized group {group} generation")
