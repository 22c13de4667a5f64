"""What the monitor remembers from run to run. It stands in the bucket, because the warehouse may be what has failed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ticklake.thresholds import Episode, Watch
from ticklake_io.notices import Notice
from ticklake_io.store import ObjectStore

KEY = "state/alarms.json"


class Untold(msgspec.Struct, frozen=True):
    """A notice that a channel did not take yet."""

    channel: str
    notice: Notice


class Memory(msgspec.Struct):
    """Alarms by name, their changes that OPS.ALARMS does not have yet, notices not told yet, and what minutes are judged.

    `judged_to` is the end of the judged minutes, `ran_at` the last run.
    """

    watches: dict[str, Watch] = {}
    unwritten: list[Episode] = []
    untold: list[Untold] = []
    judged_to: datetime | None = None
    ran_at: datetime | None = None


def read(store: ObjectStore) -> Memory:
    """The memory; an empty one before the first run. Raises what the store raises."""
    body = store.read(KEY)
    return msgspec.json.decode(body, type=Memory) if body else Memory()


def write(store: ObjectStore, memory: Memory) -> None:
    """Keep the memory. Raises what the store raises."""
    store.write(KEY, msgspec.json.encode(memory))
