"""Everything that the lake holds into a warehouse that holds nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ticklake.batch_lake import DAILY, MINUTES
from ticklake.clock import Clock
from ticklake.errors import ChainBroken, ConfigError
from ticklake.lake import parse_key
from ticklake_airflow.analytics.refresh import Refresh
from ticklake_airflow.batch.curating import Curate
from ticklake_airflow.batch.landing import Landing, Loaded
from ticklake_airflow.loading.cursor import Cursor
from ticklake_airflow.loading.fence import Fence, Writer
from ticklake_airflow.loading.load import Load
from ticklake_airflow.loading.model import LoadReport
from ticklake_airflow.loading.setting_aside import SetAside
from ticklake_airflow.restoring import lake
from ticklake_airflow.restoring.decisions import GivenUp
from ticklake_airflow.statements import SQL_FOLDER
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore

RUN = "ticklake restore"
"""In the ledgers instead of a run, and in the lease while it holds the fence."""

ROUND = 200
"""Objects of one round: what a death costs, and how often is told how far it is."""

STATEMENTS = Statements(Path(__file__).parent / "sql")


@dataclass(frozen=True)
class RestoreReport:
    """What one call did: raw objects with their rows (offsets, poison included), and objects of the batch feed.

    `stopped` says by partition why it cannot go on, `pending` counts the raw objects that wait for it, `set_aside` are those given up
    as the backup's decisions say.
    """

    objects: int
    rows: int
    winners: int
    rejects: int
    batch_objects: int
    batch_rows: int
    pending: int
    stopped: Mapping[str, str]
    set_aside: Sequence[str]
    seconds: float


class _Nobody:
    """Offsets of a consumer group that is not asked: a restore must not need the broker."""

    def read(self) -> Mapping[int, int]:
        return {}


class Restore:
    """Loads the lake. A second run finds nothing new; a run after a death goes on behind the last whole round.

    `told` hears how far it is, a line at a time.
    """

    def __init__(
        self,
        *,
        store: ObjectStore,
        warehouse: Writer,
        clock: Clock,
        topic: str,
        benchmark: str,
        fence_timeout_s: float,
        told: Callable[[str], None],
        round_objects: int = ROUND,
    ) -> None:
        load, batch = Statements(SQL_FOLDER / "load_ticks"), Statements(SQL_FOLDER / "ingest_daily_bars")
        fence, curate = Fence(warehouse, load, clock, RUN, fence_timeout_s), Curate(warehouse, batch)
        self._fence, self._statements, self._settle = fence, load, Statements(SQL_FOLDER / "settle_ticks")
        self._store, self._warehouse, self._clock, self._topic, self._told = store, warehouse, clock, topic, told
        self._load = Load(
            store=store,
            warehouse=warehouse,
            committed=_Nobody(),
            clock=clock,
            statements=load,
            topic=topic,
            run_id=RUN,
            fence_timeout_s=fence_timeout_s,
            most_objects=round_objects,
            on_round=self._progress,
        )
        self._aside = SetAside(store, warehouse, fence, load, clock, RUN)
        self._feeds = [
            (kind, Landing(kind, store, warehouse, fence, batch, clock, RUN, work)) for kind, work in ((DAILY, curate.days), (MINUTES, curate.minutes))
        ]
        self._refresh = Refresh(warehouse, Statements(SQL_FOLDER / "refresh_analytics"), clock, benchmark=benchmark, gap_s=0, run_id=RUN)
        self._began = clock.monotonic()
        self._before = 0
        self._wanted = 0

    def check_empty(self) -> None:
        """Raise `ConfigError` where tables are missing, or hold what no restore has brought."""
        (tables,) = self._warehouse.rows(STATEMENTS["tables"])
        if not tables["N"] or not self._warehouse.rows(STATEMENTS["reference"])[0]["N"]:
            raise ConfigError("the warehouse has no tables, or no instruments in them: run `ticklake migrate` first")
        occupied = [row["NAME"] for row in self._warehouse.rows(STATEMENTS["occupied"], {"run_id": RUN}) if row["N"]]
        if occupied:
            raise ConfigError(f"{', '.join(occupied)} hold rows of others: restore into an empty database, or say --into-existing to add what the ledger lacks")

    def survey(self) -> lake.Survey:
        """What the lake holds, counted without a look at the warehouse."""
        return lake.survey(self._store, self._topic, (DAILY, MINUTES))

    def run(self, given_up: Sequence[GivenUp] = ()) -> RestoreReport:
        """Load all of it; objects of `given_up` that cannot be loaded are set aside again.

        Raises what loads raise: `Retry` when store or warehouse do not answer, after which it is to be run again.
        """
        self._began = self._clock.monotonic()
        # The cursor of the lost warehouse says that all is loaded.
        Cursor(self._store).forget()
        self._before = int(self._warehouse.rows(STATEMENTS["restored"])[0]["N"])
        self._wanted = self.survey().raw_objects
        loaded, aside = self._ticks(given_up)
        self._fence.hold(self._latest)
        batch = self._batch()
        self._told("analytics: all bars and figures again")
        self._refresh.run(full=True)
        return RestoreReport(
            loaded.objects,
            loaded.rows,
            loaded.winners,
            loaded.rejects,
            batch.objects,
            batch.rows,
            loaded.pending,
            loaded.stopped,
            aside,
            round(self._clock.monotonic() - self._began, 1),
        )

    def _ticks(self, given_up: Sequence[GivenUp]) -> tuple[LoadReport, list[str]]:
        """Load until nothing moves: what is set aside lets its partition go on."""
        total, aside = self._load.run(), list[str]()
        while moved := self._set_aside(total.stopped, [each for each in given_up if each.key not in aside]):
            aside += moved
            self._before += total.objects
            more = self._load.run()
            total = LoadReport(
                total.objects + more.objects, total.rows + more.rows, total.winners + more.winners, total.rejects + more.rejects, more.pending, more.stopped
            )
        return total, aside

    def _set_aside(self, stopped: Mapping[str, str], given_up: Sequence[GivenUp]) -> list[str]:
        keys: list[str] = []
        for each in given_up:
            if str(parse_key(each.key).partition) in stopped:
                with suppress(ChainBroken):  # its partition waits for another one
                    self._aside.set_aside(each.key, each.reason, each.last_offset)
                    keys.append(each.key)
        return keys

    def _latest(self) -> None:
        """The newest ticks again of symbols that have some in quarantine: a load takes the newest that arrived for one that may be it."""
        rows = self._warehouse.rows(STATEMENTS["quarantined_pairs"])
        pairs = {"pairs": json.dumps([{"symbol": row["SYMBOL"], "source": row["SOURCE"]} for row in rows])}
        self._warehouse.rows(self._settle["drop_latest"], pairs)
        times = [row["NEWEST"] for row in self._warehouse.rows(self._settle["newest"], pairs)]
        if times:
            bounds = {"dates": sorted({at.date() for at in times}), "settled": min(times), "newest": max(times)}
            self._warehouse.rows(self._statements["make_latest"], bounds)

    def _batch(self) -> Loaded:
        objects = rows = 0
        for kind, landing in self._feeds:
            for source, year in lake.years(self._store, kind):
                loaded = landing.load(source, year)
                objects, rows = objects + loaded.objects, rows + loaded.rows
                self._told(f"{kind.name} of {source}, {year}: {loaded.objects} objects, {loaded.rows} rows")
        return Loaded(objects, rows)

    def _progress(self, report: LoadReport) -> None:
        seconds = self._clock.monotonic() - self._began
        self._told(f"ticks: {self._before + report.objects} of {self._wanted} objects, {report.rows} rows, {seconds:.0f} s")
