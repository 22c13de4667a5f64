"""What was computed, until what it was computed from is another object."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """The newest results by key, shared by all sessions; those that ask at the same time wait for the first of them."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._lock = threading.RLock()
        self._made: OrderedDict[Hashable, tuple[tuple[object, ...], Any]] = OrderedDict()

    def get(self, key: Hashable, inputs: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result of `make` for `key`; made again when one of `inputs`, which nobody changes, is another object than it was."""
        with self._lock:
            known = self._made.get(key)
            if known is None or len(known[0]) != len(inputs) or any(one is not other for one, other in zip(known[0], inputs, strict=True)):
                known = self._made[key] = inputs, make()
                if len(self._made) > self._most:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            result: T = known[1]
            return result
