"""A tick's id and its JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ticklake.tick import VERSION, Tick, encode, tick_id

PARTS = st.lists(st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"])), min_size=1, max_size=4)


@given(PARTS, PARTS)
def test_two_ids_are_equal_only_when_all_parts_are(left: list[str], right: list[str]) -> None:
    assert (tick_id("x", *left) == tick_id("x", *right)) == (left == right)


def test_an_id_names_its_source_and_does_not_change_with_the_release() -> None:
    assert tick_id("replay", "IBM", 0) == "replay-dec309ff5e038d4f41dbb079a70e6367"


def test_json_has_the_version_utc_times_and_no_absent_fields() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678900, UTC)
    tick = Tick(tick_id="x-1", symbol="A", kind="trade", event_time=at, received_at=at, price="1.50", source="x", feed="replay", sequence=0)
    wire = msgspec.json.decode(encode(tick))
    assert wire["v"] == VERSION
    assert wire["event_time"] == "2026-01-02T03:04:05.678900Z"
    assert wire["price"] == "1.50"
    assert "bid" not in wire
    assert msgspec.json.decode(encode(tick), type=Tick) == tick
