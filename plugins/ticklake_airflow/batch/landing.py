"""Objects of the batch feed: created once, and loaded with their ledger rows and all that follows from them in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyarrow as pa

from ticklake.batch_lake import BatchMeta, Kind, encode
from ticklake.clock import Clock
from ticklake.errors import BadObject
from ticklake_airflow.loading.fence import Fence
from ticklake_io.copy_into import copy_into
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore
from ticklake_io.warehouse import Warehouse


class Loaded(NamedTuple):
    """How many objects were loaded, and their rows."""

    objects: int = 0
    rows: int = 0


class Landing:
    """The objects of one kind. `curate` is told their keys after the COPY, in the same transaction."""

    def __init__(
        self,
        kind: Kind,
        store: ObjectStore,
        warehouse: Warehouse,
        fence: Fence,
        statements: Statements,
        clock: Clock,
        run_id: str,
        curate: Callable[[Sequence[str]], None],
    ) -> None:
        self._kind, self._store, self._warehouse, self._fence = kind, store, warehouse, fence
        self._statements, self._clock, self._run_id, self._curate = statements, clock, run_id, curate

    def create(self, source: str, year: int, rows: pa.Table) -> None:
        """An object that holds `rows`, unless it is there."""
        made = encode(self._kind, source, year, rows, self._clock.now())
        self._store.create(made.key, made.body, made.headers)

    def load(self, source: str, year: int) -> Loaded:
        """Load what is in the lake and not in the ledger.

        Raises `BadObject` and `LoadMismatch` that name the object, and what store, warehouse and fence raise.
        """
        prefix = self._kind.prefix(source, year)
        found = [each.key for each in self._store.list(prefix)]
        new = sorted(set(found) - self._known(prefix)) if found else []
        return self._fence.hold(lambda: self._transaction(prefix, {key: self._meta(key) for key in new})) if new else Loaded()

    def _transaction(self, prefix: str, objects: dict[str, BatchMeta]) -> Loaded:
        known = self._known(prefix)
        mine = {key: meta for key, meta in objects.items() if key not in known}
        if not mine:
            return Loaded()
        copied = copy_into(self._warehouse, self._statements[f"copy_{self._kind.name}"], {key: meta.rows for key, meta in mine.items()})
        loads = [{"object_key": key, "rows": meta.rows, "as_of": f"{meta.as_of:%Y-%m-%d %H:%M:%S.%f}"} for key, meta in mine.items()]
        self._warehouse.rows(self._statements["record_loads"], {"loads": json.dumps(loads), "run_id": self._run_id, "now": self._clock.now()})
        self._curate(list(mine))
        return Loaded(len(copied), sum(each.rows for each in copied))

    def _known(self, prefix: str) -> set[str]:
        return {row["OBJECT_KEY"] for row in self._warehouse.rows(self._statements["loaded"], {"prefix": prefix})}

    def _meta(self, key: str) -> BatchMeta:
        stored = self._store.head(key)
        if stored is None:
            raise BadObject(key, "vanished between listing and loading")
        return BatchMeta.parse(key, stored.headers)
