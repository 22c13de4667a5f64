"""A source that is kept running: what it raises is its own affair and stops no other source.

What it raises decides: after `Retry` it is asked again when its patience says so, `Stop` ends it until a person has
looked, and what nobody foresaw is tried again after a cool-down, since the next message may be one that it understands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from streaming.log import place
from streaming.producer.source import Observed, SourceHealth
from ticklake.errors import Retry, Stop
from ticklake.tick import Tick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streaming.producer.source import Source, State, Wait
    from ticklake.clock import Clock
    from ticklake.errors import Reject
    from ticklake.patience import Patience

COOLDOWN_S = 60.0
"""How long a source rests after an error that nobody foresaw."""

log = structlog.get_logger()


class Kept:
    """`source`, kept running. It is a `Source` and `Observed` itself."""

    def __init__(self, source: Source, patience: Patience, clock: Clock) -> None:
        self._source, self._patience, self._clock = source, patience, clock
        self._observed = source if isinstance(source, Observed) else None
        self._told = SourceHealth()
        self._trouble: tuple[State, str] | None = None
        self._errors: Counter[str] = Counter()
        self.taken = 0
        """Ticks that came."""
        self.last: dict[str, float] = {}
        """When the last tick of each symbol came, in monotonic seconds."""
        self.refusal: Stop | None = None
        """What ended it."""

    @property
    def name(self) -> str:
        return self._source.name

    def ticks(self, wait: Wait) -> Iterator[Tick | Reject]:
        """The source's ticks and rejects, over all of its lives. Raises nothing."""
        while not wait(0.0):
            try:
                yield from self._life(wait)
            except Retry as error:
                self._errors[type(error).__name__] += 1
                pause_s = self._patience.failed(error)
                self._trouble = "waiting", str(error)
                log.warning("source_waits", source=self.name, reason=str(error), seconds=round(pause_s, 1))
            except Stop as error:
                self._errors[type(error).__name__] += 1
                self._trouble, self.refusal = ("refused", str(error)), error
                log.error("source_refused", source=self.name, error=type(error).__name__, reason=str(error))
                return
            except Exception as error:  # whatever it is, the other sources go on
                kind, pause_s = type(error).__name__, COOLDOWN_S
                self._errors[kind] += 1
                # Its text is not told: it may hold what the provider sent, or a key.
                self._trouble = "down", f"{kind} at {place(error)}"
                log.error("source_failed", source=self.name, error=kind, at=place(error), seconds=pause_s)
            else:
                if not wait(0.0):
                    self._trouble = "ended", ""
                    log.info("source_ended", source=self.name)
                return
            if wait(pause_s):
                return

    def health(self) -> SourceHealth:
        """The source's own health; its state is that of its keeper when something keeps it from running."""
        health = self._own_health()
        state, detail = self._trouble or (health.state, health.detail)
        return replace(health, state=state, detail=detail, errors=Counter(health.errors) + self._errors.copy())

    def _own_health(self) -> SourceHealth:
        if self._observed:
            try:
                self._told = self._observed.health()
            except Exception as error:  # what it cannot tell is its own affair too
                return replace(self._told, state="down", detail=f"cannot tell how it is: {type(error).__name__} at {place(error)}")
        return self._told

    def _life(self, wait: Wait) -> Iterator[Tick | Reject]:
        """The source once, until it ends or raises."""
        if self._observed:
            self._trouble = None  # it can tell itself; of another nothing is known before its first tick
        first = True
        for item in self._source.ticks(wait):
            if isinstance(item, Tick):
                self.taken += 1
                self.last[item.symbol] = self._clock.monotonic()
                if first:
                    first, self._trouble = False, None
                    self._patience.succeeded()
            yield item
