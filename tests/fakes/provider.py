"""An HTTP provider that answers as the test says, and remembers what it was asked and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from ticklake.clock import Clock
from ticklake.errors import TicklakeError
from ticklake_io.http import Answer

Reply = Callable[[Mapping[str, str]], Answer | TicklakeError]


class Asked(NamedTuple):
    """One question: when, by the monotonic clock and by the wall's, and the parameters."""

    at: float
    on: datetime
    params: Mapping[str, str]


class FakeProvider:
    """An `HttpClient` without a network."""

    def __init__(self, clock: Clock, reply: Reply) -> None:
        self._clock, self._reply = clock, reply
        self.asked: list[Asked] = []
        self.is_closed = False

    def get(self, url: str, params: Mapping[str, str]) -> Answer:
        self.asked.append(Asked(self._clock.monotonic(), self._clock.now(), dict(params)))
        reply = self._reply(params)
        if isinstance(reply, TicklakeError):
            raise reply
        return reply

    def close(self) -> None:
        self.is_closed = True

    def times(self) -> list[float]:
        """When it was asked."""
        return [each.at for each in self.asked]

    def symbols(self) -> list[str]:
        """What it was asked for, a text a call."""
        return [each.params["symbol"] for each in self.asked]
