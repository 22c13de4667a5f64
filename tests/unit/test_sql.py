"""Values never become text of a statement, and every name gets its value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake_io.sql import Bound, Statements, bind

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
scalars = st.none() | st.booleans() | st.integers() | st.text()


@given(st.lists(names, max_size=6), st.data())
def test_values_stand_in_the_order_of_their_names_and_not_in_the_text(used: list[str], data: st.DataObject) -> None:
    params = {name: data.draw(scalars) for name in used}
    bound = bind("SELECT " + ", ".join(f":{name}" for name in used), params)
    assert bound == Bound("SELECT " + ", ".join("?" * len(used)), [params[name] for name in used])


def test_a_sequence_becomes_as_many_places() -> None:
    assert bind("X IN (:days) AND Y = :y", {"days": ["a", "b"], "y": 1}) == Bound("X IN (?, ?) AND Y = ?", ["a", "b", 1])


def test_casts_and_semi_structured_paths_are_no_names() -> None:
    sql = "SELECT A::VARCHAR, EACH.VALUE:object_key::NUMBER(9, 0), '12:30' FROM T"
    assert bind(sql, {}) == Bound(sql, [])


def test_times_go_as_utc_without_a_zone() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    east = noon.astimezone(timezone(timedelta(hours=2)))
    assert bind(":a :b", {"a": [noon, east], "b": east}).values == [noon.replace(tzinfo=None)] * 3


def test_a_name_without_a_value_and_an_empty_sequence_are_refused() -> None:
    with pytest.raises(KeyError, match="missing"):
        bind("SELECT :missing", {"other": 1})
    with pytest.raises(ValueError, match="no values for :days"):
        bind("X IN (:days)", {"days": []})


def test_statements_are_the_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "one.sql").write_text("SELECT 1")
    statements = Statements(tmp_path)
    assert statements["one"] == "SELECT 1"
    (tmp_path / "one.sql").unlink()
    assert statements["one"] == "SELECT 1", "each is read once"
    with pytest.raises(FileNotFoundError):
        statements["two"]
