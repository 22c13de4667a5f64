"""Records to the ticks that alerts are judged by."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from ticklake.alerts.watch import Seen
from ticklake.columns import decode
from ticklake_io.records import Records


def ticks(polled: Mapping[int, Records]) -> dict[int, list[Seen]]:
    """The valid ticks among records, by partition and in their order; what the lake would reject is left out.

    All are read in one go: a few records cost as much as a thousand.
    """
    if not polled:
        return {}
    columns = decode(
        [key for records in polled.values() for key in records.keys],
        [value for records in polled.values() for value in records.values],
    ).columns
    ids, symbols, sources, sequences, prices = (columns[name].to_pylist() for name in ("TICK_ID", "SYMBOL", "SOURCE", "SEQUENCE", "PRICE"))
    events = columns["EVENT_TIME"].cast(pa.int64()).to_pylist()
    places = ((partition, time_ms) for partition, records in polled.items() for time_ms in records.times_ms)
    found: dict[int, list[Seen]] = {partition: [] for partition in polled}
    for (partition, time_ms), tick_id, symbol, source, event_us, sequence, price in zip(places, ids, symbols, sources, events, sequences, prices, strict=True):
        if tick_id is not None:
            found[partition].append(Seen(tick_id, (symbol, source), event_us, sequence, price, time_ms * 1_000))
    return found
