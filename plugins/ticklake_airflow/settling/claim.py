"""Some objects of an hour in one transaction: their rows in RAW.TICKS, the winners among them, quarantine and bars."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ticklake_airflow.loading.copying import ledger_row
from ticklake_airflow.settling.bars import Bars
from ticklake_airflow.settling.checksum import ROW, Column, row_text
from ticklake_airflow.settling.inventory import Evidence
from ticklake_airflow.settling.model import Difference
from ticklake_io.copy_into import copy_into
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse


class Settled(NamedTuple):
    """What differed, and the valid rows by SYMBOL, SOURCE and EVENT_DATE with their OLDEST and NEWEST event time."""

    differences: list[Difference]
    groups: list[Row]


class Claim:
    """Objects that are settled together. Lives for one transaction under the fence, in which it makes again what differs."""

    def __init__(
        self, warehouse: Warehouse, load: Statements, settle: Statements, columns: Sequence[Column], objects: Sequence[Evidence], now: datetime
    ) -> None:
        self._warehouse = warehouse
        self._load = load
        self._settle = settle
        self._columns = columns
        self._objects = objects
        self._params: dict[str, Any] = {
            "merge_id": str(uuid.uuid4()),
            "now": now,
            "first_kafka_time": min(each.landed.meta.first_kafka_time for each in objects),
            "last_kafka_time": max(each.landed.meta.last_kafka_time for each in objects),
        }

    def settle(self, run_id: str, rebuild: bool) -> Settled:
        """Make everything that differs again, or everything if `rebuild`.

        Raises `LoadMismatch` when COPY does not store what the objects hold.
        """
        found = self._adopt(run_id) + self._rows(rebuild) + self._quarantine()
        groups = [row for row in self._run(self._load["batch"]) if row["SYMBOL"] is not None]
        self._run(self._load["note_changes"])
        found += self._winners(rebuild)
        found += Bars(self._warehouse, self._load, self._settle, self._params).make()
        self._release()
        return Settled(found, groups)

    def _adopt(self, run_id: str) -> list[Difference]:
        """Have the ledger's rows, and write those that it has lost."""
        lost = [each for each in self._objects if each.merge_id is None]
        if lost:
            rows = json.dumps([ledger_row(each.landed) for each in lost])
            self._warehouse.rows(self._load["record_loads"], {"loads": rows, "state": "COPIED", "run_id": run_id, "now": self._params["now"]})
        self._run(self._settle["claim_objects"], keys=json.dumps([each.key for each in self._objects]))
        return [Difference("OPS.LOADS", each.key, "the ledger did not know it, though its partition is merged beyond it") for each in lost]

    def _release(self) -> None:
        merges = [{"key": each.key, "merge_id": each.merge_id} for each in self._objects if each.merge_id]
        self._run(self._settle["release_objects"], merges=json.dumps(merges))

    def _rows(self, rebuild: bool) -> list[Difference]:
        wrong = self._wrong_rows()
        again = self._objects if rebuild else [each for each in self._objects if each.key in {one.subject for one in wrong}]
        if again:
            self._run(self._settle["drop_raw"], keys=json.dumps([each.key for each in again]))
            copy_into(self._warehouse, self._load["copy_ticks"], {each.key: each.landed.meta.records for each in again})
        return wrong

    def _wrong_rows(self) -> list[Difference]:
        statement = self._settle["raw_checksums"].replace(ROW, row_text(self._columns))
        stored = {row["OBJECT_KEY"]: (int(row["N"]), int(row["CHECKSUM"])) for row in self._run(statement)}
        wrong = []
        for each in self._objects:
            rows, checksum = stored.get(each.key, (0, 0))
            if rows != each.image.rows:
                wrong.append(Difference("RAW.TICKS", each.key, f"{rows} rows, the object has {each.image.rows}", abs(rows - each.image.rows)))
            elif checksum != each.image.checksum:
                wrong.append(Difference("RAW.TICKS", each.key, "its rows are not those of the object"))
        return wrong

    def _quarantine(self) -> list[Difference]:
        loose = self._run(self._settle["loose"])
        if loose:
            self._run(self._load["quarantine"])
        return [Difference("OPS.QUARANTINE", row["OBJECT_KEY"], f"{row['N']} rows that break a rule were not there", row["N"]) for row in loose]

    def _winners(self, rebuild: bool) -> list[Difference]:
        reach = self._run(self._settle["reach"])[0]
        if not reach["N"]:
            return []
        bounds = {"oldest": reach["OLDEST"], "newest": reach["NEWEST"]}
        wrong = self._run(self._settle["wrong_ticks"], **bounds)
        if wrong or rebuild:
            self._run(self._settle["note_dropped"])
            self._run(self._settle["drop_winners"])
            self._run(self._settle["elect"], **bounds)
        place = self._objects[0].key if len(self._objects) == 1 else f"{self._objects[0].key} and {len(self._objects) - 1} more"
        return [Difference("CURATED.TICKS", f"{row['N']} ticks of {place}, the first {row['FIRST_ID']}", row["KIND"], row["N"]) for row in wrong]

    def _run(self, statement: str, **more: object) -> list[Row]:
        return self._warehouse.rows(statement, self._params | more)
