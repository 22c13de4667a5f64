"""What follows from a load: bars made again, analytics brought up to them, and the account of it all. Without Airflow, on a real warehouse and store."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.instance import BUCKET
from tests.bench.growth import patient
from tests.bench.history import History, fill, midnight_before, put_objects
from tests.bench.results import record
from tests.bench.topics import PARTITIONS, SYMBOLS
from tests.fixtures.load_platform import STATEMENTS, LoadPlatform, load_platform
from ticklake.clock import SystemClock
from ticklake.lake import Partition
from ticklake_airflow.analytics.refresh import Refresh
from ticklake_airflow.settling.bars import Bars
from ticklake_airflow.statements import SQL_FOLDER
from ticklake_cli import facts, verify
from ticklake_io.sql import Statements

_CHANGED = """INSERT INTO OPS.BAR_CHANGES (SYMBOL, SOURCE, BAR_START, MERGE_ID)
SELECT SYMBOL, SOURCE, BAR_START, :merge_id FROM CURATED.BARS_1M"""


def measure_rebuild(folder: Path, ticks: int = 5_000_000) -> None:
    """The bars of so many ticks, a thousand a second of a hundred symbols, made again as settle_ticks does."""
    history = History("ticks", midnight_before(datetime.now(UTC), timedelta(hours=2)), ticks)
    with _holding(folder / "rebuild", history) as platform, closing(patient(platform)) as warehouse:
        params = {"merge_id": str(uuid.uuid4())}
        warehouse.rows(_CHANGED, params)
        began = time.monotonic()
        with warehouse.transaction():
            changed = Bars(warehouse, STATEMENTS, Statements(SQL_FOLDER / "settle_ticks"), params).make()
        took = time.monotonic() - began
    if changed:
        raise RuntimeError(f"{len(changed)} bars were made otherwise: {changed[0]}")
    record("rebuild_bars_5m_ticks", round(took, 1), "s")


def measure_analytics(folder: Path, minutes: int = 24 * 60) -> None:
    """A refresh that finds a day of new minute bars of a hundred symbols."""
    begin = midnight_before(datetime.now(UTC), timedelta(days=1))
    history = History("ticks", begin, minutes * SYMBOLS, timedelta(minutes=1) / SYMBOLS, object_rows=SYMBOLS)
    with _holding(folder / "analytics", history) as platform, closing(patient(platform)) as warehouse:
        warehouse.rows(_CHANGED, {"merge_id": str(uuid.uuid4())})
        statements = Statements(SQL_FOLDER / "refresh_analytics")
        began = time.monotonic()
        report = Refresh(warehouse, statements, SystemClock(), benchmark="SYM000", gap_s=0, run_id="bench").run()
        took = time.monotonic() - began
    if report.minutes != minutes * SYMBOLS:
        raise RuntimeError(f"not every minute was taken up: {report}")
    record("analytics_refresh_100_symbols", round(took, 1), "s")


def measure_verify(folder: Path, objects: int = 100_000) -> None:
    """What `ticklake verify` asks and judges, of so many objects of ten ticks; the committed offsets are given, there is no broker."""
    rows = 10
    history = History("ticks", midnight_before(datetime.now(UTC), timedelta(hours=2)), objects * rows, object_rows=rows)
    with _holding(folder / "verify", history, objects=True) as platform, closing(patient(platform)) as warehouse:
        committed = {Partition(1, number): history.partition_end(number) for number in range(PARTITIONS)}
        began = time.monotonic()
        tables = facts.tables(warehouse, facts.BEGINNING)
        verdict = verify.judge(platform.store, history.topic, committed, tables, facts.BEGINNING, SystemClock().now(), timedelta(minutes=2))
        took = time.monotonic() - began
    if not verdict.ok or verdict.lake != history.ticks:
        raise RuntimeError(f"{verdict.lake} records in the lake, {len(verdict.mismatches)} mismatches: {verdict.mismatches[:3]}")
    record("verify_100k_objects", round(took, 1), "s")


@contextmanager
def _holding(home: Path, history: History, *, objects: bool = False) -> Iterator[LoadPlatform]:
    """A platform that holds a history; with `objects`, its store does, too."""
    with load_platform(home):
        pass
    fill(home, history)
    if objects:
        put_objects(home, BUCKET)
    with load_platform(home) as platform:
        yield platform
