"""What a source of ticks is, and how one is found by its name.

A source is a module of `streaming.producer.sources` with a function `create` of type `Create`; its name is the module's.
A new source is a new module there, and no other file changes.
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from streaming.producer import sources
from ticklake.errors import BadLine, ConfigError
from ticklake.tick import Tick

if TYPE_CHECKING:
    from pathlib import Path

    from ticklake.clock import Clock
    from ticklake.instruments import Instruments
    from ticklake.settings import Settings

Wait = Callable[[float], bool]
"""Lets so many seconds pass, fewer when the producer is asked to stop; True when it is."""


class Source(Protocol):
    """Where ticks come from. Each source of a process runs in a thread of its own."""

    @property
    def name(self) -> str:
        """The `source` of its ticks."""
        ...

    def ticks(self, wait: Wait) -> Iterator[Tick | BadLine]:
        """Its ticks as they happen, and what could not be read as one.

        Ends when the source is exhausted or when `wait` says so; the caller may also stop asking at any tick.
        Raises `Retry` or `Stop`.
        """
        ...


@dataclass(frozen=True)
class Request:
    """What is wanted of a source; each takes what it understands.

    `rate` is ticks a second, all symbols together. `speed` is how many times faster than it happened the past is
    replayed, infinite for as fast as it goes. Without `symbols`, those of `ticklake.yaml`.
    """

    symbols: tuple[str, ...] = ()
    rate: float | None = None
    file: Path | None = None
    speed: float = 1.0
    rebase: bool = False

    def __post_init__(self) -> None:
        """Raises `ConfigError` for a rate or a speed that is not above 0."""
        if self.rate is not None and not (0 < self.rate < math.inf):
            raise ConfigError(f"rate {self.rate}: must be a number above 0")
        if not self.speed > 0:
            raise ConfigError(f"speed {self.speed}: must be above 0")


Create = Callable[[Request, "Settings", "Instruments", "Clock"], Source]


def names() -> list[str]:
    """The sources there are."""
    return sorted(module.name for module in pkgutil.iter_modules(sources.__path__))


def create(name: str, request: Request, settings: Settings, instruments: Instruments, clock: Clock) -> Source:
    """The source of that name.

    Raises `ConfigError` for an unknown name, or when the request asks what the source cannot do.
    """
    if name not in names():
        raise ConfigError(f"source {name!r} is unknown; there are {', '.join(names())}")
    module = import_module(f"{sources.__name__}.{name}")
    return cast("Create", module.create)(request, settings, instruments, clock)
