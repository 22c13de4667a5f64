"""Alerts as they are said, in this process's memory, fed by one thread for all sessions."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, Protocol

import msgspec
import structlog

from dashboard.trouble import explain
from ticklake.alerts import alert
from ticklake.alerts.alert import Alert
from ticklake.clock import Clock
from ticklake.errors import TicklakeError
from ticklake_io.topic_reader import TopicReader

KEPT = 1_000
"""Alerts in memory; the warehouse has them all."""
BEHIND = timedelta(hours=1)
"""How far back a reader begins: what the warehouse may not have yet, and more."""

_POLL_S = 0.5
_PAUSE_S = 5.0
_ASK_S = 10.0

_log = structlog.get_logger()


class Heard(NamedTuple):
    """Alerts, oldest first, and how many were heard in all so far."""

    alerts: list[Alert]
    last: int


class Alerts(Protocol):
    """What the pages read. Calls return at once."""

    @property
    def problem(self) -> str | None:
        """Why alerts are not heard now; None when they are."""
        ...

    def since(self, n: int) -> Heard:
        """Those heard after the first `n`; of them the newest `KEPT`."""
        ...


class Inbox:
    """Alerts in memory, each once. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts: deque[Alert] = deque(maxlen=KEPT)
        self._last = 0
        self.problem: str | None = None

    def since(self, n: int) -> Heard:
        if n >= self._last:
            return Heard([], self._last)
        with self._lock:
            return Heard(list(self._alerts)[max(0, len(self._alerts) - (self._last - n)) :], self._last)

    def add(self, said: Alert) -> None:
        """Take an alert in, if it is not there; a service that was killed may say one again."""
        with self._lock:
            if all(said.alert_id != each.alert_id for each in self._alerts):
                self._alerts.append(said)
                self._last += 1


class Listener:
    """Fills an inbox from the alerts topic, on a thread that goes on until the process ends."""

    def __init__(self, inbox: Inbox, open_reader: Callable[[], TopicReader], clock: Clock) -> None:
        self._inbox, self._open_reader, self._clock = inbox, open_reader, clock
        self._offsets: dict[int, int] = {}

    def start(self) -> None:
        """Listen from now on."""
        threading.Thread(target=self._run, name="alerts-listener", daemon=True).start()

    def listen(self, going: Callable[[], bool]) -> None:
        """Hear what is said while `going`. Raises what the broker raises."""
        reader = self._open_reader()
        try:
            for partition, offset in (reader.offsets_at(self._clock.now() - BEHIND) | self._offsets).items():
                reader.begin(partition, offset)
            self._inbox.problem = None
            ask_at = self._clock.monotonic() + _ASK_S
            while going():
                for partition, records in reader.poll(_POLL_S).items():
                    self._offsets[partition] = records.offsets[-1] + 1
                    for value in records.values:
                        self._take(value)
                if self._clock.monotonic() >= ask_at:
                    reader.end_offsets()  # a broker that is away is silent until it is asked
                    ask_at = self._clock.monotonic() + _ASK_S
        finally:
            reader.close()

    def _run(self) -> None:
        while True:
            try:
                self.listen(lambda: True)
            except TicklakeError as error:
                _log.warning("alerts_unheard", reason=str(error))
                self._inbox.problem = explain(error)
                self._clock.sleep(_PAUSE_S)

    def _take(self, value: bytes | None) -> None:
        try:
            self._inbox.add(alert.decode(value or b""))
        except msgspec.MsgspecError as error:
            _log.error("no_alert", reason=type(error).__name__)
