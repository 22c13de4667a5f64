"""The tables of earlier releases, with data in them, brought to this one: no row is lost, and the product works on."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.fixtures import whole_warehouse as whole
from tests.fixtures.load_platform import STATEMENTS, LoadPlatform, load_platform
from ticklake.clock import SystemClock
from ticklake_airflow.restoring import rows
from ticklake_airflow.restoring.restore import Restore
from ticklake_airflow.restoring.rows import Texts
from ticklake_airflow.settling import checksum
from ticklake_airflow.settling.checksum import Column, Image
from ticklake_airflow.settling.model import Hour
from ticklake_airflow.settling.settle import Settle
from ticklake_io.migrations import FOLDER, migrate, versioned

RELEASED = {
    "V1.0.0__schemas.sql": "d0c88c7dba148e83",
    "V1.1.0__raw.sql": "b81796461840b7e8",
    "V1.2.0__curated.sql": "6aee5d3fa1ac0b75",
    "V1.3.0__ops.sql": "72bc428d9f09bfc5",
    "V1.4.0__checked.sql": "7a702612a5718ddc",
    "V1.5.0__batch.sql": "7174715e6ab538f1",
    "V1.6.0__analytics.sql": "1f97d58ab3630d49",
    "V1.7.0__quality.sql": "d3d36cb473d3cb8b",
    "V1.8.0__metrics.sql": "fc37c5b13ea4d6a4",
    "V1.9.0__primary.sql": "d50ff45b16267fdf",
}
"""Scripts of releases that somebody runs, and how their SHA-256 begin: they can never change again."""
RELEASES = {"0.1.0": "V1.3.0__ops.sql", "before the pages": "V1.9.0__primary.sql"}
"""The last script of each release that an upgrade may begin at."""
SCHEMAS = ("RAW", "CURATED", "OPS", "APP")
KEPT_BY_SCRIPTS = ("OPS.SCHEMA_HISTORY", "OPS.LOAD_LEASE")

Tables = Mapping[str, list[Column]]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("upgraded")) as ready:
        yield ready


def tables(platform: LoadPlatform) -> Tables:
    return checksum.tables(platform.warehouse, whole.SETTLE, SCHEMAS)


def images(platform: LoadPlatform, columns: Tables) -> dict[str, Image]:
    """Of the tables and columns that an earlier release knows."""
    return {name: checksum.image(platform.warehouse, whole.SETTLE, name, some) for name, some in columns.items() if name not in KEPT_BY_SCRIPTS}


def drop(platform: LoadPlatform) -> None:
    for schema in SCHEMAS:
        platform.warehouse.rows(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@pytest.fixture(scope="module")
def used(platform: LoadPlatform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Texts]]:
    """All rows of a warehouse that was in use."""
    whole.refer(platform)
    whole.feed(platform, tmp_path_factory.mktemp("bars"))
    whole.land(platform, ["AIG", "IBM"], most=300, object_rows=150)
    platform.load(whole.TOPIC)
    whole.refresh(platform)
    return {name: rows.stored(platform.warehouse, name, columns) for name, columns in tables(platform).items()}


@pytest.mark.parametrize("release", RELEASES)
def test_an_upgrade_keeps_every_row_and_the_product_works_on(platform: LoadPlatform, used: dict[str, list[Texts]], release: str, tmp_path: Path) -> None:
    drop(platform)
    names = [script.name for script in versioned()]
    old = names[: names.index(RELEASES[release]) + 1]
    for name in (*old, *(each.name for each in FOLDER.glob("A__*.sql"))):
        shutil.copy(FOLDER / name, tmp_path)
    migrate(platform.warehouse, SystemClock(), "ticklake", tmp_path)
    known = tables(platform)
    for name, columns in known.items():
        if name not in KEPT_BY_SCRIPTS:
            rows.insert(platform.warehouse, name, columns, used[name])
    before = images(platform, known)
    assert before["CURATED.TICKS"].rows == 4 * 300

    ran = migrate(platform.warehouse, SystemClock(), "ticklake")
    assert [name for name in ran if name in names] == names[len(old) :]
    assert images(platform, known) == before

    whole.refer(platform)
    platform.load(whole.TOPIC)
    keys = platform.warehouse.rows("SELECT OBJECT_KEY FROM OPS.LOADS")
    for hour in sorted({Hour.of(row["OBJECT_KEY"]) for row in keys}):
        settle = Settle(
            store=platform.store,
            warehouse=platform.warehouse,
            clock=SystemClock(),
            load=STATEMENTS,
            settle=whole.SETTLE,
            topic=whole.TOPIC,
            run_id="upgrade",
            fence_timeout_s=30,
        )
        report = settle.hour(hour, rebuild=True)
        assert (report.differences, report.unsettled) == ({}, [])
    restore = Restore(
        store=platform.store,
        warehouse=platform.warehouse,
        clock=SystemClock(),
        topic=whole.TOPIC,
        benchmark="SPY",
        fence_timeout_s=30,
        told=lambda _: None,
    )
    restore.run()  # what the older release had no tables for
    upgraded = whole.images(platform, "RAW", "CURATED")
    drop(platform)
    migrate(platform.warehouse, SystemClock(), "ticklake")
    whole.refer(platform)
    restore.run()
    assert upgraded == whole.images(platform, "RAW", "CURATED"), "an upgraded warehouse is what a new one is"


@pytest.mark.parametrize("name", RELEASED)
def test_a_released_script_is_what_it_was(name: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest().startswith(RELEASED[name])
