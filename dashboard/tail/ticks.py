"""Records of the stream as arrays: what is no valid tick is left out, by the rules of the load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.tail.ids import hashed
from ticklake import columns
from ticklake_io.records import Records

if TYPE_CHECKING:
    from numpy.typing import NDArray

Key = tuple[str, str]
"""Symbol and source."""

TICK = np.dtype(
    [
        ("partition", np.int32),
        ("offset", np.int64),
        ("kafka_ms", np.int64),
        ("received_us", np.int64),
        ("key", np.int32),
        ("time_us", np.int64),
        ("sequence", np.int64),
        ("price", np.float64),
        ("size", np.float64),
        ("id", np.uint64),
        ("is_trade", np.bool_),
        ("counts", np.bool_),
    ]
)
"""A valid tick. `key` is a number that `Keys` gave; `size` NaN where there is none; `counts` until the warehouse has it or it is a repeat."""

Ticks = np.ndarray[tuple[int], np.dtype[np.void]]

_SHOWN = ("FEED", "KIND", "EVENT_TIME", "RECEIVED_AT", "SEQUENCE", "PRICE", "BID", "ASK", "PREV_CLOSE")


class Keys:
    """Numbers for symbols and sources, in the order in which they came."""

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}
        self.keys: list[Key] = []

    def number(self, key: Key) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self.keys)
            self.keys.append(key)
        return self._numbers[key]


class Batch(NamedTuple):
    """Valid ticks (n) and the columns of theirs that a board shows (n)."""

    ticks: Ticks
    shown: pa.Table


def decode(records: Mapping[int, Records], keys: Keys, *, freezes: bool) -> Batch:
    """The valid ticks of records by partition. `freezes`: a tick with fields that the contract does not know is none."""
    sizes = [len(each) for each in records.values()]
    decoded = columns.decode([key for each in records.values() for key in each.keys], [value for each in records.values() for value in each.values])
    ticks = np.zeros(sum(sizes), TICK)
    ticks["partition"] = np.repeat(list(records), sizes)
    ticks["offset"] = [offset for each in records.values() for offset in each.offsets]
    ticks["kafka_ms"] = [time for each in records.values() for time in each.times_ms]
    valid = pc.is_null(decoded.reasons)
    if freezes:
        valid = pc.and_(valid, pc.is_null(decoded.columns["EXTRA"]))
    table = decoded.columns
    if not pc.all(valid).as_py():
        table, ticks = table.filter(valid), ticks[valid.to_numpy(zero_copy_only=False)]
    ticks["key"] = _numbers(table, keys)
    ticks["id"] = hashed(table["TICK_ID"].to_numpy())
    ticks["time_us"], ticks["received_us"] = (table[name].cast(pa.int64()).to_numpy() for name in ("EVENT_TIME", "RECEIVED_AT"))
    ticks["sequence"] = table["SEQUENCE"].to_numpy()
    ticks["price"], ticks["size"] = (table[name].cast(pa.float64()).to_numpy() for name in ("PRICE", "SIZE"))
    ticks["is_trade"] = pc.equal(table["KIND"], "trade").to_numpy()
    return Batch(ticks, table.select(_SHOWN))


def _numbers(table: pa.Table, keys: Keys) -> NDArray[np.int32]:
    """The number of each row's symbol and source."""
    symbols, sources = (table[name].combine_chunks().dictionary_encode() for name in ("SYMBOL", "SOURCE"))
    codes = symbols.indices.to_numpy().astype(np.int64) * max(1, len(sources.dictionary)) + sources.indices.to_numpy()
    unique, inverse = np.unique(codes, return_inverse=True)
    names, origins = symbols.dictionary.to_pylist(), sources.dictionary.to_pylist()
    numbers = [keys.number((names[code // len(origins)], origins[code % len(origins)])) for code in unique.tolist()]
    return np.array(numbers, np.int32)[inverse]
