"""Hours, portions, ranges and what the history command prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.fakes.memory_store import MemoryStore
from tests.fixtures.load_platform import Partition
from ticklake import lake
from ticklake.errors import ConfigError, LoadMismatch
from ticklake_airflow.settle_task import judge
from ticklake_airflow.settling.checksum import Column, image_of, row_text
from ticklake_airflow.settling.inventory import Evidence, Stocktaker
from ticklake_airflow.settling.model import Difference, Hour, counted
from ticklake_airflow.settling.settle import _portions
from ticklake_airflow.settling.strays import _ranges
from ticklake_cli.history import Arrival, adjoining, backfill

START = datetime(2026, 11, 23, 14, tzinfo=UTC)
HOUR = Hour(START)
P0 = lake.Partition(1, 0)
COLUMNS = [Column("OFFSET_ID", "NUMBER", 0), Column("SYMBOL", "TEXT", 0)]


def test_an_hour_is_read_and_written() -> None:
    assert Hour.parse("2026-11-23T14") == HOUR == Hour.of(lake.object_key("t", P0, 7, lake.to_ms(START + timedelta(minutes=59))))
    assert str(HOUR) == "2026-11-23T14"
    assert HOUR.prefix("t", P0) == "raw/t/g1/p0/dt=2026-11-23/hour=14/"
    assert HOUR.pattern("t") == "raw/t/g%/p%/dt=2026-11-23/hour=14/%"
    with pytest.raises(ConfigError, match="yesterday"):
        Hour.parse("yesterday")


def inventory(store: MemoryStore, landed: int) -> list[Evidence]:
    partition = Partition(store, "t", 0)
    for _ in range(landed):
        partition.land([(b"A", b"{}")] * 3, lake.to_ms(START))
    taken = Stocktaker(store, "t", COLUMNS).take(HOUR, {}, {P0: partition.end})
    assert (taken.unsettled, taken.pending) == ([], 0)
    return taken.objects


def test_the_objects_of_an_hour_come_in_order_with_what_they_hold() -> None:
    objects = inventory(MemoryStore(), 3)
    assert [each.landed.first_offset for each in objects] == [0, 3, 6]
    assert [each.image.rows for each in objects] == [3, 3, 3]
    assert all(each.merge_id is None for each in objects)
    assert len({each.image.checksum for each in objects}) == 3


def test_what_is_not_merged_yet_is_pending() -> None:
    store = MemoryStore()
    partition = Partition(store, "t", 0)
    for _ in range(2):
        partition.land([(b"A", b"{}")], lake.to_ms(START))
    taken = Stocktaker(store, "t", COLUMNS).take(HOUR, {}, {P0: 1})
    assert ([each.landed.first_offset for each in taken.objects], taken.pending) == ([0], 1)


def test_portions_are_bounded_and_an_object_is_never_divided() -> None:
    objects = inventory(MemoryStore(), 5)
    assert [len(some) for some in _portions(objects, 6)] == [2, 2, 1]
    assert [len(some) for some in _portions(objects, 1)] == [1] * 5
    assert list(_portions([], 6)) == []


def test_objects_that_adjoin_are_one_range() -> None:
    first, second, third = inventory(MemoryStore(), 3)
    place = {"generation": 1, "partition_id": 0}
    assert _ranges([first, second]) == [{**place, "first_offset": 0, "last_offset": 5}]
    assert _ranges([first, third]) == [{**place, "first_offset": 0, "last_offset": 2}, {**place, "first_offset": 6, "last_offset": 8}]


def test_a_checksum_depends_on_rows_and_not_on_their_order() -> None:
    columns = [Column("A", "NUMBER", 8), Column("B", "TEXT", 0)]
    prices = pa.array([Decimal("0.00000001"), Decimal("1.5"), None], pa.decimal128(20, 8))
    table = pa.table({"a": prices, "B": ["x", None, "y"]})
    image = image_of(table, columns)
    assert image.rows == 3
    assert image_of(table.take([2, 0, 1]), columns) == image
    assert image_of(table.take([0, 0, 1]), columns).checksum != image.checksum
    assert image_of(pa.table({"a": prices, "B": ["x", "", "y"]}), columns).checksum != image.checksum
    assert image_of(table.drop_columns(["B"]), columns).checksum == image_of(pa.table({"a": prices, "b": pa.nulls(3, pa.string())}), columns).checksum


def test_the_text_of_a_row_is_that_of_its_columns() -> None:
    assert row_text(COLUMNS) == """COALESCE(CAST("OFFSET_ID" AS VARCHAR), '<null>') || '|' || COALESCE(CAST("SYMBOL" AS VARCHAR), '<null>')"""


def test_differences_are_counted_by_table() -> None:
    assert counted([Difference("B", "x", "gone", 3), Difference("A", "y", "gone"), Difference("B", "z", "gone")]) == {"A": 1, "B": 4}


@pytest.mark.parametrize(
    ("report", "named"),
    [
        ({"unsettled": ["raw/t/x: was replaced"], "pending": 0, "stopped": []}, "2026-11-23T14.*raw/t/x"),
        ({"unsettled": [], "pending": 2, "stopped": ["raw/t/y: is no Parquet"]}, "2 objects of 2026-11-23T14.*raw/t/y"),
        ({"unsettled": [], "pending": 2, "stopped": []}, None),
        ({"unsettled": [], "pending": 0, "stopped": ["raw/t/y: of another hour"]}, None),
    ],
)
def test_what_cannot_be_settled_fails_the_run_by_name(report: dict[str, Any], named: str | None) -> None:
    told = report | {"hour": "2026-11-23T14"}
    if named is None:
        judge(told)
        return
    with pytest.raises(LoadMismatch, match=named):
        judge(told)


def test_hours_that_adjoin_are_one_backfill() -> None:
    hours = [Arrival(Hour(START + timedelta(hours=n))) for n in (0, 1, 3)]
    assert [len(some) for some in adjoining(hours)] == [2, 1]
    command = backfill(HOUR, Hour(START + timedelta(hours=1)))
    assert command[command.index("--from-date") + 1] == "2026-11-23T14:00:00+00:00"
    assert command[command.index("--to-date") + 1] == "2026-11-23T15:00:00+00:00"
    assert command[-1] == '{"rebuild": true}'
