"""What is nobody's in an hour: rows, ticks and bars that no object leads to; and latest prices that are not the newest tick."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ticklake_airflow.settling.bars import Bars
from ticklake_airflow.settling.inventory import Evidence
from ticklake_airflow.settling.model import Difference
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, Warehouse

_MINUTE = timedelta(minutes=1)
_AT_ONCE = 10_000
"""Ticks that one statement drops."""

Groups = Sequence[Row]
"""An hour's valid rows: SYMBOL, SOURCE and EVENT_DATE with their OLDEST and NEWEST event time."""


class Strays:
    """Settles what claims of objects cannot see. Lives for one transaction under the fence, after all claims of the hour."""

    def __init__(self, warehouse: Warehouse, load: Statements, settle: Statements) -> None:
        self._warehouse = warehouse
        self._load = load
        self._settle = settle

    def settle(self, pattern: str, objects: Sequence[Evidence], groups: Groups) -> list[Difference]:
        """Drop what does not belong, make again what it was part of; what differed. `pattern` is that of the hour's keys."""
        found = self._rows(pattern)
        if groups:
            found += self._ticks_and_bars(objects, groups)
            found += self._latest(groups)
        return found

    def _rows(self, pattern: str) -> list[Difference]:
        strays = self._run("stray_rows", {"objects": pattern})
        if strays:
            self._run("drop_raw", {"keys": json.dumps([row["OBJECT_KEY"] for row in strays])})
        return [Difference("RAW.TICKS", row["OBJECT_KEY"], f"{row['N']} rows of an object that is not there", row["N"]) for row in strays]

    def _ticks_and_bars(self, objects: Sequence[Evidence], groups: Groups) -> list[Difference]:
        windows = _windows(groups)
        first, last = min(each[0] for each in windows), max(each[1] for each in windows)
        params: dict[str, Any] = {
            "merge_id": str(uuid.uuid4()),
            "windows": json.dumps([{"oldest": str(oldest), "newest": str(newest)} for oldest, newest in windows]),
            "oldest": first,
            "newest": last,
            "first_minute": first.replace(second=0, microsecond=0),
            "end_minute": last.replace(second=0, microsecond=0) + _MINUTE,
        }
        strays = [{name.lower(): value for name, value in row.items()} for row in self._run("stray_ticks", params | {"ranges": json.dumps(_ranges(objects))})]
        for start in range(0, len(strays), _AT_ONCE):
            self._run("drop_ticks", {"ticks": json.dumps(strays[start : start + _AT_ONCE])})
        minutes = [each for each in strays if each["kind"] == "trade"]
        if minutes:
            self._run("note_minutes", params | {"minutes": json.dumps(minutes)})
        self._run("note_empty", params)
        found = [Difference("CURATED.TICKS", f"tick {each['tick_id']}", "no row that may win has its seat") for each in strays]
        return found + Bars(self._warehouse, self._load, self._settle, params).make()

    def _latest(self, groups: Groups) -> list[Difference]:
        newest: dict[tuple[str, str], datetime] = {}
        for group in groups:
            pair = (group["SYMBOL"], group["SOURCE"])
            newest[pair] = max(group["NEWEST"], newest.get(pair, group["NEWEST"]))
        pairs = [{"symbol": symbol, "source": source, "newest": str(at)} for (symbol, source), at in newest.items()]
        suspects = self._run("suspect_latest", {"pairs": json.dumps(pairs), "settled": min(newest.values())})
        if not suspects:
            return []
        which = {"pairs": json.dumps([{"symbol": row["SYMBOL"], "source": row["SOURCE"]} for row in suspects])}
        before = self._latest_of(which)
        self._run("drop_latest", which)
        times: list[datetime] = [row["NEWEST"] for row in self._run("newest", which)]
        if times:
            bounds = {"dates": sorted({at.date() for at in times}), "settled": min(times), "newest": max(times)}
            self._warehouse.rows(self._load["make_latest"], bounds)
        after = self._latest_of(which)
        wrong = sorted(pair for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair))
        return [Difference("CURATED.LATEST", f"{symbol} of {source}", "not its newest tick") for symbol, source in wrong]

    def _latest_of(self, which: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
        stored: dict[tuple[str, str], list[str]] = {}
        for row in self._run("latest", which):
            stored.setdefault((row["SYMBOL"], row["SOURCE"]), []).append(str(row))
        return stored

    def _run(self, name: str, params: Mapping[str, Any]) -> list[Row]:
        return self._warehouse.rows(self._settle[name], params)


def _windows(groups: Groups) -> list[tuple[datetime, datetime]]:
    """Oldest and newest event time, day by day."""
    days: dict[date, tuple[datetime, datetime]] = {}
    for group in groups:
        oldest, newest = days.get(group["EVENT_DATE"], (group["OLDEST"], group["NEWEST"]))
        days[group["EVENT_DATE"]] = (min(oldest, group["OLDEST"]), max(newest, group["NEWEST"]))
    return sorted(days.values())


def _ranges(objects: Iterable[Evidence]) -> list[dict[str, int]]:
    """The offsets of objects that are in order; those that adjoin are one range."""
    ranges: list[dict[str, int]] = []
    for each in objects:
        partition, meta = each.landed.partition, each.landed.meta
        place = {"generation": partition.generation, "partition_id": partition.id}
        if ranges and ranges[-1] == {**ranges[-1], **place, "last_offset": meta.first_offset - 1}:
            ranges[-1]["last_offset"] = meta.last_offset
        else:
            ranges.append({**place, "first_offset": meta.first_offset, "last_offset": meta.last_offset})
    return ranges
