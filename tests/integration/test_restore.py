"""The warehouse is lost and made again from the lake: every table is what it was, wherever the restore dies on its way."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.local.instance import BUCKET
from tests.fixtures import whole_warehouse as whole
from tests.fixtures.load_platform import LoadPlatform, load_platform
from tests.fixtures.services import settings as services_settings
from tests.integration.test_load_exactly_once import Killed, Mortal
from ticklake.clock import SystemClock
from ticklake.errors import BadObject, ConfigError
from ticklake.settings import Settings
from ticklake_airflow import backup_task, connections
from ticklake_airflow.restoring import backup, decisions, shelves
from ticklake_airflow.restoring.decisions import GivenUp
from ticklake_airflow.restoring.lake import Since
from ticklake_airflow.restoring.restore import Restore, RestoreReport
from ticklake_airflow.restoring.shelves import FolderShelf, StoreShelf
from ticklake_airflow.settling.checksum import Image
from ticklake_cli.backup import shelf
from ticklake_io.sql import Params
from ticklake_io.store import ObjectStore
from ticklake_io.warehouse import Row, SnowflakeWarehouse

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MADE_BY_LOADS = ("OPS.LOADS", "OPS.BATCH_LOADS", "OPS.QUARANTINE", "OPS.WATERMARKS", "OPS.BAR_CHANGES", "OPS.DAILY_INPUTS")
WITHIN_S = 120
Images = Mapping[str, Image]


class Before(NamedTuple):
    """A platform that is lost: its home, what its tables held, and where `ticklake backup` has kept what the lake does not hold."""

    home: Path
    images: Images
    kept_at: str


class Interrupted:
    """A session between whose statements somebody else adds a portfolio with a limit and a transaction."""

    def __init__(self, platform: LoadPlatform, other: SnowflakeWarehouse) -> None:
        self._platform, self._other, self.added = platform, other, 0

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        self.added += 1
        name, now = f"p{self.added}", "'2026-11-23 10:11:12'"
        with self._other.transaction():
            self._other.rows(f"INSERT INTO APP.PORTFOLIOS VALUES ('{name}', 'x', 'USD', NULL, FALSE, TRUE, TRUE, 'me', {now})")
            self._other.rows(f"INSERT INTO APP.LIMITS VALUES ('{name}', 'var', 0.1, NULL, 'me', {now})")
            self._other.rows(
                f"INSERT INTO APP.TRANSACTIONS VALUES ('t', '{name}', '', '2026-11-20', 'fee', NULL, NULL, NULL, 1, NULL, 0, 'USD', 1, NULL, '', '', {now}, 1)"
            )
        return self._platform.warehouse.rows(sql, params)


def finished(command: subprocess.Popen[str], status: int = 0) -> str:
    """What a command that ends with `status` prints; to standard error when it is no success."""
    out, error = command.communicate(timeout=WITHIN_S)
    assert command.returncode == status, error
    return error if status else out


def restore(platform: LoadPlatform, warehouse: SnowflakeWarehouse | None = None, store: ObjectStore | None = None) -> Restore:
    return Restore(
        store=store or platform.store,
        warehouse=warehouse or platform.warehouse,
        clock=SystemClock(),
        topic=whole.TOPIC,
        benchmark="SPY",
        fence_timeout_s=30,
        told=lambda _: None,
        round_objects=6,
    )


def whole_images(platform: LoadPlatform) -> Images:
    found = whole.images(platform, "RAW", "CURATED", "APP", "OPS")
    return {name: image for name, image in found.items() if not name.startswith("OPS.") or name in MADE_BY_LOADS}


def again(platform: LoadPlatform, kept: FolderShelf | StoreShelf, warehouse: SnowflakeWarehouse | None = None) -> RestoreReport:
    """What the command does with --app and --from-lake."""
    into = warehouse or platform.warehouse
    work = restore(platform, into)
    work.check_empty()
    found = backup.read(kept)
    backup.restore(into, found, lambda _: None)
    decisions.quarantine(into, backup.tables(into)[decisions.QUARANTINE], found[decisions.QUARANTINE])
    return work.run([GivenUp.of(row) for row in found[decisions.LEDGER]])


def clear(platform: LoadPlatform) -> None:
    """Lose all rows but reference data, and the cursor stays behind."""
    for name in whole.images(platform, "RAW", "CURATED", "APP", "OPS"):
        if name not in ("CURATED.INSTRUMENTS", "CURATED.SESSIONS", "OPS.CONTRACTS", "OPS.SCHEMA_HISTORY", "OPS.LOAD_LEASE"):
            platform.warehouse.rows(f"DELETE FROM {name}")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> FolderShelf:
    return FolderShelf(tmp_path_factory.mktemp("kept") / "backup")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, kept: FolderShelf) -> Before:
    """A platform that was in use, and is gone with its database; the lake is there."""
    home = tmp_path_factory.mktemp("restored")
    with load_platform(home) as platform:
        whole.refer(platform)
        whole.feed(platform, tmp_path_factory.mktemp("bars"))
        whole.land(platform, ["AIG", "IBM"], most=400, object_rows=150)
        platform.load(whole.TOPIC)
        whole.give_up(platform)
        whole.quarantine(platform)
        whole.use(platform)
        whole.refresh(platform)
        backup.write(platform.warehouse, kept, NOW)
        told = finished(platform.command("backup", "--to", f"s3://{BUCKET}/{shelves.DAILY}"))
        found = whole_images(platform)
        empty = {name for name, image in found.items() if not image.rows}
        assert empty <= {"CURATED.CORPORATE_ACTIONS", "OPS.BAR_CHANGES"}, empty
    whole.lose(home)
    return Before(home, found, told.splitlines()[0])


@pytest.fixture(scope="module")
def new(before: Before) -> Iterator[LoadPlatform]:
    """The same lake with a new, empty warehouse."""
    with load_platform(before.home) as platform:
        whole.refer(platform)
        yield platform


def test_every_table_is_what_it_was(before: Before, new: LoadPlatform, kept: FolderShelf) -> None:
    report = again(new, kept)
    assert whole_images(new) == before.images
    assert (report.pending, dict(report.stopped), len(report.set_aside)) == (0, {}, 1)
    assert report.rows == before.images["RAW.TICKS"].rows
    more = again(new, kept)
    assert (more.objects, more.batch_objects, whole_images(new)) == (0, 0, before.images)


@pytest.mark.parametrize("statements", [pytest.param(31, marks=pytest.mark.long), 90, pytest.param(150, marks=pytest.mark.long)])
def test_a_restore_that_died_is_gone_on_with(before: Before, new: LoadPlatform, kept: FolderShelf, statements: int) -> None:
    clear(new)
    mortal = Mortal(new.session(), statements, after=statements % 2 == 0)
    with pytest.raises(Killed):
        again(new, kept, mortal)
    mortal.close()
    again(new, kept)
    assert whole_images(new) == before.images


def test_without_a_backup_the_partition_of_a_bad_object_stops_and_the_rest_is_there(before: Before, new: LoadPlatform) -> None:
    clear(new)
    report = restore(new).run()
    assert len(report.stopped) == 1
    assert report.pending == 2
    found = whole_images(new)
    assert found["CURATED.DAILY_BARS"] == before.images["CURATED.DAILY_BARS"]
    assert found["CURATED.TICKS"].rows == before.images["CURATED.TICKS"].rows + 3


def test_only_what_arrived_since_a_day(new: LoadPlatform) -> None:
    clear(new)
    since = Since(new.store, date(2013, 10, 8))
    restore(new, store=since).run()
    days = new.warehouse.rows("SELECT DISTINCT TO_DATE(EVENT_TIME) AS DAY FROM CURATED.TICKS")
    assert [str(row["DAY"]) for row in days] == ["2013-10-08"]
    assert set(restore(new, store=since).survey().raw) < set(restore(new).survey().raw)


def test_a_warehouse_that_others_load_into_is_refused(new: LoadPlatform, kept: FolderShelf) -> None:
    clear(new)
    new.store.write("state/load_ticks.json", b"")
    new.load(whole.TOPIC)
    with pytest.raises(ConfigError, match=r"OPS\.LOADS hold rows of others"):
        restore(new).check_empty()
    found = backup.read(kept)[decisions.QUARANTINE]
    with pytest.raises(ConfigError, match="loaded already"):
        decisions.quarantine(new.warehouse, backup.tables(new.warehouse)[decisions.QUARANTINE], found)


def test_a_backup_is_whole_or_none(new: LoadPlatform, kept: FolderShelf, tmp_path: Path) -> None:
    clear(new)
    backup.restore(new.warehouse, backup.read(kept), lambda _: None)
    place = f"s3://{new.store._bucket}/backups/one"  # type: ignore[attr-defined]
    assert isinstance(shelf(place, Settings.model_construct(s3_endpoint=None, s3_region="us-east-1")), StoreShelf)
    other = StoreShelf(new.store, "backups/one")
    first, second = backup.write(new.warehouse, other, NOW), backup.write(new.warehouse, FolderShelf(tmp_path), NOW)
    assert first == second, "equal rows are equal files"
    assert {name: rows for name, rows in backup.read(other).items() if name.startswith("APP.")} == {
        name: rows for name, rows in backup.read(kept).items() if name.startswith("APP.")
    }
    with pytest.raises(ConfigError, match="never writes over another"):
        backup.write(new.warehouse, other, NOW)
    new.warehouse.rows("UPDATE APP.PORTFOLIOS SET NAME = 'other'")
    with pytest.raises(ConfigError, match=r"APP\.PORTFOLIOS hold other rows"):
        backup.restore(new.warehouse, backup.read(kept), lambda _: None)
    (tmp_path / "APP.LIMITS.parquet").write_bytes(b"")
    with pytest.raises(BadObject, match="not those that were written"):
        backup.read(FolderShelf(tmp_path))
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ConfigError, match="name the folder of one backup"):
        backup.read(FolderShelf(tmp_path))


def test_a_backup_is_of_one_moment_whoever_writes_meanwhile(new: LoadPlatform, tmp_path: Path) -> None:
    clear(new)
    with closing(new.session()) as other:
        interrupted = Interrupted(new, other)
        backup.write(interrupted, FolderShelf(tmp_path), NOW)  # type: ignore[arg-type]
    found = backup.read(FolderShelf(tmp_path))
    portfolios = {row["PORTFOLIO_ID"] for row in found["APP.PORTFOLIOS"]}
    assert len(portfolios) == interrupted.added
    assert portfolios == {row["PORTFOLIO_ID"] for row in found["APP.LIMITS"]} == {row["PORTFOLIO_ID"] for row in found["APP.TRANSACTIONS"]}


def test_the_daily_backup_lies_where_the_monitor_and_a_restore_look(new: LoadPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    clear(new)
    whole.use(new)
    monkeypatch.setattr(connections, "warehouse", lambda _: new.session())
    monkeypatch.setattr(connections, "store", lambda _: new.store)
    report = backup_task.backup_decisions(services_settings(s3_bucket=BUCKET), "scheduled")
    age = SystemClock().now() - (shelves.newest(new.store) or NOW)
    assert 0 <= age.total_seconds() < WITHIN_S
    assert report["rows"]["APP.ALERTS"] == 2
    found = backup.read(StoreShelf(new.store, report["place"].removeprefix(f"s3://{BUCKET}/")))
    assert {name: len(rows) for name, rows in found.items()} == report["rows"]


def test_the_commands_bring_back_what_a_command_has_kept(before: Before, new: LoadPlatform) -> None:
    clear(new)
    surveyed = json.loads(finished(new.command("restore", "--from-lake", "--dry-run", "--json")))
    assert sum(each["objects"] for each in surveyed["raw"].values()) == before.images["OPS.LOADS"].rows
    assert whole_images(new)["RAW.TICKS"].rows == 0
    asked = ("restore", "--from-lake", "--app", before.kept_at, "--json")
    killed = new.command(*asked)
    assert killed.stderr
    for line in killed.stderr:
        if line.startswith("decisions: "):
            break
    killed.kill()
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    report = json.loads(finished(new.command(*asked)))
    assert whole_images(new) == before.images
    assert (report["pending"], report["stopped"]) == (0, {})
    assert report["checksums"]["CURATED.TICKS"]["rows"] == before.images["CURATED.TICKS"].rows
    assert finished(new.command("restore", "--app", before.kept_at)) == "", "what is there already stays as it is"
    new.warehouse.rows("UPDATE APP.PORTFOLIOS SET NAME = 'other'")
    assert "restore: APP.PORTFOLIOS hold other rows than the backup" in finished(new.command("restore", "--app", before.kept_at), 2)
    assert "no manifest.json lies there" in finished(new.command("restore", "--app", before.kept_at + "x"), 2)


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_both_real_days_come_back_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with load_platform(tmp_path) as platform:
        whole.refer(platform)
        count = whole.land(platform, ["AIG", "BAC", "IBM", "SPY"], object_rows=20_000, repeats=False)
        platform.load(whole.TOPIC)
        whole.refresh(platform)
        found = whole.images(platform, "RAW", "CURATED")
        assert found["CURATED.TICKS"].rows == count
    whole.lose(tmp_path)
    with load_platform(tmp_path) as platform:
        whole.refer(platform)
        report = restore(platform).run()
        assert whole.images(platform, "RAW", "CURATED") == found
    with capsys.disabled():
        print(f"\n{report.rows} rows in {report.seconds} s, {report.rows / report.seconds:.0f} rows/s")
