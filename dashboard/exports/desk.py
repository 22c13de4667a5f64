"""Where tables become files that leave: entitlement first, then the record in APP.EXPORTS, then the bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pandas as pd
import structlog

from dashboard.shared import Reading
from dashboard.tables import Tables
from dashboard.writing import patiently, unwritten
from ticklake import exporting
from ticklake.changes import Subject
from ticklake.clock import Clock
from ticklake.errors import TicklakeError
from ticklake.exporting import DataFile, Format
from ticklake.roles import Action, User
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

QUERIES = Path(__file__).parents[1] / "queries" / "app"

log = structlog.get_logger()


@dataclass(frozen=True)
class Extract:
    """What is on screen, as a table to take away.

    `frame` has one row per row shown; its naive times are UTC. `title` names the file: symbol and range. `page` is where it is
    shown, `query` the statement or the address that shows it again, `as_of` the time that its figures are of, `sources` and
    `feeds` whose prices these are ("simulator"; "synthetic").
    """

    frame: pd.DataFrame
    title: str
    page: str
    query: str
    as_of: datetime
    sources: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()


class Archive(NamedTuple):
    """A ZIP ready to be taken: its name and bytes, and of the table in it the name, rows and SHA-256."""

    name: str
    body: bytes
    data_name: str
    rows: int
    sha256: str


class Exports:
    """The one desk that exports pass, shared by all sessions."""

    def __init__(self, warehouse: Warehouse, tables: Tables, clock: Clock, told: Callable[[], None], no_export: Collection[str] = ()) -> None:
        """`warehouse` is where records are written, `told` is called after each; nothing of a source in `no_export` leaves."""
        self._warehouse, self._tables, self._clock, self._told = warehouse, tables, clock, told
        self._no_export = frozenset(no_export)
        self._statements = Statements(QUERIES)

    def make(self, extract: Extract, file_format: Format, user: User) -> Reading[Archive]:
        """The archive of `extract` for `user`; without one, `problem` is the cause and what to do."""
        refusal = user.refusal(Action.EXPORT) or self._kept_back(extract)
        if refusal:
            return Reading(None, refusal)
        data = exporting.data_file(extract.frame, exporting.file_name(extract.title, extract.as_of), file_format)
        at, export_id = self._clock.now(), uuid4().hex
        try:
            self._record(self._row(extract, file_format, data, user.name, at, export_id))
        except TicklakeError as error:
            return Reading(None, f"Nothing was exported, for it could not be recorded. {unwritten(error)}")
        self._told()
        log.info("export_made", export_id=export_id, page=extract.page, format=str(file_format), rows=data.rows)
        body = exporting.archive(data, _sidecar(extract, data, user.name, at, export_id), at)
        return Reading(Archive(f"{data.name}.zip", body, data.name, data.rows, data.sha256))

    def recent(self) -> Reading[pd.DataFrame]:
        """The newest 20 exports of everybody: EXPORTED_AT, EXPORTED_BY, PAGE, TITLE, FORMAT, ROW_COUNT, SHA256, FILE_NAME."""
        return self._tables.read("app/exports_recent", Subject.APP)

    def _kept_back(self, extract: Extract) -> str | None:
        kept = sorted(self._no_export.intersection(extract.sources))
        if not kept:
            return None
        return f"Prices of {', '.join(kept)} are licensed for display only. Choose a symbol of another source to export."

    @patiently
    def _record(self, row: dict[str, object]) -> None:
        self._warehouse.rows(self._statements["export_record"], row)

    def _row(self, extract: Extract, file_format: Format, data: DataFile, who: str, at: datetime, export_id: str) -> dict[str, object]:
        return {
            "export_id": export_id,
            "exported_at": at,
            "exported_by": who,
            "page": extract.page,
            "title": extract.title,
            "query": extract.query,
            "as_of": extract.as_of,
            "sources": ",".join(extract.sources),
            "feeds": ",".join(extract.feeds),
            "format": str(file_format),
            "file_name": data.name,
            "row_count": data.rows,
            "size_bytes": len(data.body),
            "sha256": data.sha256,
        }


def _sidecar(extract: Extract, data: DataFile, who: str, at: datetime, export_id: str) -> dict[str, object]:
    return {
        "file": data.name,
        "sha256": data.sha256,
        "size_bytes": len(data.body),
        "rows": data.rows,
        "columns": data.columns,
        "title": extract.title,
        "page": extract.page,
        "query": extract.query,
        "as_of": extract.as_of.isoformat(),
        "sources": list(extract.sources),
        "entitlement": list(extract.feeds),
        "exported_by": who,
        "exported_at": at.isoformat(),
        "export_id": export_id,
        "times": "UTC",
    }
