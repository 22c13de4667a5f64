"""docs/data-dictionary.md describes every table, view and column that the versioned SQL makes, with its type, a meaning, and nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import ManualClock
from tests.fixtures.warehouse import free_instance, warehouse
from ticklake_io.migrations import migrate
from ticklake_io.warehouse import open_warehouse

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"

TYPES = {"TEXT": "text", "FLOAT": "float", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP_NTZ": "time"}

Columns = dict[str, list[tuple[str, str]]]


def documented() -> Columns:
    """Columns and types by table, as the page has them. A section may describe several tables of one shape."""
    found: Columns = {}
    for section in PAGE.read_text().split("\n### ")[1:]:
        names, _, body = section.partition("\n")
        rows = re.findall(r"^\| (\w+) \| (\S+) \|", body, re.MULTILINE)
        found |= dict.fromkeys(names.split(", "), rows[1:])  # the first row is the heading
    return found


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Columns]:
    """Columns and types by table, as the versioned SQL makes them."""
    instance = free_instance(tmp_path / "instance")
    for name, value in instance.environment().items():
        monkeypatch.setenv(name, value)
    with warehouse(instance) as local, closing(open_warehouse(local.arguments(), "test")) as session:
        migrate(session, ManualClock(), "ticklake")
        found: Columns = {}
        for row in session.rows(
            "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, NUMERIC_PRECISION, NUMERIC_SCALE FROM INFORMATION_SCHEMA.COLUMNS "
            "WHERE TABLE_SCHEMA IN ('RAW', 'CURATED', 'OPS', 'APP') ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
        ):
            found.setdefault(f"{row['TABLE_SCHEMA']}.{row['TABLE_NAME']}", []).append((row["COLUMN_NAME"], _type(row)))
        yield found


def _type(row: dict[str, Any]) -> str:
    return TYPES.get(row["DATA_TYPE"]) or f"number({row['NUMERIC_PRECISION']},{row['NUMERIC_SCALE']})"


def test_the_dictionary_is_what_the_versioned_sql_makes(made: Columns) -> None:
    page = documented()
    assert set(page) == set(made)
    assert {name: page[name] for name in made} == made


def test_each_column_has_a_meaning() -> None:
    rows = re.findall(r"^\| (\w+) \| \S+ \| ([^|]*) \| ([^|]*) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows
    assert [name for name, _, meaning in rows if not meaning.strip()] == []
    assert [name for name, unit, _ in rows if name.endswith(("_AT", "_TIME")) and unit != "UTC"] == []
