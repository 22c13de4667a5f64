"""COPY's answer is read: whatever is not stored in full is an error that names the object."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pytest

from ticklake.errors import BadObject, LoadMismatch, WarehouseRefused
from ticklake_io.copy_into import FILES, Copied, copy_into
from ticklake_io.sql import Params
from ticklake_io.warehouse import Row

STATEMENT = f"COPY INTO T FROM @S FILES = ({FILES})"


class Answering:
    """A warehouse that loads two rows of each file, except as it is told."""

    def __init__(self, odd: dict[str, dict[str, Any] | None] | None = None, refuses: WarehouseRefused | None = None) -> None:
        self.asked: list[list[str]] = []
        self._odd = odd or {}
        self._refuses = refuses

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        if self._refuses:
            raise self._refuses
        names = [name.strip("' ") for name in sql.split("FILES = (")[1].rstrip(")").split(",")]
        self.asked.append(names)
        rows = {name: {"file": f"s3://bucket/{name}", "status": "LOADED", "rows_loaded": 2, "first_error": None} for name in names}
        return [row | (self._odd.get(name) or {}) for name, row in rows.items() if name not in self._odd or self._odd[name]]

    def frame(self, sql: str, params: Params | None = None) -> Any:
        raise NotImplementedError

    def transaction(self) -> AbstractContextManager[None]:
        raise NotImplementedError


def test_no_statement_names_more_files_than_the_engine_takes() -> None:
    warehouse = Answering()
    keys = [f"raw/{n}.parquet" for n in range(2_345)]
    assert copy_into(warehouse, STATEMENT, dict.fromkeys(keys, 2)) == [Copied(key, "LOADED", 2) for key in keys]
    assert [len(names) for names in warehouse.asked] == [1_000, 1_000, 345]


def test_without_objects_nothing_is_asked() -> None:
    warehouse = Answering()
    assert copy_into(warehouse, STATEMENT, {}) == []
    assert warehouse.asked == []


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"rows_loaded": 1}, "b: 1 rows were stored, 2 were expected (LOADED)"),
        ({"status": "PARTIALLY_LOADED", "first_error": "no\nnumber"}, "b: 2 rows were stored, 2 were expected (PARTIALLY_LOADED: no number)"),
        ({"status": "LOAD_FAILED", "rows_loaded": 0}, "b: 0 rows were stored, 2 were expected (LOAD_FAILED)"),
        ({"status": "LOAD_SKIPPED", "rows_loaded": 0}, "b: 0 rows were stored, 2 were expected (LOAD_SKIPPED)"),
        (None, "b: COPY has no result for it"),
    ],
)
def test_whatever_is_not_loaded_in_full_is_an_error_that_names_it(row: dict[str, Any] | None, says: str) -> None:
    with pytest.raises(LoadMismatch) as raised:
        copy_into(Answering({"b": row}), STATEMENT, {"a": 2, "b": 2, "c": 2})
    assert str(raised.value) == says


def test_any_number_of_rows_will_do_where_none_is_expected() -> None:
    assert copy_into(Answering({"b": {"rows_loaded": 7}}), STATEMENT, {"b": None}) == [Copied("b", "LOADED", 7)]
    with pytest.raises(LoadMismatch, match=r"b: 7 rows were stored \(LOAD_FAILED\)"):
        copy_into(Answering({"b": {"rows_loaded": 7, "status": "LOAD_FAILED"}}), STATEMENT, {"b": None})


def test_an_engine_that_found_no_file_has_no_result() -> None:
    class NoFiles(Answering):
        def rows(self, sql: str, params: Params | None = None) -> list[Row]:
            return [{"status": "Copy executed with 0 files processed."}]

    with pytest.raises(LoadMismatch, match="a: COPY has no result for it"):
        copy_into(NoFiles(), STATEMENT, {"a": 2})


def test_a_file_that_cannot_be_read_is_told_from_a_right_that_is_missing() -> None:
    with pytest.raises(LoadMismatch, match="a and 1 more cannot be copied: no Parquet"):
        copy_into(Answering(refuses=WarehouseRefused("no Parquet", "22000")), STATEMENT, {"a": 2, "b": 2})
    with pytest.raises(WarehouseRefused, match="no right"):
        copy_into(Answering(refuses=WarehouseRefused("no right", "42501")), STATEMENT, {"a": 2})


def test_a_copy_that_ran_out_of_time_says_nothing_of_its_objects() -> None:
    with pytest.raises(WarehouseRefused, match="timeout"):
        copy_into(Answering(refuses=WarehouseRefused("Statement reached its statement or warehouse timeout", "57014")), STATEMENT, {"a": 2})


@pytest.mark.parametrize("key", ["a'b", "a b", "a;b", "", "ä"])
def test_a_key_that_could_be_more_than_a_name_is_refused(key: str) -> None:
    warehouse = Answering()
    with pytest.raises(BadObject):
        copy_into(warehouse, STATEMENT, {key: 2})
    assert warehouse.asked == []
