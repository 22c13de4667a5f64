"""What the service must not forget, on a compacted topic: the rules in effect, and by partition what was learnt up to an offset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from ticklake.alerts.rule import Rule
from ticklake.alerts.watch import Memory
from ticklake.errors import ConfigError
from ticklake_io.kafka_producer import Publisher
from ticklake_io.records import Records

MAX_RECORD_BYTES = 4 << 20
"""Largest that the rules, or the memory of a partition, may be as JSON."""

T = TypeVar("T")

_RULES = b"rules"
_encode = msgspec.json.Encoder().encode
_decode_rules = msgspec.json.Decoder(tuple[Rule, ...]).decode


class Place(msgspec.Struct, frozen=True):
    """The offset that comes next in a partition of the topic's life `topic_id`, and what the watch knows by then."""

    topic_id: str
    offset: int
    memory: Memory


_decode_place = msgspec.json.Decoder(Place).decode


class Saved:
    """For one thread. `history` gives all records of the topic; every call may raise what it and the publisher raise."""

    def __init__(self, publisher: Publisher, history: Callable[[], Records]) -> None:
        self._publisher = publisher
        self._history = history
        self._values: dict[bytes, bytes] = {}

    def load(self) -> None:
        """Read the topic anew. What stands last under a key counts."""
        records = self._history()
        self._values = {key: value for key, value in zip(records.keys, records.values, strict=True) if key is not None and value is not None}

    def rules(self) -> tuple[Rule, ...]:
        """The rules that were in effect last; none before the first."""
        return self._read(_RULES, _decode_rules) or ()

    def place(self, partition: int) -> Place | None:
        """Where a partition stood; None when nobody has had it yet."""
        return self._read(_key(partition), _decode_place)

    def keep_rules(self, rules: tuple[Rule, ...]) -> None:
        """From here on these are in effect."""
        self._publisher.publish(_RULES, _encode(rules))

    def keep(self, places: Mapping[int, Place]) -> None:
        """Keep where partitions stand."""
        for partition, place in places.items():
            self._publisher.publish(_key(partition), _encode(place))

    def settle(self, seconds: float) -> bool:
        """Whether all that was to be kept is, after so many seconds at most. Raises `ConfigError` when something is too large."""
        settled = self._publisher.flush(seconds)
        if self._publisher.counts().rejected:
            raise ConfigError(f"the alerts' state is larger than {MAX_RECORD_BYTES:,} bytes: pause rules, or raise the topic's max.message.bytes")
        return settled

    def _read(self, key: bytes, decode: Callable[[bytes], T]) -> T | None:
        value = self._values.get(key)
        try:
            return None if value is None else decode(value)
        except msgspec.MsgspecError as error:
            raise ConfigError(f"the alerts' state cannot be read ({error}): recreate its topic; the rules then begin anew") from None


def _key(partition: int) -> bytes:
    return f"partition-{partition}".encode()
