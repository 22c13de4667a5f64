"""Gives up an object that cannot be loaded, so that its partition goes on, and loads it after all once it is mended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from ticklake.chain import why_broken
from ticklake.clock import Clock
from ticklake.errors import BadObject, ChainBroken
from ticklake.lake import ObjectMeta, Partition, Place, parse_key, partition_prefix
from ticklake.tick import VERSION
from ticklake_airflow.loading.copying import ledger, ledger_row
from ticklake_airflow.loading.discover import look
from ticklake_airflow.loading.fence import Fence
from ticklake_airflow.loading.merging import Merge
from ticklake_airflow.loading.model import Landed, Merged, Position
from ticklake_io.copy_into import copy_into
from ticklake_io.sql import Statements
from ticklake_io.store import ObjectStore
from ticklake_io.warehouse import Warehouse

UNKNOWN = "the object was set aside unread"


class SetAside:
    """Writes and revises ledger rows of objects that cannot be loaded. Every change takes the fence."""

    def __init__(self, store: ObjectStore, warehouse: Warehouse, fence: Fence, statements: Statements, clock: Clock, run_id: str) -> None:
        self._store = store
        self._warehouse = warehouse
        self._fence = fence
        self._statements = statements
        self._clock = clock
        self._run_id = run_id
        self._merge = Merge(warehouse, fence, statements, clock)

    def set_aside(self, key: str, reason: str, last_offset: int | None = None) -> Landed:
        """Enter the object into the ledger as given up; its records count as rejected, the watermark passes it.

        What it held is told by its metadata or, where that is lost, by `last_offset` or the object after it.
        Raises `ChainBroken` when it is not the object that its partition waits for, or nothing tells where it ended, and `BadObject` for a
        key that no raw object has.
        """
        place = parse_key(key)

        def enter() -> Landed:
            position = ledger(self._warehouse, self._statements)[0].get(place.partition)
            given_up = self._described(key, position.end if position else None, last_offset)
            row = ledger_row(given_up) | {"rows_loaded": 0, "set_aside_reason": reason}
            params = {"loads": json.dumps([row]), "state": "SET_ASIDE", "run_id": self._run_id, "now": self._clock.now()}
            self._warehouse.rows(self._statements["record_loads"], params)
            return given_up

        given_up = self._fence.hold(enter)
        self._merge.merge()
        return given_up

    def retry(self, key: str) -> Merged:
        """Load an object that was set aside, in one transaction. Winners of larger coordinates yield to its rows.

        Raises `ChainBroken` when it was not set aside or holds other offsets than the ledger says, `BadObject` and `LoadMismatch`
        when it still cannot be loaded; then it stays set aside.
        """
        landed = look(self._store, key)

        def load() -> Merged:
            rows = self._warehouse.rows(self._statements["ledger_row"], {"key": key})
            if not rows or rows[0]["STATE"] != "SET_ASIDE":
                raise ChainBroken(f"{key}: is {rows[0]['STATE'] if rows else 'not in the ledger'}, not SET_ASIDE")
            first, last = rows[0]["FIRST_OFFSET"], rows[0]["LAST_OFFSET"]
            if (landed.first_offset, landed.end - 1) != (first, last):
                raise ChainBroken(f"{key}: holds offsets {landed.first_offset} to {landed.end - 1}, the ledger says {first} to {last}")
            copy_into(self._warehouse, self._statements["copy_ticks"], {key: landed.meta.records})
            self._warehouse.rows(self._statements["forget_load"], {"key": key})
            params = {"loads": json.dumps([ledger_row(landed)]), "state": "COPIED", "run_id": self._run_id, "now": self._clock.now()}
            self._warehouse.rows(self._statements["record_loads"], params)
            return self._merge.merge_again(landed)

        return self._fence.hold(load)

    def blocking(self, topic: str, partition: Partition, position: Position) -> tuple[str, datetime] | None:
        """The key of the object that a stopped partition waits for, and when it (or, if it is gone, the one after it) landed.

        None when nothing has landed behind `position`.
        """
        key, modified = next(self._behind(topic, partition, position.end), (None, None))
        if key is None or modified is None:
            return None
        with suppress(BadObject):
            if look(self._store, key).chain_from > position.end:
                return _sibling(key, position.end), modified
        return key, modified

    def _described(self, key: str, end: int | None, last_offset: int | None) -> Landed:
        """What the object at `key` held, as a link that continues a chain ending at `end`."""
        place = parse_key(key)
        start = place.first_offset if end is None else end
        if place.first_offset < start:
            raise ChainBroken(f"{key}: the ledger of {place.partition} is at offset {start} already")
        try:
            found = look(self._store, key)
        except BadObject:
            if place.first_offset > start and self._store.head(key) is None:
                raise ChainBroken(f"{key}: is not there, and {place.partition} waits for offset {start}") from None
            last = self._end_before_next(place) - 1 if last_offset is None else last_offset
            if last < place.first_offset:
                raise ChainBroken(f"{key}: cannot have ended at offset {last}") from None
            return _unread(key, start, last, self._clock.now())
        why = None if end is None else why_broken(end, found)
        if why:
            raise ChainBroken(why)
        return found

    def _end_before_next(self, place: Place) -> int:
        for key, _ in self._behind(place.topic, place.partition, place.first_offset + 1):
            with suppress(BadObject):
                return look(self._store, key).chain_from
        raise ChainBroken(f"nothing tells where the object at offset {place.first_offset} of {place.partition} ended: say its last offset")

    def _behind(self, topic: str, partition: Partition, first: int) -> Iterator[tuple[str, datetime]]:
        """Keys of the partition that begin at `first` or later, and when they landed, in the order of their offsets."""
        found = []
        for each in self._store.list(partition_prefix(topic, partition)):
            with suppress(BadObject):
                offset = parse_key(each.key).first_offset
                if offset >= first:
                    found.append((offset, each.key, each.modified))
        return ((key, modified) for _, key, modified in sorted(found))


def _sibling(key: str, first_offset: int) -> str:
    """The key that an object of the same hour has whose first offset is `first_offset`."""
    return f"{key.rpartition('/')[0]}/{first_offset:020d}.parquet"


def _unread(key: str, chain_from: int, last_offset: int, now: datetime) -> Landed:
    """An object of which nothing is known but its key and where it ended. Its times are those of its key's hour."""
    place = parse_key(key)
    day, hour = key.split("/")[-3:-1]
    arrived = datetime.strptime(f"{day} {hour}", "dt=%Y-%m-%d hour=%H").replace(tzinfo=UTC)
    meta = ObjectMeta(
        first_offset=place.first_offset,
        last_offset=last_offset,
        chain_from=chain_from,
        records=last_offset + 1 - place.first_offset,
        rejects=0,
        first_kafka_time=arrived,
        last_kafka_time=arrived + timedelta(hours=1),
        min_event_time=None,
        max_event_time=None,
        max_received_at=None,
        schema_version=VERSION,
        sha256="",
        writer_id="",
        put_at=now,
        gap_reason=UNKNOWN if place.first_offset > chain_from else None,
    )
    return Landed(key, place.partition, "", 0, now, meta)
