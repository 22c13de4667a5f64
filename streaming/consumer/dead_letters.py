"""Rejected rows to the dead-letter topic, with where they came from and why."""

from __future__ import annotations

import pyarrow as pa

from ticklake.errors import BrokerUnavailable
from ticklake_io.kafka_producer import Publisher

MAX_RECORD_BYTES = 4 << 20
"""Larger than the ticks topic allows, or the largest poison would block its partition."""

_HEADERS = ("REJECT_REASON", "TOPIC", "GENERATION", "PARTITION_ID", "OFFSET_ID", "OBJECT_KEY")
_ANSWER_S = 10.0


class DeadLetters:
    """Sends rejected rows and waits until the broker has them.

    A row may be sent again after a crash; its coordinates in the headers tell that it is the same one.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def send(self, rejected: pa.Table | None) -> None:
        """Send rows of `columns.SCHEMA`. Raises `BrokerUnavailable` when not all were acknowledged."""
        if rejected is None or not rejected.num_rows:
            return
        for row in rejected.to_pylist():
            headers = [(name.lower().replace("_", "-"), str(row[name]).encode()) for name in _HEADERS]
            if not self._publisher.publish(row["KEY"], row["VALUE"], headers):
                raise BrokerUnavailable("stopped before all dead letters were sent")
        if not self._publisher.flush(_ANSWER_S):
            raise BrokerUnavailable(f"dead letters were not acknowledged within {_ANSWER_S:.0f} s")
