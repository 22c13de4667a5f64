"""What passes the export desk: recorded first, refused where it must be, and provable afterwards."""

from __future__ import annotations

import hashlib
import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard.exports.desk import Exports, Extract
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import NOW, minute_bars
from tests.fakes.tables import FakeTables
from ticklake.changes import Subject
from ticklake.errors import TicklakeError, WarehouseBusy, WarehouseUnavailable
from ticklake.exporting import SIDECAR, Format
from ticklake.roles import Role, User

ADA = User("ada@example.com", Role.ANALYST)

EXTRACT = Extract(minute_bars(3), "IBM 1m", "chart", "/chart?symbol=IBM", NOW, ("simulator",), ("synthetic",))


class Written:
    """A warehouse that keeps what is inserted, after raising what it is told to."""

    def __init__(self, *errors: TicklakeError) -> None:
        self.errors = list(errors)
        self.inserted: list[dict[str, Any]] = []

    def rows(self, sql: str, params: Any = None) -> list[dict[str, Any]]:
        assert sql.startswith("INSERT INTO APP.EXPORTS")
        if self.errors:
            raise self.errors.pop(0)
        self.inserted.append(dict(params))
        return []

    def frame(self, sql: str, params: Any = None) -> pd.DataFrame:
        raise NotImplementedError

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield


def desk(warehouse: Written, tables: FakeTables | None = None, no_export: tuple[str, ...] = ()) -> Exports:
    tables = tables or FakeTables()
    return Exports(warehouse, tables, ManualClock(NOW), lambda: tables.changed(Subject.APP), no_export)


@pytest.mark.parametrize("file_format", list(Format))
def test_an_export_is_on_record_with_the_hash_of_what_leaves(file_format: Format) -> None:
    warehouse, tables = Written(), FakeTables()
    made = desk(warehouse, tables).make(EXTRACT, file_format, ADA).value
    assert made is not None
    assert made.name == f"IBM_1m_20261123T150000Z.{file_format}.zip"
    (row,) = warehouse.inserted
    with zipfile.ZipFile(io.BytesIO(made.body)) as box:
        body, sidecar = box.read(made.data_name), json.loads(box.read(SIDECAR))
    assert hashlib.sha256(body).hexdigest() == row["sha256"] == sidecar["sha256"] == made.sha256
    assert row["row_count"] == sidecar["rows"] == made.rows == 3
    assert row["size_bytes"] == sidecar["size_bytes"] == len(body)
    assert row["export_id"] == sidecar["export_id"]
    assert (row["exported_by"], row["page"], row["query"], row["as_of"]) == ("ada@example.com", "chart", "/chart?symbol=IBM", NOW)
    assert (sidecar["sources"], sidecar["entitlement"]) == (["simulator"], ["synthetic"])
    assert sidecar["columns"] == list(EXTRACT.frame.columns)
    assert sidecar["as_of"] == NOW.astimezone(UTC).isoformat()
    assert tables.changes == [Subject.APP]


def test_what_cannot_be_recorded_does_not_leave() -> None:
    warehouse = Written(WarehouseUnavailable("refused"))
    made = desk(warehouse).make(EXTRACT, Format.CSV, ADA)
    assert made.value is None
    assert made.problem == (
        "Nothing was exported, for it could not be recorded. The warehouse does not answer. Run ticklake status to see what is down; this recovers by itself."
    )
    assert warehouse.inserted == []


def test_a_record_waits_for_another_writer() -> None:
    warehouse = Written(WarehouseBusy("rows"), WarehouseBusy("rows"))
    assert desk(warehouse).make(EXTRACT, Format.CSV, ADA).value is not None
    assert len(warehouse.inserted) == 1


def test_a_source_marked_not_for_export_is_refused_and_not_recorded() -> None:
    warehouse = Written()
    made = desk(warehouse, no_export=("finnhub", "simulator")).make(EXTRACT, Format.PARQUET, ADA)
    assert made.value is None
    assert made.problem == "Prices of simulator are licensed for display only. Choose a symbol of another source to export."
    assert warehouse.inserted == []
    assert desk(warehouse, no_export=("finnhub",)).make(EXTRACT, Format.PARQUET, ADA).value is not None


def test_who_may_only_look_gets_no_file() -> None:
    warehouse = Written()
    made = desk(warehouse).make(EXTRACT, Format.CSV, User("vi", Role.VIEWER))
    assert made.value is None
    assert made.problem is not None
    assert made.problem.startswith("The role viewer may not export data")
    assert warehouse.inserted == []


def test_streamlits_own_export_is_off() -> None:
    config = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())
    assert config["client"]["disableDataExport"] is True
