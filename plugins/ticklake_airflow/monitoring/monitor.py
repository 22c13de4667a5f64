"""One look at the whole pipeline: measured, kept, judged, told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from ticklake.availability import Wait
from ticklake.clock import Clock
from ticklake.errors import TicklakeError
from ticklake.freshness import judge
from ticklake.measurement import Measurement
from ticklake.settings import Settings
from ticklake.thresholds import thresholds
from ticklake_airflow.monitoring import alarms, memory, probes
from ticklake_airflow.monitoring.ledger import DAY, Ledger
from ticklake_airflow.monitoring.memory import Memory
from ticklake_io import metrics_table
from ticklake_io.notices import Channel
from ticklake_io.producing import Producing
from ticklake_io.readings import Look
from ticklake_io.shown import Shown
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore
from ticklake_io.warehouse import Warehouse

log = structlog.get_logger()

EVERY = timedelta(minutes=5)
SETTLED = timedelta(minutes=2)
"""How old a minute is when it is judged: its objects have landed by then and are in the ledger, or are late."""
_AWAY = 2 * EVERY + SETTLED
"""A monitor that was away for longer says nothing of the minutes in between."""


@dataclass(frozen=True)
class Report:
    """What a run found: how many values, what changed of the alarms and which are raised, and what kept it from measuring more."""

    measured: int
    changed: list[str]
    raised: list[str]
    unmeasured: str | None


class Monitor:
    """Watches. `look` reads the hops, `producing` the sources, `shown` the dashboard, `expected` whether ticks are owed at a time."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: ObjectStore,
        warehouse: Warehouse,
        channels: Sequence[Channel],
        clock: Clock,
        statements: Statements,
        look: Callable[[datetime], Look],
        producing: Callable[[], Producing],
        shown: Callable[[], Shown | None],
        expected: Callable[[datetime], bool],
    ) -> None:
        self._settings = settings
        self._store = store
        self._warehouse = warehouse
        self._channels = channels
        self._clock = clock
        self._statements = statements
        self._look = look
        self._producing = producing
        self._shown = shown
        self._expected = expected
        self._targets = {"event": settings.target_event_s, "lake": settings.target_lake_s, "warehouse": settings.target_warehouse_s}

    def run(self) -> Report:
        """Measure, judge, tell, keep. A keeper that does not answer, or refuses, is a measurement; only the store, which has the memory, must answer.

        Raises what the store raises; and, when all the rest is done, a fault that is no keeper's.
        """
        now = self._clock.now()
        known = memory.read(self._store)
        look = self._look(now)
        measured = [*probes.hops(look, judge(look.readings, self._targets)), *probes.dashboard(self._settings.dashboard_url, self._clock)]
        producing = self._producing()
        measured += [*probes.screen(self._shown(), now - EVERY, now), *probes.calls_left(producing)]
        ledger = Ledger(self._warehouse, self._statements, now)
        drift: list[Measurement] = []
        fault, judged_to = look.fault, self._judged_to(known, now)
        try:
            if not fault:
                measured += self._of_ledger(ledger, look, judged_to, now)
                drift += ledger.drift()
                judged_to = _minute(now - SETTLED)
        except TicklakeError as error:
            fault = error
        measured += probes.components(fault)
        gone = probes.gone(self._settings.dashboard_url, producing)
        limits = [each for each in thresholds(self._settings) if each.metric not in gone]
        changes = alarms.update(known, limits, [*measured, *drift], self._channels, now)
        known.judged_to, known.ran_at = judged_to, now
        self._keep(known, ledger, measured, now)
        if fault and not probes.is_of_component(fault):
            raise fault
        return Report(
            len(measured),
            [f"{each.name} {each.state}" for each in changes],
            sorted(name for name, watch in known.watches.items() if watch.since),
            str(fault) if fault else None,
        )

    def _judged_to(self, known: Memory, now: datetime) -> datetime:
        """From when on minutes are judged: from where the last run ended, or, when none ran lately, as far as one run speaks for."""
        if known.judged_to and known.ran_at and now - known.ran_at <= _AWAY:
            return max(known.judged_to, _minute(now - DAY))
        return _minute(now - SETTLED - EVERY)

    def _of_ledger(self, ledger: Ledger, look: Look, judged_to: datetime, now: datetime) -> list[Measurement]:
        landed_before = now - probes.patience(self._settings.load_interval_s)
        waiting = probes.waiting(self._store, self._settings.ticks_topic, look.loaded_to, landed_before)
        live = [Wait(hop, now - timedelta(seconds=reading.waiting_s), now) for hop, reading in look.readings.items() if reading.waiting_s]
        minutes = list(ledger.minutes(judged_to, _minute(now - SETTLED), live, self._targets, self._expected))
        metrics_table.write(self._warehouse, minutes, now)
        return [
            Measurement("objects_waiting", float(waiting), "objects"),
            *ledger.loads(waiting),
            *ledger.availability(_minute(now - SETTLED)),
            *ledger.use(),
            probes.backup(self._store, ledger.began(), now),
        ]

    def _keep(self, known: Memory, ledger: Ledger, measured: list[Measurement], now: datetime) -> None:
        """Remember first, then tell: who dies in between tells again, rather than never."""
        memory.write(self._store, known)
        before = len(known.untold)
        alarms.spread(known, self._channels)
        told = len(known.untold) != before
        written = False
        try:
            metrics_table.write(self._warehouse, measured, now)
            written = bool(known.unwritten)
            alarms.record(known, self._warehouse, self._statements)
            ledger.thin()
        except TicklakeError as error:
            log.warning("metrics_not_kept", reason=str(error))
        if told or written:
            memory.write(self._store, known)


def _minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)
