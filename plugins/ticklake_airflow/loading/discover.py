"""Finds the raw objects that are new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import structlog

from ticklake.chain import why_broken
from ticklake.errors import BadObject, BrokerUnavailable
from ticklake.lake import ObjectMeta, Partition, generation_key, parse_key, partition_prefix, topic_prefix
from ticklake_airflow.loading.model import Found, Landed, Position, Positions
from ticklake_io.store import Listed, ObjectStore

log = structlog.get_logger()

THREADS = 8
MOST_OBJECTS = 1_000
"""Of one round, all partitions together; what is beyond it waits for the next round."""


class CommittedOffsets(Protocol):
    """What the lake's consumer group has committed."""

    def read(self) -> Mapping[int, int]:
        """The next offset by partition number of the topic as it is now. Raises `BrokerUnavailable`."""
        ...


class Discovery:
    """Lists each partition after its last known key, and in full when what is there contradicts the chain."""

    def __init__(self, store: ObjectStore, topic: str, committed: CommittedOffsets, most_objects: int = MOST_OBJECTS) -> None:
        self._store = store
        self._topic = topic
        self._committed = committed
        self._most = most_objects

    def find(self, positions: Positions) -> Found:
        """New objects beyond `positions`, whose partitions may be few, stale or none at all."""
        listed = self._listed_after(positions)
        stopped: dict[Partition, str] = {}
        for partition, offset in self._lagging(positions, listed).items():
            listed[partition] = self._listed_in_full(partition, positions)
            if not listed[partition] and not self._has_successor(partition):
                stopped[partition] = f"{partition}: offset {offset} is committed, but the lake ends at {positions[partition].end}"
        found = {partition: objects for partition, objects in listed.items() if objects}
        most = max(1, self._most // max(1, len(found)))
        objects: dict[Partition, list[Landed]] = {}
        with ThreadPoolExecutor(THREADS) as pool:
            for partition, all_new in found.items():
                landed, why = self._landed(pool, all_new[:most])
                position = positions.get(partition)
                if position and not (landed and why_broken(position.end, landed[0]) is None):
                    all_new = self._listed_in_full(partition, positions)
                    landed, why = self._landed(pool, all_new[:most])
                found[partition] = all_new
                objects[partition] = landed
                if why:
                    stopped[partition] = why
        return Found(objects, stopped, more=any(len(all_new) > most for partition, all_new in found.items() if partition not in stopped))

    def _listed_after(self, positions: Positions) -> dict[Partition, list[Listed]]:
        """New objects of every partition, in the order of their offsets.

        One walk over the topic, which skips what is known; so a partition that nobody knew shows by itself.
        """
        new: dict[Partition, list[Listed]] = {}
        after: str | None = None
        while True:
            behind = after
            for partition, listed in self._in_lake(topic_prefix(self._topic), after):
                position = positions.get(partition)
                if position and listed.key <= position.key:
                    after = position.key
                    break
                new.setdefault(partition, []).append(listed)
            if after == behind:
                return {partition: _beyond(positions.get(partition), objects) for partition, objects in new.items()}

    def _in_lake(self, prefix: str, after: str | None) -> Iterator[tuple[Partition, Listed]]:
        for listed in self._store.list(prefix, after):
            try:
                yield parse_key(listed.key).partition, listed
            except BadObject:
                log.warning("foreign_object", key=listed.key)

    def _listed_in_full(self, partition: Partition, positions: Positions) -> list[Listed]:
        """An arrival hour that ran backwards put an object before the last known key."""
        log.info("partition_listed_in_full", partition=str(partition))
        return _beyond(positions.get(partition), [listed for _, listed in self._in_lake(partition_prefix(self._topic, partition), None)])

    def _lagging(self, positions: Positions, listed: Mapping[Partition, Sequence[Listed]]) -> dict[Partition, int]:
        """Partitions in which nothing was found, though offsets were committed beyond their end; and these offsets."""
        newest = max((partition.generation for partition in positions), default=0)
        idle = [partition for partition in positions if partition.generation == newest and not listed.get(partition)]
        if not idle:
            return {}
        try:
            committed = self._committed.read()
        except BrokerUnavailable as error:
            log.warning("committed_offsets_unknown", reason=str(error))
            return {}
        behind = [partition for partition in idle if committed.get(partition.id, 0) > positions[partition].end]
        # The object may have landed after our listing and been committed since: a short listing spares the full one.
        return {partition: committed[partition.id] for partition in behind if not self._landed_meanwhile(partition, positions[partition])}

    def _has_successor(self, partition: Partition) -> bool:
        """Whether the topic was recreated meanwhile: then what is committed is not this partition's."""
        return self._store.head(generation_key(self._topic, partition.generation + 1)) is not None

    def _landed_meanwhile(self, partition: Partition, position: Position) -> bool:
        return bool(_beyond(position, [listed for _, listed in self._in_lake(partition_prefix(self._topic, partition), position.key)]))

    def _landed(self, pool: ThreadPoolExecutor, listed: Sequence[Listed]) -> tuple[list[Landed], str | None]:
        """The objects with their metadata, up to the first bad one; and why that one is bad."""
        landed: list[Landed] = []
        for each in pool.map(self._head, listed):
            if isinstance(each, BadObject):
                return landed, str(each)
            landed.append(each)
        return landed, None

    def _head(self, listed: Listed) -> Landed | BadObject:
        try:
            return look(self._store, listed.key)
        except BadObject as error:
            return error


def look(store: ObjectStore, key: str) -> Landed:
    """The object at `key`. Raises `BadObject` when it is not there or its metadata is malformed."""
    stored = store.head(key)
    if stored is None:
        raise BadObject(key, "is not there")
    meta = ObjectMeta.parse(key, stored.headers)
    return Landed(key, parse_key(key).partition, stored.etag, stored.size, max(stored.modified, meta.put_at), meta)


def _beyond(position: Position | None, objects: Sequence[Listed]) -> list[Listed]:
    """The objects that begin at or behind the position's end, in the order of their offsets."""
    end = position.end if position else 0
    ordered = sorted((parse_key(each.key).first_offset, each.key, each) for each in objects)
    return [each for first, _, each in ordered if first >= end]
