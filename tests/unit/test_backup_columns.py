"""A backup and tables of different releases: what came later is null, what is gone is never left out in silence."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ticklake.errors import ConfigError
from ticklake_airflow.restoring import backup, decisions, rows
from ticklake_airflow.restoring.rows import Texts
from ticklake_airflow.restoring.shelves import FolderShelf
from ticklake_airflow.settling import checksum
from ticklake_airflow.settling.checksum import Column

COLUMNS = [Column("OBJECT_KEY", "TEXT", 0), Column("RULE", "TEXT", 0), Column("LATER", "TEXT", 0)]


class Recorder:
    """A warehouse that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def rows(self, sql: str, params: Any = None) -> list[dict[str, Any]]:
        self.told.append(f"{sql} {params}")
        return []

    def transaction(self) -> nullcontext[None]:
        return nullcontext()


def test_decisions_from_before_a_column_came_are_known_again_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Texts] = [{"OBJECT_KEY": "a", "RULE": "quality:x", "LATER": None}]
    monkeypatch.setattr(rows, "stored", lambda *_: kept)
    warehouse = Recorder()
    decided: list[Texts] = [{"OBJECT_KEY": "a", "RULE": "quality:x"}, {"OBJECT_KEY": "b", "RULE": "quality:x"}]
    assert decisions.quarantine(warehouse, COLUMNS, decided) == 1  # type: ignore[arg-type]
    (statement,) = (each for each in warehouse.told if each.startswith("INSERT"))
    assert '[["b", "quality:x"]]' in statement


@pytest.mark.parametrize(("seen", "named"), [(set(), r"no APP, OPS\.QUARANTINE, OPS\.LOADS"), ({"APP.ALERTS", "OPS.LOADS"}, r"no OPS\.QUARANTINE")])
def test_who_may_not_see_the_tables_keeps_nothing_and_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seen: set[str], named: str) -> None:
    monkeypatch.setattr(checksum, "tables", lambda *_: dict.fromkeys(seen, COLUMNS))
    with pytest.raises(ConfigError, match=f"there is {named} to be seen"):
        backup.write(Recorder(), FolderShelf(tmp_path), datetime(2026, 11, 23, tzinfo=UTC))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_column_that_the_table_lacks_is_named_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "tables", lambda _: {"APP.NOTES": COLUMNS[:1]})
    warehouse = Recorder()
    with pytest.raises(ConfigError, match=r"APP\.NOTES\.GONE"):
        backup.restore(warehouse, {"APP.NOTES": [{"OBJECT_KEY": "a", "GONE": "kept by nobody"}]}, print)  # type: ignore[arg-type]
    assert warehouse.told == []
