"""An object that cannot be loaded is given up and loaded after all: nothing is lost, doubled or uncounted. On a real store and warehouse."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fixtures.load_platform import STATEMENTS, Committed, LoadPlatform, Partition, Value, load_platform
from tests.fixtures.services import HOST, settings
from ticklake import lake
from ticklake.clock import SystemClock
from ticklake.errors import BadObject, ChainBroken, LoadMismatch
from ticklake.reconcile import Verdict
from ticklake.tick import Tick, encode
from ticklake_airflow.loading.fence import Fence
from ticklake_airflow.loading.load import Load
from ticklake_airflow.loading.model import LoadReport
from ticklake_airflow.loading.setting_aside import SetAside
from ticklake_cli import facts, main, verify

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON_MS = lake.to_ms(NOON)
_topics = (f"aside-{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("aside")) as ready:
        yield ready


def record(n: int) -> Value:
    at = NOON + timedelta(seconds=n)
    return b"A", encode(
        Tick(tick_id=f"t-{n}", symbol="A", kind="trade", event_time=at, received_at=at, price="1.5", source="replay", feed="replay", sequence=0, size=1)
    )


@dataclass
class World:
    """A partition of three objects, the second of which can be damaged: offsets 0-1, 2-3 and 4-6; t-3 is in the last two."""

    platform: LoadPlatform
    topic: str = field(default_factory=lambda: next(_topics))

    def __post_init__(self) -> None:
        self.platform.empty()
        self.partition = Partition(self.platform.store, self.topic, 0)
        landed = [self.partition.land([record(n) for n in events], NOON_MS) for events in ((0, 1), (2, 3), (3, 4, 5))]
        self.keys = [key for key, _ in landed]
        self.bad = self.keys[1]
        self.headers = landed[1][1].headers()
        self.body = self.platform.store.read(self.bad) or b""

    def put(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        client: Any = self.platform.store._client  # type: ignore[attr-defined]
        client.put_object(Bucket="ticklake", Key=self.bad, Body=body, Metadata=self.headers if headers is None else headers)

    def remove(self, key: str) -> None:
        self.platform.store._client.delete_object(Bucket="ticklake", Key=key)  # type: ignore[attr-defined]

    def load(self, after_s: float = 0) -> LoadReport:
        with closing(self.platform.session()) as session:
            return Load(
                store=self.platform.store,
                warehouse=session,
                committed=Committed({0: self.partition.end}),
                clock=SystemClock(),
                statements=STATEMENTS,
                topic=self.topic,
                run_id="test",
                fence_timeout_s=30,
                set_aside_after_s=after_s,
            ).run()

    def aside(self) -> SetAside:
        fence = Fence(self.platform.warehouse, STATEMENTS, SystemClock(), "test", 30)
        return SetAside(self.platform.store, self.platform.warehouse, fence, STATEMENTS, SystemClock(), "test")

    def verdict(self) -> Verdict:
        tables = facts.tables(self.platform.warehouse, facts.BEGINNING)
        committed = {lake.Partition(1, 0): self.partition.end}
        return verify.judge(self.platform.store, self.topic, committed, tables, facts.BEGINNING, SystemClock().now(), timedelta(minutes=2), deep=True)

    def ticks(self) -> list[tuple[str, int]]:
        rows = self.platform.warehouse.rows("SELECT TICK_ID, OFFSET_ID FROM CURATED.TICKS ORDER BY TICK_ID")
        return [(row["TICK_ID"], row["OFFSET_ID"]) for row in rows]

    def assert_stopped(self, says: str) -> None:
        report = self.load()
        assert says in report.stopped["g1/p0"]
        assert self.ticks() == [("t-0", 0), ("t-1", 1)]

    def assert_given_up(self) -> None:
        assert dict(self.load().stopped) == {}
        assert self.ticks() == [("t-0", 0), ("t-1", 1), ("t-3", 4), ("t-4", 5), ("t-5", 6)]
        verdict = self.verdict()
        assert (verdict.mismatches, verdict.lake, verdict.ledger, verdict.raw, verdict.rejected) == ([], 7, 7, 5, 2)
        assert self.platform.warehouse.rows("SELECT NEXT_OFFSET FROM OPS.WATERMARKS") == [{"NEXT_OFFSET": 7}]

    def assert_complete(self) -> None:
        assert self.ticks() == [("t-0", 0), ("t-1", 1), ("t-2", 2), ("t-3", 3), ("t-4", 5), ("t-5", 6)]
        verdict = self.verdict()
        assert (verdict.mismatches, verdict.raw, verdict.rejected, verdict.duplicates) == ([], 7, 0, 1)
        assert self.platform.warehouse.rows("SELECT SUM(TRADES) AS N FROM CURATED.BARS_1M") == [{"N": 6}]
        assert self.platform.warehouse.rows("SELECT NEXT_OFFSET FROM OPS.WATERMARKS") == [{"NEXT_OFFSET": 7}]
        assert self.load().objects == 0


@pytest.fixture
def world(platform: LoadPlatform) -> World:
    return World(platform)


def no_records(world: World) -> dict[str, str]:
    return {name: value for name, value in world.headers.items() if name != "records"}


def test_a_truncated_object_is_given_up_and_loaded_once_it_is_whole(world: World) -> None:
    world.put(world.body[:-20])
    world.assert_stopped(world.bad)
    world.aside().set_aside(world.bad, "truncated")
    world.assert_given_up()
    with pytest.raises(LoadMismatch):
        world.aside().retry(world.bad)
    world.assert_given_up()
    world.put(world.body)
    merged = world.aside().retry(world.bad)
    assert (merged.rows, merged.winners) == (2, 1)
    world.assert_complete()


def test_an_object_of_another_schema_is_given_up(world: World) -> None:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({"SOMETHING": [1, 2]}), sink)
    world.put(sink.getvalue())
    world.assert_stopped(world.bad)
    world.aside().set_aside(world.bad, "another schema")
    world.assert_given_up()


def test_an_object_whose_metadata_is_lost_is_told_by_the_one_after_it(world: World) -> None:
    world.put(world.body, no_records(world))
    world.assert_stopped("its metadata is malformed")
    given_up = world.aside().set_aside(world.bad, "no metadata")
    assert (given_up.first_offset, given_up.end, given_up.meta.records) == (2, 4, 2)
    world.assert_given_up()
    with pytest.raises(BadObject):
        world.aside().retry(world.bad)
    world.put(world.body)
    world.aside().retry(world.bad)
    world.assert_complete()


def test_an_object_that_vanished_is_given_up_and_comes_back(world: World) -> None:
    world.remove(world.bad)
    world.assert_stopped("continues offset 4, but the object before it ends at 2")
    world.aside().set_aside(world.bad, "deleted by somebody")
    world.assert_given_up()
    world.put(world.body)
    world.aside().retry(world.bad)
    world.assert_complete()


def test_a_vanished_last_object_stops_its_partition_too_and_its_end_must_be_said(world: World) -> None:
    world.remove(world.keys[2])
    world.load()
    report = world.load()
    assert report.stopped == {"g1/p0": "g1/p0: offset 7 is committed, but the lake ends at 4"}
    with pytest.raises(ChainBroken, match="say its last offset"):
        world.aside().set_aside(world.keys[2], "gone")
    world.aside().set_aside(world.keys[2], "gone", last_offset=6)
    assert dict(world.load().stopped) == {}
    assert (world.verdict().mismatches, world.verdict().rejected) == ([], 3)


def test_only_the_object_that_its_partition_waits_for_can_be_given_up(world: World) -> None:
    world.put(world.body[:-20])
    world.load()
    for key, says in ((world.keys[0], "is at offset 2 already"), (world.keys[2], "continues offset 4")):
        with pytest.raises(ChainBroken, match=says):
            world.aside().set_aside(key, "why not")
    with pytest.raises(ChainBroken, match="is MERGED, not SET_ASIDE"):
        world.aside().retry(world.keys[0])
    with pytest.raises(BadObject):
        world.aside().set_aside("batch/x.parquet", "why not")


@pytest.mark.parametrize("damage", ["truncated", "no metadata", "vanished"])
def test_what_has_been_bad_for_too_long_is_given_up_by_the_load_itself(world: World, damage: str) -> None:
    if damage == "vanished":
        world.remove(world.bad)
    elif damage == "truncated":
        world.put(world.body[:-20])
    else:
        world.put(world.body, no_records(world))
    assert (world.load(after_s=3600).set_aside, world.load().set_aside) == ((), ())
    report = world.load(after_s=0.001)
    assert (report.set_aside, dict(report.stopped)) == ((world.bad,), {})
    world.assert_given_up()
    (row,) = world.platform.warehouse.rows("SELECT OBJECT_KEY, SET_ASIDE_REASON FROM OPS.LOADS WHERE STATE = 'SET_ASIDE'")
    assert row["OBJECT_KEY"] == world.bad
    assert row["SET_ASIDE_REASON"]


def ticklake(monkeypatch: pytest.MonkeyPatch, platform: LoadPlatform, arguments: Sequence[str]) -> int:
    place = settings(
        s3_endpoint=platform.store._client.meta.endpoint_url,  # type: ignore[attr-defined]
        s3_bucket="ticklake",
        warehouse_account="ticklake",
        warehouse_user="ticklake",
        warehouse_password="ticklake",
        warehouse_host=HOST,
        warehouse_port=platform.local.arguments()["port"],
    )
    monkeypatch.setattr("sys.argv", ["ticklake", "loads", *arguments])
    monkeypatch.setattr(main, "_enter_instance", lambda: None)
    monkeypatch.setattr(main.ticklake_settings, "load", lambda: place)
    return main.main()


def test_the_command_lists_gives_up_and_retries(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    world.put(world.body[:-20])
    world.load()
    assert ticklake(monkeypatch, world.platform, ["retry", world.bad]) == 1
    assert ticklake(monkeypatch, world.platform, ["set-aside", world.bad, "--reason", "it's cut off"]) == 0
    assert capsys.readouterr().out == f"{world.bad}: 2 records, offsets 2 to 3, are set aside; its partition goes on\n"
    assert ticklake(monkeypatch, world.platform, ["list", "--state", "SET_ASIDE"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(f"SET_ASIDE        2 records      0 rejected  {world.bad}  it's cut off")
    assert ticklake(monkeypatch, world.platform, ["retry", world.bad]) == 1
    assert capsys.readouterr().out.endswith("it stays set aside\n")
    world.put(world.body)
    world.load()
    assert ticklake(monkeypatch, world.platform, ["retry", world.bad]) == 0
    assert capsys.readouterr().out == f"{world.bad}: 2 rows loaded, 1 new ticks, 0 in quarantine\n"
    world.assert_complete()
    assert ticklake(monkeypatch, world.platform, ["list", "--limit", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
