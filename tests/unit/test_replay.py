"""The replay of files: every good row once, every bad line named, and no event in the future."""

from __future__ import annotations

import csv
import gzip
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.producer.ordinals import Ordinals
from streaming.producer.source import Request, create
from streaming.producer.sources.replay import check
from streaming.producer.sources.replay.rows import COLUMNS, Row
from tests.fakes.clock import ManualClock
from tests.fixtures import services
from ticklake.columns import decode
from ticklake.errors import BadLine, ConfigError
from ticklake.instruments import Instrument, Instruments
from ticklake.tick import Tick, encode

DATA = Path(os.environ.get("TICKLAKE_TEST_DATA", "../shared/data"))
HEADER = ",".join(COLUMNS)
LISTED = Instruments((Instrument(symbol="BRK.B", name="Berkshire", primary="replay", aliases={"replay": "BRK/B"}),))
GOOD = "A,2013-10-07T14:00:0{}.000Z,10.0{},100,Q,1"


def written(path: Path, *lines: str, header: str = HEADER, name: str = "trades.csv") -> Path:
    file = path / name
    file.write_text("\n".join((header, *lines, "")), encoding="utf-8")
    return file


def replayed(file: Path, clock: ManualClock | None = None, **request: object) -> list[Tick | BadLine]:
    own = clock or ManualClock()

    def wait(seconds: float) -> bool:
        own.advance(seconds)
        return False

    asked = Request(**({"file": file, "speed": math.inf} | request))  # type: ignore[arg-type]
    return list(create("replay", asked, services.settings(), LISTED, own).ticks(wait))


def good(items: list[Tick | BadLine]) -> list[Tick]:
    return [item for item in items if isinstance(item, Tick)]


def bad(items: list[Tick | BadLine]) -> list[tuple[int, str]]:
    return [(item.line, item.reason) for item in items if isinstance(item, BadLine)]


def rejects(ticks: list[Tick]) -> int:
    reasons = decode([tick.symbol.encode() for tick in ticks], [encode(tick) for tick in ticks]).reasons
    return len(reasons) - reasons.null_count


def test_a_real_day_of_ibm_has_every_trade_once_and_no_reject() -> None:
    file = DATA / "us_trades_2013-10-07_IBM.csv.gz"
    if not file.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"{file} is not there")
    ticks = good(replayed(file))
    assert len({tick.tick_id for tick in ticks}) == len(ticks) == 24_293
    assert rejects(ticks) == 0
    assert len({(tick.event_time, tick.sequence) for tick in ticks}) == len(ticks)


def test_a_bad_line_is_named_as_an_editor_counts_and_the_rest_is_replayed(tmp_path: Path) -> None:
    lines = [GOOD.format(i, i) for i in range(4)]
    items = replayed(written(tmp_path, *lines, "XTEST,yesterday,ten,many,Q,1", GOOD.format(5, 5)))
    assert len(good(items)) == 5
    assert [line for line, _ in bad(items)] == [6]
    assert str(next(item for item in items if isinstance(item, BadLine))).endswith(
        "trades.csv, line 6: price 'ten' is not a decimal above 0 and below 10^12 with at most 8 decimals"
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A,2013-10-07T14:00:00Z,1.0", "3 fields where the header has 6"),
        ('A,"2013-10-07T14:00:00Z,1.0,1,Q,1', "unexpected end of data"),
        ("A,2013-10-07T14:00:00,1.0,1,Q,1", "no time zone"),
        ("A,0001-01-01T00:00:00+05:00,1.0,1,Q,1", "date value out of range"),
        ("A,1969-12-31T23:59:59.999Z,1.0,1,Q,1", "is not from 1970 to 2199"),
        ("A,2199-12-31T23:59:59-05:00,1.0,1,Q,1", "is not from 1970 to 2199"),
        ("A,9999-12-31T23:59:00Z,1.0,1,Q,1", "is not from 1970 to 2199"),
        ("A,2013-10-07T14:00:00Z,0.00,1,Q,1", "price '0.00'"),
        ("A,2013-10-07T14:00:00Z,NaN,1,Q,1", "price 'NaN'"),
        ("A,2013-10-07T14:00:00Z,1.0,-1,Q,1", "size '-1'"),
        ("A,2013-10-07T14:00:00Z,1.0,9223372036854775808,Q,1", "size '9223372036854775808'"),
        (",2013-10-07T14:00:00Z,1.0,1,Q,1", "symbol is empty"),
        (f"A,2013-10-07T14:00:00Z,1.0,1,Q,{'x' * 129}", "conditions is longer than 128"),
    ],
)
def test_a_bad_line_says_why(tmp_path: Path, line: str, reason: str) -> None:
    items = replayed(written(tmp_path, GOOD.format(1, 1), line, GOOD.format(2, 2)))
    assert len(good(items)) == 2
    [(number, told)] = bad(items)
    assert number == 3
    assert reason in told


def test_bytes_that_are_no_utf8_spoil_their_line_only(tmp_path: Path) -> None:
    file = tmp_path / "trades.csv"
    file.write_bytes(f"{HEADER}\n".encode() + b"A,2013-10-07T14:00:00Z,1.0,1,Q,\xff\n" + GOOD.format(1, 1).encode())
    items = replayed(file)
    assert len(good(items)) == 1
    assert "not UTF-8" in bad(items)[0][1]


def test_a_damaged_gzip_replays_what_can_be_read_and_says_where_it_ends(tmp_path: Path) -> None:
    lines = [f"A,2013-10-07T14:00:00.{i:06d}Z,1.0,{i},Q,1" for i in range(20_000)]
    whole = gzip.compress("\n".join((HEADER, *lines)).encode())
    file = tmp_path / "trades.csv.gz"
    file.write_bytes(whole[: len(whole) // 2])
    items = replayed(file)
    assert good(items)
    [(number, reason)] = bad(items)
    assert "damaged from here on" in reason
    assert number == len(good(items)) + 2


def test_columns_may_stand_in_any_order_and_be_quoted(tmp_path: Path) -> None:
    file = written(tmp_path, '"1,2",Q,100,"10.5",2013-10-07T14:00:00Z,"A",x', header="conditions,exchange,size,price,event_time,symbol,more")
    [tick] = good(replayed(file))
    assert (tick.symbol, tick.price, tick.size, tick.venue, tick.conditions) == ("A", "10.5", 100, "Q", "1,2")


def test_a_missing_column_a_missing_file_and_no_file_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="column size, conditions is missing"):
        replayed(written(tmp_path, header="symbol,event_time,price,exchange"))
    with pytest.raises(ConfigError, match=r"none\.csv: No such file"):
        replayed(tmp_path / "none.csv")
    with pytest.raises(ConfigError, match="--file"):
        create("replay", Request(), services.settings(), LISTED, ManualClock())


@pytest.mark.parametrize("order", [COLUMNS, COLUMNS[::-1]], ids=["as listed", "backwards"])
def test_names_of_parquet_columns_may_be_written_in_any_case(tmp_path: Path, order: tuple[str, ...]) -> None:
    fields = dict(zip(COLUMNS, ("A", "2013-10-07T14:00:00Z", "10.5", "1", "Q", ""), strict=True))
    pq.write_table(pa.table({f" {name.title()}": [fields[name]] for name in order}), tmp_path / "trades.parquet")
    (found,) = good(replayed(tmp_path / "trades.parquet"))
    assert (found.symbol, found.price, found.size) == ("A", "10.5", 1)


def test_a_parquet_column_of_no_simple_type_is_told_in_one_line(tmp_path: Path) -> None:
    table = pa.table({name: ["A"] for name in COLUMNS} | {"price": [{"amount": 1}]})
    pq.write_table(table, tmp_path / "trades.parquet")
    with pytest.raises(ConfigError, match="cannot be read as text") as caught:
        replayed(tmp_path / "trades.parquet")
    assert "\n" not in str(caught.value)


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="column price is there more than once"):
        replayed(written(tmp_path, GOOD.format(0, 0) + ",10.0", header=HEADER + ",Price"))


def test_parquet_gives_the_same_ticks_as_csv(tmp_path: Path) -> None:
    lines = [f"A,2013-10-07T14:00:00.{i:06d}Z,10.5,{i},Q," for i in range(5)]
    table = pa.table(
        {
            "symbol": ["A"] * 5,
            "event_time": pa.array([datetime(2013, 10, 7, 14, 0, 0, i, UTC) for i in range(5)], pa.timestamp("us", "UTC")),
            "price": [10.5] * 5,
            "size": range(5),
            "exchange": ["Q"] * 5,
            "conditions": pa.nulls(5, pa.string()),
        }
    )
    pq.write_table(table, tmp_path / "trades.parquet")
    assert [tick.tick_id for tick in good(replayed(tmp_path / "trades.parquet"))] == [tick.tick_id for tick in good(replayed(written(tmp_path, *lines)))]


def test_equal_rows_are_told_apart_by_their_ordinal_and_keep_their_ids(tmp_path: Path) -> None:
    file = written(tmp_path, *[GOOD.format(1, 1)] * 3, GOOD.format(1, 2))
    first, second = good(replayed(file)), good(replayed(file, ManualClock(datetime(2027, 1, 1, tzinfo=UTC))))
    assert [tick.tick_id for tick in first] == [tick.tick_id for tick in second]
    assert len({tick.tick_id for tick in first}) == 4
    assert [tick.sequence for tick in first] == [0, 1, 2, 3]


def test_a_row_far_behind_its_symbol_is_a_bad_line(tmp_path: Path) -> None:
    file = written(
        tmp_path, "A,2013-10-07T14:20:00Z,1,1,Q,1", "A,2013-10-07T14:10:00Z,1,1,Q,1", "A,2013-10-07T14:09:59Z,1,1,Q,1", "B,2013-10-07T14:00:00Z,1,1,Q,1"
    )
    items = replayed(file)
    assert bad(items) == [(4, "time runs back more than 10 minutes; sort the file")]
    assert len(good(items)) == 3


def test_symbols_choose_and_aliases_become_canonical(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.format(1, 1), "BRK/B,2013-10-07T14:00:00Z,1,1,Q,1")
    assert [tick.symbol for tick in good(replayed(file, symbols=("BRK.B",)))] == ["BRK.B"]


@given(
    st.lists(st.tuples(st.integers(0, 500_000_000), st.sampled_from("AB")), min_size=1, max_size=20),
    st.sampled_from([0.5, 1.0, 60.0, 1e6, math.inf]),
    st.sampled_from([None, 7.0]),
)
@settings(max_examples=60)
def test_rebased_events_are_never_in_the_future_and_stay_apart(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]], speed: float, rate: float | None
) -> None:
    base = datetime(2030, 1, 1, tzinfo=UTC)  # later than the clock: unmapped it would lie in the future
    lines = [f"{symbol},{(base + timedelta(microseconds=us)).isoformat()},1.5,1,Q,1" for us, symbol in rows]
    clock = ManualClock()
    start = clock.now()
    file = written(tmp_path_factory.mktemp("replay"), *lines)
    ticks = good(replayed(file, clock, speed=speed, rate=rate, rebase=True))
    assert len(ticks) == len(rows)
    assert all(tick.event_time <= tick.received_at for tick in ticks)
    assert len({tick.tick_id for tick in ticks}) == len(ticks)
    assert len({(tick.symbol, tick.event_time, tick.sequence) for tick in ticks}) == len(ticks)
    unmapped = {tick.tick_id for tick in good(replayed(file))}
    assert not unmapped & {tick.tick_id for tick in ticks}
    if rate is None and math.isfinite(speed):
        expected = [start + timedelta(microseconds=us - rows[0][0]) / speed for us, _ in rows]
        assert [tick.event_time for tick in ticks] == expected


@pytest.mark.parametrize(("request_", "seconds"), [({"speed": 1.0}, 5.0), ({"speed": 60.0}, 5 / 60), ({"rate": 2.0}, 1.0), ({}, 0.0)])
def test_the_pace_is_the_files_or_the_rate(tmp_path: Path, request_: dict[str, float], seconds: float) -> None:
    clock = ManualClock()
    ticks = good(replayed(written(tmp_path, GOOD.format(0, 1), GOOD.format(1, 1), GOOD.format(5, 1)), clock, **request_))
    assert (ticks[-1].received_at - ticks[0].received_at) / timedelta(seconds=1) == pytest.approx(seconds, abs=1e-5)


TEXT = st.text(max_size=8)


@given(
    st.one_of(st.from_regex(r"[0-9]{0,14}\.?[0-9]{0,10}", fullmatch=True), TEXT),
    st.one_of(st.integers(-5, 2**64).map(str), TEXT),
    st.text(max_size=70),
    st.text(max_size=130),
)
@settings(max_examples=300)
def test_a_row_that_passes_the_check_is_never_rejected_downstream(price: str, size: str, venue: str, conditions: str) -> None:
    row = Row(2, "A", "2013-10-07T14:00:00Z", price, size, venue, conditions)
    try:
        check(row)
    except ValueError:
        return
    at = datetime(2013, 10, 7, 14, tzinfo=UTC)
    tick = Tick(
        tick_id="x", symbol="A", kind="trade", event_time=at, received_at=at, price=price, source="replay", feed="replay",
        sequence=0, size=int(size) if size else None, venue=venue or None, conditions=conditions or None,
    )  # fmt: skip
    assert rejects([tick]) == 0


@given(st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,8})?", fullmatch=True).filter(lambda text: text.strip("0.") != ""))
def test_every_price_of_the_contract_passes_the_check(price: str) -> None:
    check(Row(2, "A", "2013-10-07T14:00:00Z", price, "1", "", ""))


def test_ordinals_forget_what_is_behind_the_window() -> None:
    ordinals = Ordinals(timedelta(minutes=10))
    at = datetime(2013, 10, 7, 14, tzinfo=UTC)
    for minute in range(500):
        assert ordinals.next("A", at + timedelta(minutes=minute), "row") == (0, 0)
    assert ordinals.next("A", at + timedelta(minutes=489), "row") == (1, 1)
    assert ordinals.next("A", at + timedelta(minutes=488), "row") is None
    assert len(ordinals._symbols["A"]._at) <= 22


def test_csv_fields_are_read_as_the_csv_module_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "trades.csv"
    conditions = ['a"b', "x,y", " z ", ""]
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *(("A", "2013-10-07T14:00:00Z", "1.5", "1", "Q", each) for each in conditions)])
    assert [tick.conditions or "" for tick in good(replayed(file))] == conditions
