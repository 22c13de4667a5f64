"""What a source of ticks is, and how one is found by its name.

A source is a module of `streaming.producer.sources` with a function `create` of type `Create`; its name is the module's.
One that makes its prices up, or takes them from the past, says `SYNTHETIC = True`. A new source is a new module there, and
no other file changes.
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, cast, runtime_checkable

from streaming.producer import sources
from ticklake.errors import ConfigError, Reject
from ticklake.tick import Tick

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

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

    def ticks(self, wait: Wait) -> Iterator[Tick | Reject]:
        """Its ticks as they happen, and what could not be read as one.

        Ends when the source is exhausted or when `wait` says so; the caller may also stop asking at any tick.
        Raises `Retry`, after which it may be asked again, or `Stop`.
        """
        ...


State = Literal["ok", "waiting", "refused", "down", "ended"]
"""ok: ticks come, or would if there were any. waiting: it does not answer, or its plan has no call left; it goes on by
itself. refused: only a person can help. down: it failed in a way nobody foresaw, and is tried again later. ended: there is no more."""


@dataclass(frozen=True)
class SourceHealth:
    """How a source is. `calls_left` of its plan (None: no such limit), `errors` by class that it dealt with itself; `detail` is one
    line without secrets. Counts are since it was created, and never run backwards. `pace_s` is how far apart its ticks of one symbol
    may ordinarily be while the exchange is open; where it is infinite, silence says nothing of how the source is, and only its state does."""

    state: State = "ok"
    detail: str = ""
    calls_left: int | None = None
    errors: Mapping[str, int] = field(default_factory=dict)
    reconnects: int = 0
    gaps: int = 0
    pace_s: float = 0.0


@runtime_checkable
class Observed(Protocol):
    """A source that can tell how it is."""

    def health(self) -> SourceHealth:
        """How it is now. Any thread may ask at any time; it answers at once and calls nobody."""
        ...


@dataclass(frozen=True)
class Checkup:
    """What a check found: `says` is lines without secrets (plan, entitlement, calls left), `sample` one tick if there was one."""

    says: tuple[str, ...] = ()
    sample: Tick | None = None


@runtime_checkable
class Checkable(Protocol):
    """A source that can tell more about a key than that a tick comes."""

    def check(self, wait: Wait) -> Checkup:
        """Ask the provider, with at most two calls of a plan, whether its exchange is open or not.

        Raises `SourceRefused` for a wrong key, `Retry` when that cannot be told now.
        """
        ...


@dataclass(frozen=True)
class Request:
    """What is wanted of a source; each takes what it understands.

    `rate` is ticks a second, all symbols together. `speed` is how many times faster than it happened the past is
    replayed, infinite for as fast as it goes. Without `symbols`, those of `ticklake.yaml`. `wanted` are the symbols to
    deliver now; the answer changes while the source runs and is cheap to ask for. Without it, all of its symbols.
    """

    symbols: tuple[str, ...] = ()
    rate: float | None = None
    file: Path | None = None
    speed: float = 1.0
    rebase: bool = False
    wanted: Callable[[], frozenset[str]] | None = None

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


def running(settings: Settings) -> tuple[str, ...]:
    """The sources that the producer service runs.

    Raises `ConfigError` when there are none, or one is unknown or named twice.
    """
    wanted = settings.running
    wrong = sorted({name for name in wanted if name not in names() or wanted.count(name) > 1})
    if wrong or not wanted:
        raise ConfigError(f"TICKLAKE_SOURCES: {', '.join(wrong) or 'nothing'}; name each source once, of {', '.join(names())}")
    return wanted


def is_synthetic(name: str) -> bool:
    """Whether that source makes its prices up, or takes them from the past. Raises `ConfigError` for an unknown name."""
    return bool(getattr(_module(name), "SYNTHETIC", False))


def create(name: str, request: Request, settings: Settings, instruments: Instruments, clock: Clock) -> Source:
    """The source of that name.

    Raises `ConfigError` for an unknown name, or when the request asks what the source cannot do.
    """
    return cast("Create", _module(name).create)(request, settings, instruments, clock)


def _module(name: str) -> ModuleType:
    if name not in names():
        raise ConfigError(f"source {name!r} is unknown; there are {', '.join(names())}")
    return import_module(f"{sources.__name__}.{name}")
