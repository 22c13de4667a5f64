"""Which tick_ids have lately been seen, as sorted 64-bit hashes: 8 bytes a tick."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEPT_MS = 3_600_000
"""Arrival time in which a repeat is known. An older one shows until the load settles it."""

_SLOT_MS = 300_000


class _Run(NamedTuple):
    slot: int
    ids: NDArray[np.uint64]


class RecentIds:
    """Hashes in sorted runs, newest last; runs of one slot of time grow together, so that there are few."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        return sum(len(run.ids) for run in self._runs)

    def add(self, ids: NDArray[np.uint64], time_ms: int) -> NDArray[np.bool_]:
        """Take in `ids` (n), which arrived at `time_ms`; which of them are new (n), the first of those that are the same."""
        unique, first = np.unique(ids, return_index=True)
        known = np.zeros(len(unique), dtype=bool)
        for run in self._runs:
            at = np.searchsorted(run.ids, unique)
            known |= run.ids[np.minimum(at, len(run.ids) - 1)] == unique
        new = np.zeros(len(ids), dtype=bool)
        new[first[~known]] = True
        if not known.all():
            self._gather(time_ms // _SLOT_MS)
            self._runs.append(_Run(time_ms // _SLOT_MS, unique[~known]))
        self._expire(time_ms)
        return new

    def _gather(self, slot: int) -> None:
        """Merge the newest runs: all when their slot is over, else those that have become alike in size, so that each id is moved but a few times."""
        while len(self._runs) > 1:
            one, other = self._runs[-2:]
            if one.slot != other.slot or (other.slot == slot and len(one.ids) > 2 * len(other.ids)):
                return
            self._runs[-2:] = [_Run(one.slot, np.sort(np.concatenate([one.ids, other.ids]), kind="stable"))]

    def _expire(self, time_ms: int) -> None:
        oldest = (time_ms - KEPT_MS) // _SLOT_MS
        while self._runs and self._runs[0].slot < oldest:
            del self._runs[0]


def hashed(ids: NDArray[np.object_]) -> NDArray[np.uint64]:
    """64 bits of each text (n)."""
    return pd.util.hash_array(ids, categorize=False)
