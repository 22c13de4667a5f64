"""Records to the ticks that alerts are judged by."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from ticklake.alerts.watch import Seen
from ticklake.columns import decode
from ticklake_io.records import Records


def ticks(records: Records) -> Iterator[Seen]:
    """The valid ticks among `records`, in their order; what the lake would reject is left out."""
    columns = decode(records.keys, records.values).columns
    ids, symbols, sources, sequences, prices = (columns[name].to_pylist() for name in ("TICK_ID", "SYMBOL", "SOURCE", "SEQUENCE", "PRICE"))
    events = columns["EVENT_TIME"].cast(pa.int64()).to_pylist()
    for tick_id, symbol, source, event_us, sequence, price, time_ms in zip(ids, symbols, sources, events, sequences, prices, records.times_ms, strict=True):
        if tick_id is not None:
            yield Seen(tick_id, (symbol, source), event_us, sequence, price, time_ms * 1_000)
