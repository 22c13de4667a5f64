"""One life of the topic: from its creation to its deletion. A recreated topic has another id, and its offsets begin anew."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ticklake.clock import Clock
from ticklake.errors import BrokerUnavailable, ChainBroken

_PAUSE_S = 0.5


class Life:
    """The life whose records this process takes into its generation. Safe for several threads.

    Clients go on in a recreated topic as if nothing had happened. But an id never comes back: if it is still the same
    after records were polled, they are of this life. One answer serves all that were polled before it was asked for.
    """

    def __init__(self, topic: str, topic_id: Callable[[], str], clock: Clock) -> None:
        self._topic = topic
        self._topic_id = topic_id
        self._clock = clock
        self._lock = threading.Lock()
        self._lasted_at = clock.monotonic()
        self.id = topic_id()

    def check(self) -> None:
        """Raises `ChainBroken` when the topic has been recreated, `BrokerUnavailable` when that cannot be told."""
        asked_at = self._clock.monotonic()
        if self._topic_id() != self.id:
            raise ChainBroken(f"topic {self._topic} was recreated while its records were consumed; a new start begins the lake's next generation")
        self._lasted_at = asked_at

    def lasts(self, until: float, given_up: threading.Event) -> bool:
        """Wait until it is certain that the topic was the same at `until` (monotonic seconds); False when `given_up` is set before.

        Raises `ChainBroken` when it is another.
        """
        while not given_up.is_set():
            try:
                with self._lock:  # whoever waits here may find the question answered
                    if self._lasted_at <= until:
                        self.check()
            except BrokerUnavailable:
                given_up.wait(_PAUSE_S)
            else:
                return True
        return False
