"""What the conformance suite (tests/contract/test_sources.py) is told of each source: a module here of the source's name.

Such a module has a function `case(tmp_path: Path) -> SourceCase`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from streaming.producer.source import Source, Wait
from ticklake.errors import TicklakeError

Expected = Mapping[str, object] | type[TicklakeError]
"""Fields that a tick must have, or the type of an error: a `Reject` is yielded, `Retry` and `Stop` are raised."""


@dataclass(frozen=True)
class Recording:
    """What a provider says, and what must come of it, in this order and nothing between.

    `script` is what the case's own `play` understands: messages, answers, the lines of a file. Nothing is expected after
    an error that is a `Stop`; after a `Retry` the suite asks the source for its ticks anew, as the producer does.
    """

    name: str
    script: object
    expected: tuple[Expected, ...]


@dataclass(frozen=True)
class Play:
    """A new source before a provider that says a recording, once; after it the provider is silent.

    `wait` lets time pass as the source must see it (a manual clock advances, a real one is waited for), and is true once
    `stop` is set.
    """

    source: Source
    stop: threading.Event
    wait: Wait


@dataclass(frozen=True)
class SourceCase:
    """A source and its provider.

    Each `play` begins from nothing: no state is shared with the one before. The ticks of `recordings` are different
    events, each within its recording. In `broken` the connection (or an answer) fails between events, and the provider
    repeats what it would repeat; each event is expected once, and all that the provider says later. None: there is
    nothing that could break. `secret` is the key that the source is given, and which some answers echo; None: it has none.
    `ordered`: the source promises that the event times of a symbol do not run backwards.
    """

    play: Callable[[Recording], AbstractContextManager[Play]]
    recordings: tuple[Recording, ...]
    broken: Recording | None = None
    secret: str | None = None
    ordered: bool = True
