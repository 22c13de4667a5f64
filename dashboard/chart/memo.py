"""What is made of shared readings is made once for all sessions, until one of the readings is another."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class Memo:
    """Results by key, each with the very objects that it was made of. Safe for several threads."""

    def __init__(self, kept: int = 64) -> None:
        """`kept` results stay; the one that nobody has asked for longest goes first."""
        self._kept = kept
        self._made: OrderedDict[Hashable, tuple[tuple[object, ...], object]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, sources: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result for `key` of `sources`, told apart by identity; `make` makes it when they are others than last time."""
        with self._lock:
            held = self._made.get(key)
            if held is None or any(one is not other for one, other in zip(held[0], sources, strict=True)):
                held = self._made[key] = sources, make()
                if len(self._made) > self._kept:
                    self._made.popitem(last=False)
            self._made.move_to_end(key)
            return held[1]  # type: ignore[return-value]  # what is under a key was made by the same caller
