"""What people and rules decided about raw rows and objects, which no object tells: it comes before the first load, or it changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ticklake.errors import ConfigError
from ticklake_airflow.restoring import rows
from ticklake_airflow.restoring.rows import Texts
from ticklake_airflow.settling.checksum import Column
from ticklake_io.warehouse import Warehouse

QUARANTINE = "OPS.QUARANTINE"
LEDGER = "OPS.LOADS"

WHERE = {QUARANTINE: "RULE LIKE 'quality:%'", LEDGER: "STATE = 'SET_ASIDE'"}
"""The rows of these tables that a load does not make of the lake alone."""


class GivenUp(NamedTuple):
    """A raw object that was set aside: why, and its last offset."""

    key: str
    reason: str
    last_offset: int

    @classmethod
    def of(cls, row: Texts) -> GivenUp:
        """By its row of the ledger."""
        return cls(row["OBJECT_KEY"] or "", row["SET_ASIDE_REASON"] or "", int(row["LAST_OFFSET"] or 0))


def quarantine(warehouse: Warehouse, columns: Sequence[Column], decided: Sequence[Texts]) -> int:
    """Keep rows of RAW.TICKS from winning before they are loaded; how many were not kept from it yet.

    Raises `ConfigError` when some of them are loaded already, and so may have won.
    """
    names = list(decided[0]) if decided else []  # a backup is compared by the columns that it has: others came later
    known = {tuple(row[name] for name in names) for row in rows.stored(warehouse, QUARANTINE, columns, WHERE[QUARANTINE])}
    new = [row for row in decided if tuple(row.values()) not in known]
    loaded = {row["OBJECT_KEY"] for row in warehouse.rows("SELECT OBJECT_KEY FROM OPS.LOADS")} if new else set()
    if late := [row["OBJECT_KEY"] for row in new if row["OBJECT_KEY"] in loaded]:
        raise ConfigError(f"{len(late)} rows that the backup has in quarantine are loaded already, the first of {late[0]}: restore into an empty database")
    with warehouse.transaction():
        rows.insert(warehouse, QUARANTINE, columns, new)
    return len(new)
