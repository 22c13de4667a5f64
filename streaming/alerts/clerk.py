"""The service's dealings with the warehouse, on a thread of their own: rules come in, alerts that were said go out.

The loop never waits for it. While the warehouse is away the last rules go on, and alerts wait on their topic, which this
reads with a progress of its own: an alert is in APP.ALERTS before its offset is committed, and is not inserted twice.
Rules are read at the start, when somebody says that users have written something, and every few minutes; alerts are
written when there are some. With nothing of that the warehouse is not asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import structlog

from streaming.alerts import tables
from streaming.alerts.progress import Progress
from streaming.log import place
from ticklake.alerts import alert
from ticklake.alerts.rule import Rule
from ticklake.clock import Clock
from ticklake.errors import BrokerUnavailable, Retry, Stop, TicklakeError
from ticklake_io.records import Committed, Records, RecordSource
from ticklake_io.warehouse import Warehouse

_POLL_S = 0.2
_PAUSE_S = 5.0
"""How long a warehouse that does not answer is left alone."""

_MOST = 10_000
"""Alerts in memory past which those on the topic wait there."""

_log = structlog.get_logger()


class Clerk:
    """One thread runs it, another asks for `changed_rules`."""

    def __init__(
        self, warehouse: Warehouse, said: RecordSource, changed: Callable[[], bool], rules: tuple[Rule, ...], every_s: float, clock: Clock, progress: Progress
    ) -> None:
        """`said` is a group's member on the alerts topic. `changed` tells whether users have written something since it was asked last.

        `rules` were in effect last; they are read at once, and again after `every_s` seconds at most.
        """
        self._warehouse, self._said, self._changed, self._clock, self._progress = warehouse, said, changed, clock, progress
        self._every_s = every_s
        self._known = rules
        self._new: tuple[Rule, ...] | None = None
        self._lock = threading.Lock()
        self._read_at = self._ask_at = clock.monotonic()
        self._unwritten: dict[int, Records] = {}
        self.failure: TicklakeError | None = None

    def first_rules(self) -> tuple[Rule, ...]:
        """The rules as they are now; while the warehouse does not answer, those that were in effect last. Before `run`."""
        try:
            self._read()
        except Retry as error:
            self._excuse(error)
        return self.changed_rules() or self._known

    def changed_rules(self) -> tuple[Rule, ...] | None:
        """The rules when they are others than before; None when they are not. Raises what ended the clerk's thread."""
        if self.failure:
            raise self.failure
        with self._lock:
            new, self._new = self._new, None
        return new

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`."""
        try:
            while not stop.is_set():
                self.run_once()
        except TicklakeError as error:
            self.failure = error
        except Exception as error:  # a service that never hears of a rule again must not look alive
            self.failure = Stop(f"dealing with the warehouse failed: {type(error).__name__} at {place(error)}")

    def run_once(self, wait_s: float = _POLL_S) -> None:
        """One turn; waits up to `wait_s` for alerts that were said. Raises a `Stop` of broker or warehouse."""
        try:
            self._take_in(wait_s)
        except Retry as error:
            _log.warning("waiting", reason=str(error))
            self._clock.sleep(wait_s)
        if self._changed():
            self._read_at = self._clock.monotonic()
        if self._clock.monotonic() < self._ask_at:
            return
        try:
            self._write()
            self._read()
        except Retry as error:
            self._excuse(error)

    def _excuse(self, error: Retry) -> None:
        """Leave the warehouse alone for a while."""
        _log.warning("waiting", reason=str(error))
        self._progress.warehouse_error = str(error)
        self._ask_at = self._clock.monotonic() + _PAUSE_S

    def _take_in(self, wait_s: float) -> None:
        polled = self._said.poll(wait_s)
        changes = self._said.changes()
        for partition in changes.dropped | changes.gained:
            self._unwritten.pop(partition, None)
        for partition in changes.gained | self._said.expired():
            known = self._said.committed(partition)
            first = self._said.first_offset(partition)
            self._said.begin(partition, max(known.offset, first) if known else first)
        for partition, records in polled.items():
            self._unwritten.setdefault(partition, Records()).extend(records)
        self._progress.unstored = sum(map(len, self._unwritten.values()))
        self._said.pause(set(self._unwritten) if self._progress.unstored > _MOST else set())

    def _write(self) -> None:
        if not self._unwritten:
            return
        values = [value for records in self._unwritten.values() for value in records.values]
        alerts = [each for value in values if (each := _alert(value))]
        tables.write_alerts(self._warehouse, alerts)
        self._progress.warehouse_error = ""
        ends = {partition: Committed(records.offsets[-1] + 1, "") for partition, records in self._unwritten.items()}
        self._unwritten = {}
        self._progress.stored += len(alerts)
        self._progress.unstored = 0
        try:
            self._said.commit(ends)
        except BrokerUnavailable as error:  # what is not committed is read again and, being there, not written again
            _log.warning("waiting", reason=str(error))

    def _read(self) -> None:
        if self._clock.monotonic() < self._read_at:
            return
        rules = tables.read_rules(self._warehouse)
        self._progress.warehouse_error = ""
        self._read_at = self._clock.monotonic() + self._every_s
        if rules != self._known:
            self._known = rules
            with self._lock:
                self._new = rules


def _alert(value: bytes | None) -> alert.Alert | None:
    try:
        return alert.decode(value or b"")
    except msgspec.MsgspecError as error:
        _log.error("no_alert", reason=type(error).__name__)
        return None
