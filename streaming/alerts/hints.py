"""Hears that users have written something. What cannot be heard is asked for in time all the same."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ticklake.changes import Subject
from ticklake.clock import Clock
from ticklake.errors import TicklakeError
from ticklake_io.changes import heard
from ticklake_io.topic_reader import TopicReader

_PAUSE_S = 30.0
"""How long a broker, or a topic, that is not there is left alone."""

_log = structlog.get_logger()


class Hints:
    """For one thread. `open_reader` gives a new reader of the topic of changes."""

    def __init__(self, open_reader: Callable[[], TopicReader], clock: Clock) -> None:
        self._open_reader, self._clock = open_reader, clock
        self._reader: TopicReader | None = None
        self._again_at = clock.monotonic()

    def changed(self) -> bool:
        """Whether there was a hint since this was asked last, or may have been one that was missed. Never raises for a broker in trouble."""
        if self._clock.monotonic() < self._again_at:
            return False
        try:
            if self._reader is None:
                self._reader = self._begin()
                return True
            return any(heard(key) is Subject.APP for records in self._reader.poll(0).values() for key in records.keys)
        except TicklakeError as error:
            _log.warning("hints_unheard", reason=str(error))
            self.close()
            self._again_at = self._clock.monotonic() + _PAUSE_S
            return False

    def close(self) -> None:
        """Let go of the reader."""
        reader, self._reader = self._reader, None
        if reader:
            reader.close()

    def _begin(self) -> TopicReader:
        reader = self._open_reader()
        for partition, end in reader.end_offsets().items():
            reader.begin(partition, end)
        return reader
