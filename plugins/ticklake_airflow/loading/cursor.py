"""The last known keys, in a small object of the store, so that a load without new objects asks the warehouse nothing.

Advisory: lost, stale or wrong, it costs a longer listing and nothing else.
"""

from __future__ import annotations

import msgspec

from ticklake.lake import Partition
from ticklake_airflow.loading.model import Position, Positions
from ticklake_io.store import ObjectStore

KEY = "state/load_ticks.json"


class _Entry(msgspec.Struct, frozen=True):
    generation: int
    partition: int
    key: str
    end: int


class Cursor:
    """Reads and writes the cursor object."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def read(self) -> dict[Partition, Position] | None:
        """The positions last written; None when there are none, or none that can be read."""
        body = self._store.read(KEY)
        if body is None:
            return None
        try:
            entries = msgspec.json.decode(body, type=list[_Entry])
        except msgspec.MsgspecError:
            return None
        return {Partition(each.generation, each.partition): Position(each.key, each.end) for each in entries}

    def write(self, positions: Positions) -> None:
        """Replace the positions. Only for what is merged and committed."""
        entries = [_Entry(partition.generation, partition.id, position.key, position.end) for partition, position in sorted(positions.items())]
        self._store.write(KEY, msgspec.json.encode(entries))

    def forget(self) -> None:
        """Let the next load ask the ledger. For a warehouse that is another than the one the positions were of."""
        self._store.write(KEY, b"")
