"""The tick: one trade or one quote snapshot, and its form on Kafka (JSON, key = symbol).

`Tick` fixes the types. What a value may be (a price above zero, a known version, the key that is its
symbol) is judged for whole batches at once in `ticklake.columns`; both together are the contract.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal, get_args

import msgspec

VERSION = 1
"""The schema version that this code writes and reads."""

Kind = Literal["trade", "quote"]
Feed = Literal["realtime", "delayed", "eod", "replay", "synthetic"]

KINDS: tuple[str, ...] = get_args(Kind)
FEEDS: tuple[str, ...] = get_args(Feed)


class Tick(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One trade or one quote snapshot.

    Prices are decimal strings, never binary floats: finite, above 0, below 10**12, at most 8 decimals.
    `event_time` (at the provider) and `received_at` (at the producer) carry time zone UTC.
    `sequence` orders ticks of one symbol and source that share an `event_time`.
    The same provider event always has the same `tick_id`; two events never share one.
    """

    v: int = msgspec.field(default_factory=lambda: VERSION)  # a factory's value is never left out of the JSON
    tick_id: str
    symbol: str
    kind: Kind
    event_time: datetime
    received_at: datetime
    price: str
    source: str
    feed: Feed
    sequence: int
    size: int | None = None
    venue: str | None = None
    conditions: str | None = None
    bid: str | None = None
    ask: str | None = None
    open: str | None = None
    high: str | None = None
    low: str | None = None
    prev_close: str | None = None
    day_volume: int | None = None


_encoder = msgspec.json.Encoder()


def encode(tick: Tick) -> bytes:
    """The tick as a Kafka value."""
    return _encoder.encode(tick)


def tick_id(source: str, *parts: object) -> str:
    """An id made of what identifies a provider event: the source's name and 128 bits of a digest of `parts`.

    Parts are joined by a separator that no provider field contains, so ("a", "bc") and ("ab", "c") differ.
    """
    text = "\x1f".join(map(str, parts))
    return f"{source}-{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"
