"""Where a partition's chain stands, so that a new owner goes on exactly there."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from ticklake import lake
from ticklake.errors import BadObject, ChainBroken, StoreUnavailable
from ticklake.lake import ObjectMeta, Partition
from ticklake_io.records import RecordSource
from ticklake_io.store import ObjectStore

_log = structlog.get_logger()


def chain_end(source: RecordSource, store: ObjectStore, topic: str, partition: Partition) -> int:
    """The offset at which the partition's next object begins.

    A commit of ours names the object that it follows and is taken at its word; anything else (no commit, an offset
    set by hand) is settled by the lake itself: the last object is read again, and adopted as any other, because its
    writer may have died before its dead letters were sent. With an empty lake the chain begins at the oldest record.
    Raises `ChainBroken` when offsets were committed beyond what the lake holds; not for those of an earlier life of the
    topic, which a consumer may have committed in the moment of its end.
    """
    committed = source.committed(partition.id)
    prefix = lake.partition_prefix(topic, partition)
    if committed and committed.note.startswith(prefix):
        return committed.offset
    last = _last_in_lake(store, prefix)
    if last is None:
        if committed and not _of_another_life(committed.note, partition):
            raise ChainBroken(f"{prefix}: offset {committed.offset} is committed, but the lake has no object; restore the bucket or delete the group's offsets")
        return source.first_offset(partition.id)
    readable = source.first_offset(partition.id) <= last.first_offset and last.end <= source.end_offset(partition.id)
    return last.chain_from if readable else last.end


def _of_another_life(note: str, partition: Partition) -> bool:
    """Whether a commit names an object of another generation."""
    try:
        return lake.parse_key(note).partition.generation != partition.generation
    except BadObject:
        return False


def _last_in_lake(store: ObjectStore, prefix: str) -> ObjectMeta | None:
    """The object with the largest first offset; hours can run backwards, so all keys are looked at."""
    last = max(_raw_keys(store, prefix), key=lambda key: lake.parse_key(key).first_offset, default=None)
    if last is None:
        return None
    found = store.head(last)
    if found is None:
        raise StoreUnavailable(f"{last} is listed but is not there")
    return ObjectMeta.parse(last, found.headers)


def _raw_keys(store: ObjectStore, prefix: str) -> Iterator[str]:
    for listed in store.list(prefix):
        try:
            lake.parse_key(listed.key)
        except BadObject:
            _log.warning("foreign_object", key=listed.key)
        else:
            yield listed.key
