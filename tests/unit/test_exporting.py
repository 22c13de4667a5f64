"""Tables as files: what a spreadsheet, pandas and somebody who checks the hash find in them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticklake.exporting import SIDECAR, Format, archive, data_file, file_name

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NEW_YORK_WINTER = timezone(timedelta(hours=-5))

FRAME = pd.DataFrame(
    {
        "SYMBOL": ["BRK.B", "^GSPC", "=cmd|' /C calc'!A0", None],
        "BAR_START": pd.to_datetime(["2026-11-23 15:00", "2026-11-23 15:01:00.000001", None, None], format="ISO8601"),
        "CLOSE": [620_000.0, 0.00000123, float("nan"), -1.5],
        "VOLUME": [2**31 + 1, 0, 5, 2**53],
        "COST": [Decimal("1.10"), Decimal("-2.00"), None, Decimal("3.00")],
        "DAY": [date(2026, 11, 23), None, None, None],
        "SPARK": [[1.0, 2.0], [], None, [3.0]],
    }
)


def cells(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8"))))


def test_csv_has_iso_times_exact_numbers_and_empty_unknowns() -> None:
    made = data_file(FRAME, "x", Format.CSV)
    header, first, second, third, last = cells(made.body)
    assert header == made.columns == list(FRAME.columns)
    assert made.rows == 4
    assert first == ["BRK.B", "2026-11-23T15:00:00.000000Z", "620000", "2147483649", "1.10", "2026-11-23", "[1.0, 2.0]"]
    assert second[:2] == ["^GSPC", "2026-11-23T15:01:00.000001Z"]
    assert float(second[2]) == 0.00000123
    assert third == ["'=cmd|' /C calc'!A0", "", "", "5", "", "", ""]
    assert last[2] == "-1.5"


def test_parquet_is_typed_in_utc_compressed_and_left_as_it_is() -> None:
    local = FRAME.assign(BAR_START=FRAME["BAR_START"].dt.tz_localize(UTC).dt.tz_convert(NEW_YORK_WINTER))
    made = data_file(local, "x", Format.PARQUET)
    table = pq.read_table(io.BytesIO(made.body))
    assert table.schema.field("BAR_START").type == pa.timestamp("us", "UTC")
    assert table["BAR_START"][0].as_py() == AT
    assert table["SYMBOL"][2].as_py() == "=cmd|' /C calc'!A0"
    assert table["CLOSE"][2].as_py() is None
    assert pa.types.is_decimal(table.schema.field("COST").type)
    assert pq.ParquetFile(io.BytesIO(made.body)).metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize("cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "-", "+1 555 0100", "-1-1"])
def test_what_a_spreadsheet_would_run_is_defused(cell: str) -> None:
    made = data_file(pd.DataFrame({cell: [cell, "plain"]}), "x", Format.CSV)
    assert made.body.decode().count(f'"\'{cell}"') == 2
    assert made.columns == [f"'{cell}"]


@pytest.mark.parametrize("cell", ["-1.25", "+3", "-0.00000123", "1e-9", "-2E+5", ".5", "", "a=b", "005930.KS", "<script>", "é🙂", 'say "x"'])
def test_numbers_and_other_texts_are_left_alone(cell: str) -> None:
    made = data_file(pd.DataFrame({"A": [cell]}), "x", Format.CSV)
    assert cells(made.body)[1] == [cell]


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r")), st.floats(allow_nan=False, allow_infinity=False)), min_size=1))
def test_every_text_and_number_comes_back_from_csv(rows: list[tuple[str, float]]) -> None:
    made = data_file(pd.DataFrame(rows, columns=["TEXT", "NUMBER"]), "x", Format.CSV)
    back = cells(made.body)[1:]
    assert [text.removeprefix("'") if text[1:] == row[0] else text for (text, _), row in zip(back, rows, strict=True)] == [row[0] for row in rows]
    assert [float(number) for _, number in back] == [row[1] for row in rows]
    assert not any(text[:1] in set("=@\uff1d\uff0b\uff0d\uff20\t\n") for text, _ in back)


@pytest.mark.parametrize("file_format", list(Format))
def test_an_archive_holds_the_file_and_its_sidecar(file_format: Format) -> None:
    made = data_file(FRAME, "IBM", file_format)
    with zipfile.ZipFile(io.BytesIO(archive(made, {"sha256": made.sha256, "who": "Zoë"}, AT))) as box:
        assert box.testzip() is None
        assert box.namelist() == [f"IBM.{file_format}", SIDECAR]
        assert hashlib.sha256(box.read(made.name)).hexdigest() == json.loads(box.read(SIDECAR))["sha256"] == made.sha256
        assert box.getinfo(made.name).date_time == (2026, 11, 23, 15, 0, 0)


def test_an_empty_table_is_a_header() -> None:
    made = data_file(FRAME.head(0), "x", Format.CSV)
    assert made.rows == 0
    assert cells(made.body) == [list(FRAME.columns)]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("IBM 5m", "IBM_5m_20261123T150000Z"),
        ("^GSPC", "^GSPC_20261123T150000Z"),
        ("../../<script>", "script_20261123T150000Z"),
        ("🙂", "export_20261123T150000Z"),
        ("A" * 200, "A" * 80 + "_20261123T150000Z"),
    ],
)
def test_a_name_fits_every_file_system(title: str, expected: str) -> None:
    assert file_name(title, AT.astimezone(NEW_YORK_WINTER)) == expected
