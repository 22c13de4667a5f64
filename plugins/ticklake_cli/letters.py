"""Dead letters and the notes about those that were put back.

A letter is put back as a new record of the ticks topic, and a note on the dead-letter topic itself says so: there it is
shared by all who look, and outlives the letter. The tick goes first and its note second, each acknowledged. A crash
between the two, or two people at once, can put one letter back twice; the copies have the same tick_id, and of those
CURATED.TICKS takes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec

from ticklake import columns
from ticklake.errors import BrokerUnavailable, ConfigError
from ticklake_io.kafka_producer import Publisher
from ticklake_io.records import Records

_ORIGIN = ("topic", "generation", "partition-id", "offset-id")
_NOTE_KEY = b"replayed"
_NOTE = "replay-of"
"""Header of a note: the origin of the letter that was put back."""
_CUT = "truncated-from-bytes"
_AT_ONCE = 100
_ANSWER_S = 30.0


class Topics(Protocol):
    """What is asked of Kafka here; `KafkaView` is one."""

    def ends(self, topic: str) -> dict[int, int]: ...
    def starts(self, topic: str) -> dict[int, int]: ...
    def newest(self, topic: str, limit: int) -> Iterator[tuple[int, bytes | None, dict[str, str]]]: ...
    def read(self, topic: str, offsets: Mapping[int, tuple[int, int]]) -> dict[int, Records]: ...


@dataclass(frozen=True)
class Letter:
    """A rejected record at `offset` of the dead-letter topic. `origin` is where it was consumed; copies of one record share it."""

    offset: int
    size: int
    origin: str
    reason: str
    cut: bool


class Repaired(NamedTuple):
    """A letter's record as it is put back."""

    letter: Letter
    key: bytes | None
    value: bytes | None


class LetterBox:
    """The dead-letter topic, which has one partition. Every call may raise `BrokerUnavailable`, and `ConfigError` when it has more."""

    def __init__(self, kafka: Topics, topic: str) -> None:
        self._kafka = kafka
        self._topic = topic

    def newest(self, limit: int) -> tuple[list[Letter], set[str]]:
        """The newest `limit` letters, oldest first, and the origins of those that were put back."""
        kept = self._kept()
        span = limit
        while True:
            letters, replayed = self._sorted(span)
            if len(letters) >= limit or span >= kept:
                return letters[-limit:], replayed
            span *= 2  # the rest were notes

    def all(self) -> tuple[list[Letter], set[str]]:
        """All letters that the topic still has, oldest first, and the origins of those that were put back."""
        return self._sorted(self._kept())

    def record(self, offset: int) -> tuple[bytes | None, bytes | None] | None:
        """Key and value at an offset; None when there is no record."""
        for each in self._kafka.read(self._topic, {0: (offset, offset + 1)}).values():
            if each.offsets == [offset]:
                return each.keys[0], each.values[0]
        return None

    def _kept(self) -> int:
        ends = self._kafka.ends(self._topic)
        if len(ends) > 1:
            raise ConfigError(f"topic {self._topic} has {len(ends)} partitions, and an offset names a letter in one only: create it with one")
        return ends[0] - self._kafka.starts(self._topic)[0]

    def _sorted(self, span: int) -> tuple[list[Letter], set[str]]:
        letters, replayed = [], set()
        for offset, value, headers in self._kafka.newest(self._topic, span) if span else ():
            if _NOTE in headers:
                replayed.add(headers[_NOTE])
            else:
                letters.append(Letter(offset, len(value or b""), _origin(headers), headers.get("reject-reason", ""), _CUT in headers))
        return letters, replayed


def _origin(headers: Mapping[str, str]) -> str:
    topic, generation, partition, offset = (headers.get(name) for name in _ORIGIN)
    return f"{topic} g{generation}/p{partition}@{offset}"


class _Symbol(msgspec.Struct):
    symbol: str


def key_of(value: bytes, otherwise: bytes | None) -> bytes | None:
    """The key that belongs to a repaired value: its symbol."""
    try:
        return msgspec.json.decode(value, type=_Symbol).symbol.encode()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return otherwise


def why_not(repaired: Repaired, *, from_file: bool) -> str | None:
    """Why a letter cannot be put back; None when it is a valid tick now."""
    if repaired.letter.cut and not from_file:
        return "only the beginning of its value is here; repair it from the lake, which has it whole, and use --file"
    reason: str | None = columns.decode([repaired.key], [repaired.value]).reasons[0].as_py()
    return reason


def put_back(chosen: Sequence[Repaired], ticks: Publisher, notes: Publisher) -> Iterator[Letter]:
    """Publish, note, and give each letter that is done.

    Raises `BrokerUnavailable` when something is not acknowledged, `ConfigError` when it is refused; what was given before is done.
    """
    for i in range(0, len(chosen), _AT_ONCE):
        some = chosen[i : i + _AT_ONCE]
        _publish(ticks, ((each.key, each.value, each.letter) for each in some))
        _publish(notes, ((_NOTE_KEY, b"", each.letter) for each in some))
        yield from (each.letter for each in some)


def _publish(publisher: Publisher, records: Iterable[tuple[bytes | None, bytes | None, Letter]]) -> None:
    refused = publisher.counts().rejected
    for key, value, letter in records:
        publisher.publish(key, value, [(_NOTE, letter.origin.encode()), ("dead-letter", str(letter.offset).encode())])
    if not publisher.flush(_ANSWER_S):
        raise BrokerUnavailable("the broker does not acknowledge; the letters not shown as replayed can be replayed again")
    if publisher.counts().rejected > refused:
        raise ConfigError("the topic refuses a record as too large; nothing of this part was noted as replayed")
