"""Copies of what the lake does not hold: what users wrote (schema APP), and what was decided about raw rows and objects.

<place>/<time>/<SCHEMA.TABLE>.parquet     a table's rows
<place>/<time>/manifest.json              rows and SHA-256 of each, written last: without it there is no backup
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from ticklake.errors import BadObject, ConfigError
from ticklake_airflow.restoring import decisions, rows
from ticklake_airflow.restoring.rows import Some, Texts
from ticklake_airflow.restoring.shelves import MANIFEST, Shelf
from ticklake_airflow.settling import checksum
from ticklake_airflow.settling.checksum import Column
from ticklake_airflow.statements import SQL_FOLDER
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

_SCHEMA = "APP"


class Copy(msgspec.Struct, frozen=True):
    """A table's file."""

    table: str
    rows: int
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.table}.parquet"


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds, and when it was made (UTC)."""

    made_at: datetime
    copies: list[Copy]


Tables = Mapping[str, list[Column]]


def tables(warehouse: Warehouse) -> Tables:
    """The tables that a backup holds, with their columns; those of decisions among them.

    Raises `ConfigError` when some are not to be seen: who lacks a right is shown no table, and would keep nothing.
    """
    statements = Statements(SQL_FOLDER / "settle_ticks")
    found = checksum.tables(warehouse, statements, [_SCHEMA, "OPS"])
    known = {name: columns for name, columns in found.items() if name.startswith(f"{_SCHEMA}.") or name in decisions.WHERE}
    if unseen := [name for name in (_SCHEMA, *decisions.WHERE) if not any(f"{each}.".startswith(f"{name}.") for each in known)]:
        raise ConfigError(f"there is no {', '.join(unseen)} to be seen: run `ticklake migrate` first, or give the role the right to read it")
    return known


def write(warehouse: Warehouse, shelf: Shelf, now: datetime) -> Manifest:
    """Copy every row, all as of one moment, to an empty shelf. Raises `ConfigError` when something lies there, or it cannot be written."""
    known = tables(warehouse)
    found = rows.at_once(warehouse, {name: Some(columns, decisions.WHERE.get(name, "TRUE")) for name, columns in known.items()})
    copies = []
    for name, columns in known.items():
        body = rows.as_parquet(columns, found[name])
        copy = Copy(name, len(found[name]), hashlib.sha256(body).hexdigest())
        _create(shelf, copy.file, body)
        copies.append(copy)
    manifest = Manifest(now, copies)
    _create(shelf, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


def read(shelf: Shelf) -> dict[str, list[Texts]]:
    """The rows of each table. Raises `ConfigError` where no backup lies, `BadObject` where it is not what was written."""
    body = shelf.read(MANIFEST)
    if body is None:
        raise ConfigError(f"no {MANIFEST} lies there: name the folder of one backup, as `ticklake backup` printed it")
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadObject(MANIFEST, f"is malformed: {error}") from error
    return {each.table: rows.of_parquet(_checked(shelf, each)) for each in manifest.copies}


def restore(warehouse: Warehouse, backup: Mapping[str, list[Texts]], told: Callable[[str], None]) -> None:
    """Put what users wrote into tables of schema APP that are empty; one that holds the backup's rows already stays as it is.

    Raises `ConfigError`, before anything is changed, when a table holds other rows.
    """
    known = tables(warehouse)
    missing = [name for name in backup if name not in known]
    missing += [f"{name}.{column}" for name, found in backup.items() if name in known for column in _strange(known[name], found)]
    if missing:
        raise ConfigError(f"the warehouse has no {', '.join(missing)}: run `ticklake migrate` of the backup's release, or a later one")
    mine = {name: found for name, found in backup.items() if name.startswith(f"{_SCHEMA}.")}
    before = {name: rows.stored(warehouse, name, known[name]) for name in mine}
    if foreign := [name for name in mine if before[name] and not _holds(before[name], mine[name])]:
        raise ConfigError(f"{', '.join(foreign)} hold other rows than the backup: empty them first, or leave --app out")
    for name, found in mine.items():
        if not before[name]:
            with warehouse.transaction():
                rows.insert(warehouse, name, known[name], found)
        told(f"{name}: {len(found)} rows")


def _strange(columns: list[Column], found: list[Texts]) -> list[str]:
    """Columns that a backup has and its table lacks: leaving them out would lose what stands in them."""
    return sorted(set(found[0]) - {each.name for each in columns}) if found else []


def _holds(stored: list[Texts], wanted: list[Texts]) -> bool:
    """Whether a table has the backup's rows; columns that came later are not compared."""
    if len(stored) != len(wanted):
        return False
    names = list(wanted[0])
    return sorted(repr([row[name] for name in names]) for row in stored) == sorted(repr([row[name] for name in names]) for row in wanted)


def _checked(shelf: Shelf, copy: Copy) -> bytes:
    body = shelf.read(copy.file)
    if body is None or hashlib.sha256(body).hexdigest() != copy.sha256:
        raise BadObject(copy.file, "is missing" if body is None else "its bytes are not those that were written")
    return body


def _create(shelf: Shelf, name: str, body: bytes) -> None:
    if not shelf.create(name, body):
        raise ConfigError(f"{name} lies there already: a backup never writes over another")
