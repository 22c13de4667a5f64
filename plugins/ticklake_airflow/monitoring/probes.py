"""What is measured without the warehouse: hops and lag, objects that wait, the dashboard, calls left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

import httpx

from ticklake import lake
from ticklake.clock import Clock
from ticklake.errors import BadObject, BrokerRefused, BrokerUnavailable, StoreUnavailable, TicklakeError, WarehouseRefused, WarehouseUnavailable
from ticklake.freshness import Hop
from ticklake.lake import Partition
from ticklake.measurement import Measurement
from ticklake_airflow.restoring import shelves
from ticklake_io import shown
from ticklake_io.producing import Producing
from ticklake_io.readings import Look
from ticklake_io.shown import Shown
from ticklake_io.store import ObjectStore

PATIENCE_S = 10.0
_HEALTH = "/_stcore/health"
_MOST_WAITING = 10_000
"""Objects of a partition that are counted; past it the answer is the same."""

_DOWN: Mapping[str, tuple[type[TicklakeError], ...]] = {
    "broker": (BrokerUnavailable, BrokerRefused),
    "store": (StoreUnavailable,),
    "warehouse": (WarehouseUnavailable, WarehouseRefused),
}
"""What each raises that does not serve us. A store that refuses is not among them: the monitor cannot read its memory then."""


def is_of_component(fault: TicklakeError) -> bool:
    """Whether a component is the cause: then it is measured as down."""
    return any(isinstance(fault, errors) for errors in _DOWN.values())


def components(fault: TicklakeError | None) -> Iterator[Measurement]:
    """Whether broker, store and warehouse serve us, which are asked in this order; those behind one that does not were not asked.

    After a fault of another kind nothing is known: who was asked before it cannot be told.
    """
    if fault and not is_of_component(fault):
        return
    for name, errors in _DOWN.items():
        down = isinstance(fault, errors)
        yield Measurement("component_up", float(not down), "", {"component": name})
        if down:
            return


def hops(look: Look, judged: list[Hop]) -> Iterator[Measurement]:
    """Lag by topic; of each hop the age of its newest tick, how long the oldest waits for it, and whether it is the cause."""
    for topic, records in look.lag.items():
        yield Measurement("lag_records", float(records), "records", {"topic": topic})
    for hop in judged:
        reading, labels = look.readings[hop.name], {"hop": hop.name}
        if reading.age_s is not None:
            yield Measurement("hop_age_s", round(reading.age_s, 3), "s", labels)
        if reading.waiting_s is not None:
            yield Measurement("hop_waiting_s", round(reading.waiting_s, 3), "s", labels)
            yield Measurement("hop_late", float(hop.state == "cause"), "", labels)


def waiting(store: ObjectStore, topic: str, loaded_to: Mapping[Partition, tuple[int, str | None]], landed_before: datetime) -> int:
    """Objects landed before a time that are beyond what is loaded (offset and key by partition). Raises what the store raises."""
    count = 0
    for partition, (offset, key) in loaded_to.items():
        found = store.list(lake.partition_prefix(topic, partition), key)
        late = (each for each in found if each.modified < landed_before and _is_beyond(each.key, offset))
        count += sum(1 for _ in islice(late, _MOST_WAITING))
    return count


def _is_beyond(key: str, offset: int) -> bool:
    """Whether an object begins at that offset or later; a foreign one, which no load looks at either, does not."""
    try:
        return lake.parse_key(key).first_offset >= offset
    except BadObject:
        return False


def backup(store: ObjectStore, began: datetime, now: datetime) -> Measurement:
    """How old the newest daily backup is; before the first one, since when there has been something to keep. Raises what the store raises."""
    return Measurement("backup_age_h", round((now - (shelves.newest(store) or began)) / timedelta(hours=1), 2), "h")


def dashboard(url: str | None, clock: Clock) -> Iterator[Measurement]:
    """How long the dashboard takes to say that it is well; one that does not answer took all the patience there is."""
    if not url:
        return
    began = clock.monotonic()
    try:
        well = httpx.get(url.rstrip("/") + _HEALTH, timeout=PATIENCE_S, trust_env=False).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        well = False
    yield Measurement("dashboard_response_s", round(clock.monotonic() - began, 4) if well else PATIENCE_S, "s")


def screen(seen: Shown | None, since: datetime, now: datetime) -> Iterator[Measurement]:
    """How old ticks were when they were first on the board, of those received from `since` to one target before `now`; none when none was shown.

    And how long the dashboard takes to draw, of the last minutes' reruns; nothing while nobody looks.
    """
    if seen is None:
        return
    ages = seen.screen.ages(since.timestamp(), now.timestamp() - shown.TARGET_S)
    for share, age_s in (shown.percentiles(ages) or {}).items():
        yield Measurement(f"to_screen_{share}_s", age_s, "s")
    if seen.reruns.count:
        yield Measurement("dashboard_rerun_p95_s", seen.reruns.p95, "s")


def calls_left(producing: Producing) -> Iterator[Measurement]:
    """Calls that the plans of the running sources have left; none where there is no such limit."""
    for each in producing.sources:
        if each.calls_left is not None:
            yield Measurement("calls_left", float(each.calls_left), "calls", {"source": each.name})


def gone(dashboard_url: str | None, producing: Producing) -> set[str]:
    """Metrics of things that are not there, as against those that were not measured. A producer without a source is one that did not answer."""
    found = set() if dashboard_url else {"dashboard_response_s"}
    return found if not producing.sources or any(calls_left(producing)) else {*found, "calls_left"}


def patience(load_interval_s: float) -> timedelta:
    """How long an object may be in the lake before not being loaded is a failure: as `ticklake verify` has it."""
    return timedelta(seconds=2 * load_interval_s)
