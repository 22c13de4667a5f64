"""Rejected rows to the dead-letter topic, with where they came from and why."""

from __future__ import annotations

import threading
from typing import Any

import pyarrow as pa
import structlog

from ticklake_io.kafka_producer import Publisher

MAX_RECORD_BYTES = 4 << 20
"""Larger than the ticks topic allows, or the largest poison would block its partition."""

_HEADERS = ("REJECT_REASON", "TOPIC", "GENERATION", "PARTITION_ID", "OFFSET_ID", "OBJECT_KEY")
_COLUMNS = [*_HEADERS, "KEY", "VALUE"]
_ANSWER_S = 10.0
_MOST_VALUE_BYTES = MAX_RECORD_BYTES - (1 << 20)
"""Leaves room for the key, which is no longer than a record of the ticks topic, and the headers."""

_log = structlog.get_logger()


class DeadLetters:
    """Sends rejected rows and waits until the broker has them. Safe for several threads.

    A row may be sent again after a crash; its coordinates in the headers tell that it is the same one. Of a value that
    no record can hold, as a compressed one may be, the beginning is sent; the lake has it whole.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        # One at a time: the publisher tells a failure to whoever asks first.
        self._lock = threading.Lock()

    def send(self, rejected: pa.Table | None, given_up: threading.Event) -> bool:
        """Send rows of `columns.SCHEMA`; whether all were acknowledged before `given_up` was set. Raises as `Publisher.publish`."""
        if rejected is None or not rejected.num_rows:
            return True
        with self._lock:
            if not all(self._publish(row) for row in rejected.select(_COLUMNS).to_pylist()):
                return False
            while not self._publisher.flush(_ANSWER_S):
                _log.warning("dead_letters_wait", rows=rejected.num_rows)
                if given_up.is_set():
                    return False
        return True

    def _publish(self, row: dict[str, Any]) -> bool:
        headers = [(name.lower().replace("_", "-"), str(row[name]).encode()) for name in _HEADERS]
        value = row["VALUE"]
        if value is not None and len(value) > _MOST_VALUE_BYTES:
            headers.append(("truncated-from-bytes", str(len(value)).encode()))
            value = value[:_MOST_VALUE_BYTES]
        # A record needs one of both.
        key = b"" if row["KEY"] is None and value is None else row["KEY"]
        return self._publisher.publish(key, value, headers)
