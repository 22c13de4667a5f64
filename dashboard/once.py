"""What is the same for all sessions is made once for each version of what it is made of."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def once(kept: int = 1) -> Callable[[Callable[[S], T]], Callable[[S], T]]:
    """Decorate a pure function of one object that nobody changes: it runs once for each object, told apart by identity.

    The newest `kept` objects and results are held; sessions that ask at the same time wait for the first of them.
    """

    def decorate(make: Callable[[S], T]) -> Callable[[S], T]:
        lock = threading.Lock()
        made: OrderedDict[int, tuple[S, T]] = OrderedDict()  # holding the source keeps its id from being given again

        @wraps(make)
        def ask(source: S) -> T:
            with lock:
                if id(source) not in made:
                    made[id(source)] = source, make(source)
                    if len(made) > kept:
                        made.popitem(last=False)
                return made[id(source)][1]

        return ask

    return decorate
