"""Every record is a row, in its order: a valid tick with exactly its values, anything else with the reason why not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ticklake import columns
from ticklake.tick import FEEDS, KINDS, VERSION, Tick, encode

FIELDS = {field.name for field in msgspec.structs.fields(Tick)}
GOOD: dict[str, Any] = {
    "v": VERSION,
    "tick_id": "x-1",
    "symbol": "A",
    "kind": "trade",
    "event_time": "2026-01-02T03:04:05.678900Z",
    "received_at": "2026-01-02T03:04:06Z",
    "price": "1.5",
    "source": "x",
    "feed": "replay",
    "sequence": 0,
}


def wire(**changes: object) -> bytes:
    """A good tick's JSON with some fields changed; `...` leaves a field out."""
    return json.dumps({name: value for name, value in (GOOD | changes).items() if value is not ...}).encode()


def raw(name: str, literal: str) -> bytes:
    """A good tick's JSON in which one field is `literal`, which need not be JSON."""
    return wire(**{name: "@"}).replace(b'"@"', literal.encode())


def reason(value: bytes | None, key: bytes | None = b"A") -> str | None:
    """The reason of one record, which must leave its good neighbours alone."""
    decoded = columns.decode([b"A", key, b"A"], [wire(tick_id="before"), value, wire(tick_id="after")])
    before, found, after = decoded.reasons.to_pylist()
    assert (before, after) == (None, None)
    ids = decoded.columns["TICK_ID"].to_pylist()
    assert (ids[0], ids[2]) == ("before", "after")
    if found:
        assert set(decoded.columns.slice(1, 1).to_pylist()[0].values()) == {None}
    return None if found is None else str(found)


def text(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(codec="utf-8"), min_size=1, max_size=most)


prices = st.decimals(Decimal("0.00000001"), Decimal("999999999999.99999999"), places=8).map(lambda price: f"{price:f}")
times = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31, 23, 59, 59, 999999), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is the strategy's
counts = st.integers(0, 2**63 - 1)
ticks = st.builds(
    Tick,
    tick_id=text(128),
    symbol=text(64),
    kind=st.sampled_from(KINDS),
    event_time=times,
    received_at=times,
    price=prices,
    source=text(32),
    feed=st.sampled_from(FEEDS),
    sequence=counts,
    size=st.none() | counts,
    day_volume=st.none() | counts,
    venue=st.none() | text(64),
    conditions=st.none() | text(128),
    **dict.fromkeys(("bid", "ask", "open", "high", "low", "prev_close"), st.none() | prices),
)


def row(tick: Tick) -> dict[str, Any]:
    """What the columns must say of a tick."""
    values = {name: getattr(tick, name.lower()) for name in columns.TICK_SCHEMA.names if name != "EXTRA"}
    for name in columns.PRICE_FIELDS:
        price = values[name.upper()]
        values[name.upper()] = None if price is None else Decimal(price)
    return values | {name.upper(): getattr(tick, name).replace(tzinfo=None) for name in columns.TIME_FIELDS} | {"EXTRA": None}


@given(st.lists(ticks, max_size=8))
def test_valid_ticks_come_back_exactly(batch: list[Tick]) -> None:
    decoded = columns.decode([tick.symbol.encode() for tick in batch], [encode(tick) for tick in batch])
    assert decoded.reasons.null_count == len(batch)
    assert decoded.columns.schema == columns.TICK_SCHEMA
    assert decoded.columns.to_pylist() == [row(tick) for tick in batch]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(GOOD)) | st.text(max_size=3), inner, max_size=4),
    max_leaves=6,
)
altered = st.tuples(st.sampled_from([*GOOD, "size", "bid", "venue", "unknown"]), json_values).map(lambda change: wire(**{change[0]: change[1]}))
poison = st.none() | st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()) | altered


@settings(max_examples=150)
@given(records=st.lists(st.tuples(st.none() | st.sampled_from([b"A", b"", b"\xff"]) | st.binary(max_size=4), poison | ticks.map(encode)), max_size=8))
@example(records=[])
def test_any_bytes_become_rows_and_each_is_judged_alone(records: list[tuple[bytes | None, bytes | None]]) -> None:
    keys, values = [key for key, _ in records], [value for _, value in records]
    decoded = columns.decode(keys, values)
    assert len(decoded.reasons) == decoded.columns.num_rows == len(records)
    assert decoded.columns.schema == columns.TICK_SCHEMA
    alone = [columns.decode([key], [value]) for key, value in records]
    assert [each is None for each in decoded.reasons.to_pylist()] == [each.reasons[0].as_py() is None for each in alone]
    assert decoded.columns.to_pylist() == [each.columns.to_pylist()[0] for each in alone]


finite = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=6,
)
unknown = st.dictionaries(st.text(max_size=5).filter(lambda name: name not in FIELDS), finite, max_size=3)


@given(st.lists(st.tuples(ticks, unknown), max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_fields_that_a_tick_does_not_have_are_kept_beside_it(batch: list[tuple[Tick, dict[str, Any]]], escaped: bool, indent: int | None) -> None:
    values = [json.dumps(json.loads(encode(tick)) | extra, ensure_ascii=escaped, indent=indent).encode(errors="replace") for tick, extra in batch]
    expected = [json.loads(value) for value in values]
    decoded = columns.decode([tick.symbol.encode() for tick, _ in batch], values)
    assert decoded.reasons.null_count == len(batch)
    rows = decoded.columns.to_pylist()
    kept = [{} if each["EXTRA"] is None else json.loads(each["EXTRA"]) for each in rows]
    assert kept == [{name: value for name, value in every.items() if name not in FIELDS} for every in expected]
    assert [each | {"EXTRA": None} for each in rows] == [row(tick) for tick, _ in batch]


def test_values_of_unknown_fields_stay_as_they_were_written() -> None:
    value = raw("depth", '{"bid": 1.10, "n": 123456789012345678901234567890, "at":"2026-01-02"}')
    rows = columns.decode([b"A"] * 3, [wire(), value, wire(price="0", mood="good")]).columns["EXTRA"].to_pylist()
    assert rows == [None, '{"depth":{"bid": 1.10, "n": 123456789012345678901234567890, "at":"2026-01-02"}}', None]


def test_unknown_fields_that_are_no_text_make_a_value_no_json() -> None:
    assert reason(raw("mood", '"?"').replace(b'"?"', b'"\xff"')) == "not JSON: 'utf-8' codec can't decode byte 0xff in position 9: invalid start byte"


def test_a_field_that_only_some_values_have_stays_theirs() -> None:
    values = [wire(conditions="long"), wire(bid="2.5"), wire(size=7), wire()]
    rows = columns.decode([b"A"] * 4, values).columns.select(["CONDITIONS", "BID", "SIZE"]).to_pylist()
    assert [{name for name, value in each.items() if value is not None} for each in rows] == [{"CONDITIONS"}, {"BID"}, {"SIZE"}, set()]


@pytest.mark.parametrize("bad", [b"no JSON", b"", None, wire(price=1.5), wire(price="0"), wire(unknown={}) + b"{}"])
def test_bad_values_leave_the_others_in_their_rows(bad: bytes | None) -> None:
    values = [bad if n % 7 in (0, 3) else wire(tick_id=f"x-{n}", venue=None if n % 2 else "v") for n in range(50)]
    decoded = columns.decode([b"A"] * 50, values)
    assert decoded.columns["TICK_ID"].to_pylist() == [None if n % 7 in (0, 3) else f"x-{n}" for n in range(50)]
    assert [reason is None for reason in decoded.reasons.to_pylist()] == [n % 7 not in (0, 3) for n in range(50)]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "empty"),
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b"[]", "schema"),
        (b"null", "schema"),
        (wire()[:-1], "not JSON"),
        (wire() + wire(), "not JSON"),
        (wire() + b"\n" + wire(), "not JSON"),
        (b"[" * 100_000, "schema"),
        (raw("unknown", "[" * 100_000 + "]" * 100_000), "not JSON"),
        (raw("unknown", "1e999"), "schema"),
        (raw("unknown", "NaN"), "not JSON"),
        (b"\xff\xfe" + wire(), "not JSON"),
        (raw("venue", '"\xff"').replace("\xff".encode(), b"\xff"), "not JSON"),
        (raw("venue", r'"\ud800"'), "not JSON"),
        (wire(v=2), "version: "),
        (wire(v=2, price=1.5, tick_id=...), "version: 2"),
        (wire(v="1"), "schema"),
        *((wire(**{name: ...}), f"schema: Object missing required field `{name}`") for name in GOOD),
        *((wire(**{name: None}), "schema") for name in GOOD),
        (wire(price=1.5), "schema: Expected `str`, got `float` - at `$.price`"),
        (wire(size=1.5), "schema"),
        (wire(size="1"), "schema"),
        (wire(symbol=""), "symbol"),
        (wire(symbol="A" * 65), "symbol"),
        (wire(tick_id=""), "tick_id"),
        (wire(tick_id="t" * 129), "tick_id"),
        (wire(source="s" * 33), "source"),
        (wire(venue="v" * 65), "venue"),
        (wire(conditions="c" * 129), "conditions"),
        (wire(kind="bar"), "kind"),
        (wire(feed="live"), "feed"),
        (wire(size=-1), "size"),
        (wire(sequence=-1), "sequence"),
        *((wire(**{name: 2**63}), "schema") for name in ("size", "day_volume", "sequence")),
        (wire(size=2**64), "schema"),
        (wire(v=2**64), "version: "),
        *((wire(**{name: -(2**63) - 1}), "schema") for name in ("size",)),
        (wire().replace(b'"price": "1.5"', b'"price": "1.5", "price": "2.5"'), "schema"),
        (wire().replace(b'"symbol": "A"', b'"symbol": "B", "symbol": "A"'), "schema"),
    ],
)
def test_what_is_no_tick_is_rejected_with_its_reason(value: bytes | None, why: str) -> None:
    assert (reason(value, b"A" * 65 if value == wire(symbol="A" * 65) else b"A") or "accepted").startswith(why)


@pytest.mark.parametrize("name", columns.PRICE_FIELDS)
@pytest.mark.parametrize(
    "price",
    [
        "abc",
        "",
        "NaN",
        "Infinity",
        "-5",
        "+5",
        "1e30",
        "1E2",
        "1234567890123",
        "1.123456789",
        "0",
        "0.00",
        "000.0",
        ".5",
        "5.",
        "1,5",
        " 1",
        "1 ",
        "1\n",
        "\u0661",
        "1_0",
    ],
)
def test_what_is_no_price_is_rejected(name: str, price: str) -> None:
    assert (reason(wire(**{name: price})) or "accepted").startswith(f"{name}: not a decimal")


@pytest.mark.parametrize("price", ["0.00000001", "999999999999.99999999", "1", "001.50", "1.0"])
def test_the_bounds_of_a_price_are_within(price: str) -> None:
    decoded = columns.decode([b"A"], [wire(price=price)])
    assert decoded.reasons.to_pylist() == [None]
    assert decoded.columns["PRICE"].to_pylist() == [Decimal(price)]


@pytest.mark.parametrize("name", columns.TIME_FIELDS)
@pytest.mark.parametrize(
    "time",
    [
        "",
        "yesterday",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:05+02:00",
        "2026-01-02T03:04:05z",
        "2026-01-02 03:04:05Z",
        "2026-13-02T03:04:05Z",
        "2026-02-30T03:04:05Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:05Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05.1234567Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05Z\n",
        "20260102T030405Z",
        "2026-01-02",
        "0000-06-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "2200-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "12026-01-02T03:04:05Z",
    ],
)
def test_what_is_no_utc_time_is_rejected(name: str, time: str) -> None:
    assert (reason(wire(**{name: time})) or "accepted").startswith(f"{name}: not a UTC time")


@pytest.mark.parametrize("time", ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59.999999Z"])
def test_the_bounds_of_a_time_are_within(time: str) -> None:
    assert reason(wire(event_time=time, received_at=time)) is None


@pytest.mark.parametrize("key", [None, b"", b"B", b"a", b"A ", b"\xff", b"A\x00"])
def test_a_key_that_is_not_the_symbol_is_rejected(key: bytes | None) -> None:
    assert reason(wire(), key) == "key: not the symbol"


@pytest.mark.parametrize(
    "value",
    [
        json.dumps(GOOD, indent=2).encode(),
        b"\r\n" + wire() + b"\n\n",
        wire(unknown={"of": [1, 2.5, None]}),
        wire(venue="a\nb"),
        wire(venue=""),
        wire(venue="\x00"),
        wire(size=2**63 - 1, day_volume=0),
        wire(bid=None),
    ],
)
def test_unusual_json_of_a_valid_tick_is_accepted(value: bytes) -> None:
    assert reason(value) is None


def test_a_value_of_nearly_a_megabyte_is_judged_like_any_other() -> None:
    assert reason(wire(unknown="x" * 1_000_000)) is None
    assert (reason(wire(venue="x" * 1_000_000)) or "").startswith("venue")


def test_many_bad_values_among_many_good_ones() -> None:
    """Bad values that only the column reader refuses, here and there in a large batch."""
    values = [wire(size=2**63) if i % 97 == 0 else wire(tick_id=f"x-{i}") for i in range(1_000)]
    decoded = columns.decode([b"A"] * len(values), values)
    assert [i for i, each in enumerate(decoded.reasons.to_pylist()) if each] == list(range(0, 1_000, 97))
    assert decoded.columns["TICK_ID"].to_pylist() == [None if i % 97 == 0 else f"x-{i}" for i in range(1_000)]


def test_the_object_schema_is_the_tick_between_coordinates_and_bytes() -> None:
    assert columns.SCHEMA.field("VALUE").type == pa.binary()
    assert [name for name in columns.SCHEMA.names if name in columns.TICK_SCHEMA.names] == columns.TICK_SCHEMA.names
