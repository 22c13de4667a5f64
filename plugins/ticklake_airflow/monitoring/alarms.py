"""Alarms: judged by what was measured, told once when they are raised and once when they are cleared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import structlog

from ticklake.measurement import Measurement
from ticklake.thresholds import Episode, Threshold, Watch, judge
from ticklake_airflow.monitoring.memory import Memory, Untold
from ticklake_io.notices import Channel, Notice, tell
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

log = structlog.get_logger()

_MOST_UNTOLD = 100
"""Notices that wait for channels out of order; the oldest are forgotten past it."""


def update(memory: Memory, limits: Iterable[Threshold], measured: Sequence[Measurement], channels: Sequence[Channel], at: datetime) -> list[Episode]:
    """Judge; what has changed is in `memory`, to be told and written. An alarm without a limit is over: nothing would ever clear it."""
    by_name = {threshold.name: threshold for threshold in limits}
    changes = []
    for name, watch in memory.watches.items():
        if name not in by_name and watch.since:
            changes.append(Episode(name, "cleared", watch.since, at, "no longer measured", None, None))
    memory.watches = {name: memory.watches.get(name, Watch()) for name in by_name}
    for name, threshold in by_name.items():
        memory.watches[name], change = judge(threshold, memory.watches[name], measured, at)
        if change:
            changes.append(change)
    for each in changes:
        log.warning("alarm", name=each.name, state=each.state, detail=each.detail)
        notice = _notice(each, by_name.get(each.name))
        memory.unwritten.append(each)
        memory.untold += [Untold(channel.name, notice) for channel in channels]
    memory.untold = memory.untold[-_MOST_UNTOLD:]
    return changes


def spread(memory: Memory, channels: Sequence[Channel]) -> None:
    """Tell what is untold, in its order; a channel that does not take one gets those after it at the next run too."""
    by_name = {channel.name: channel for channel in channels}
    out_of_order: set[str] = set()
    left = []
    for each in memory.untold:
        channel = by_name.get(each.channel)
        if channel is None:  # it is no longer in the settings
            continue
        if each.channel in out_of_order or tell(each.notice, [channel]):
            out_of_order.add(each.channel)
            left.append(each)
    memory.untold = left


def record(memory: Memory, warehouse: Warehouse, statements: Statements) -> None:
    """Bring OPS.ALARMS up to the memory. Raises what the warehouse raises; the memory is then as before."""
    newest = {(each.name, each.since): each for each in memory.unwritten}
    if not newest:
        return
    rows = json.dumps(
        [[each.name, each.state, _naive(each.since), _naive(each.changed_at), each.detail, each.value, each.threshold] for each in newest.values()]
    )
    with warehouse.transaction():
        warehouse.rows(statements["drop_alarms"], {"list": rows})
        warehouse.rows(statements["insert_alarms"], {"list": rows})
    memory.unwritten = []


def _notice(change: Episode, threshold: Threshold | None) -> Notice:
    title = f"{change.name}: {change.detail}"
    if threshold and change.state == "raised":
        return Notice(change.name, "raised", title, threshold.do, change.changed_at)
    return Notice(change.name, "cleared", title, f"over; it was raised at {change.since:%Y-%m-%d %H:%M:%S} UTC", change.changed_at)


def _naive(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
