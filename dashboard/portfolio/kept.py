"""What was computed, until what it was computed from is another object."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """The newest result by key, shared by all sessions; those that ask at the same time wait for the first of them."""

    def __init__(self, most: int = 32) -> None:
        self._most = most
        self._lock = threading.RLock()
        self._made: OrderedDict[Hashable, tuple[Hashable, tuple[object, ...], Any]] = OrderedDict()

    def get(self, key: Hashable, inputs: tuple[object, ...], make: Callable[[], T], version: Hashable = None) -> T:
        """The result of `make` for `key`; made again when `version` is another, or one of `inputs`, which nobody changes, another object."""
        with self._lock:
            known = self._made.get(key)
            if known is None or known[0] != version or not _same(known[1], inputs):
                known = self._made[key] = version, inputs, make()
                if len(self._made) > self._most:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            result: T = known[2]
            return result


def _same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))
