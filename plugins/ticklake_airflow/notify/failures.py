"""Failed tasks, told once: the first failure is told, those after it are not, and the next success is told again.

What was told is remembered in the bucket, because a task cannot ask Airflow how the run before it ended, and the
warehouse may be what has failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ticklake.clock import Clock
from ticklake_io.notices import Channel, Notice, tell
from ticklake_io.store import ObjectStore

PREFIX = "state/failures"


class Failure(msgspec.Struct, frozen=True):
    """A task that has failed and not succeeded since: in which run first, since when, and the channels that know."""

    run_id: str
    since: datetime
    told: list[str]


@dataclass(frozen=True)
class TaskRun:
    """A try of a task: where it belongs, and since when it runs."""

    dag_id: str
    task_id: str
    run_id: str
    started_at: datetime

    @property
    def name(self) -> str:
        return f"{self.dag_id}.{self.task_id}"

    @property
    def key(self) -> str:
        return f"{PREFIX}/{self.dag_id}/{self.task_id}.json"


class Failures:
    """The memory of what has failed. Every call may raise what the store raises."""

    def __init__(self, store: ObjectStore, channels: Sequence[Channel], clock: Clock) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock

    def failed(self, run: TaskRun, reason: str, *, what: str = "fails") -> None:
        """Tell the channels that do not know it yet; `what` is said of the task in the title."""
        now = self._clock.now()
        found = self._read(run)
        known = found or Failure(run.run_id, now, [])
        ignorant = [each for each in self._channels if each.name not in known.told]
        if ignorant or not found:
            notice = Notice(run.name, "raised", f"{run.name} {what}", f"run {run.run_id}: {reason}", now)
            refused = tell(notice, ignorant)
            told = [*known.told, *(each.name for each in ignorant if each.name not in refused)]
            self._store.write(run.key, msgspec.json.encode(msgspec.structs.replace(known, told=told)))

    def succeeded(self, run: TaskRun) -> None:
        """Tell those that know of a failure that it is over. A run that was under way when it began proves nothing."""
        known = self._read(run)
        if known is None or run.run_id == known.run_id or run.started_at < known.since:
            return
        knowing = [each for each in self._channels if each.name in known.told]
        now = self._clock.now()
        text = f"run {run.run_id} succeeded; it had failed since {known.since:%Y-%m-%d %H:%M:%S} UTC, first in run {known.run_id}"
        refused = tell(Notice(run.name, "cleared", f"{run.name} succeeds again", text, now), knowing)
        self._store.write(run.key, msgspec.json.encode(msgspec.structs.replace(known, told=refused)) if refused else b"")

    def _read(self, run: TaskRun) -> Failure | None:
        body = self._store.read(run.key)
        return msgspec.json.decode(body, type=Failure) if body else None
