"""What there is to restore from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ticklake.batch_lake import Kind
from ticklake.errors import BadObject
from ticklake.lake import Partition, parse_key, topic_prefix
from ticklake_io.store import Listed, ObjectStore, Stored

_DAY = re.compile(r"/dt=(\d{4}-\d\d-\d\d)/")
_YEAR = re.compile(r"batch/\w+/source=(?P<source>[a-z0-9_]+)/year=(?P<year>\d{4})/[^/]+\.parquet")


class Extent(NamedTuple):
    """Objects and their bytes."""

    objects: int = 0
    size: int = 0


@dataclass(frozen=True)
class Survey:
    """The raw objects of a topic by partition of each generation, and those of the batch feed by kind."""

    raw: Mapping[Partition, Extent]
    batch: Mapping[str, Extent]

    @property
    def raw_objects(self) -> int:
        return sum(each.objects for each in self.raw.values())


class Since:
    """A store whose raw objects begin with those that arrived on a day; all else is as it is."""

    def __init__(self, store: ObjectStore, first: date) -> None:
        self._store = store
        self._first = first.isoformat()

    def create(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        return self._store.create(key, body, headers)

    def head(self, key: str) -> Stored | None:
        return self._store.head(key)

    def read(self, key: str) -> bytes | None:
        return self._store.read(key)

    def write(self, key: str, body: bytes) -> None:
        self._store.write(key, body)

    def list(self, prefix: str, after: str | None = None) -> Iterator[Listed]:
        for each in self._store.list(prefix, after):
            day = _DAY.search(each.key)
            if day is None or day[1] >= self._first:
                yield each


def survey(store: ObjectStore, topic: str, kinds: tuple[Kind, ...]) -> Survey:
    """Count what the lake holds; objects that are not ours are left out. Raises what the store raises."""
    raw: dict[Partition, Extent] = {}
    for each in store.list(topic_prefix(topic)):
        try:
            partition = parse_key(each.key).partition
        except BadObject:
            continue
        objects, size = raw.get(partition, Extent())
        raw[partition] = Extent(objects + 1, size + each.size)
    batch = {kind.name: Extent() for kind in kinds}
    for kind in kinds:
        sizes = [each.size for each in store.list(f"batch/{kind.name}/") if _YEAR.fullmatch(each.key)]
        batch[kind.name] = Extent(len(sizes), sum(sizes))
    return Survey(dict(sorted(raw.items())), batch)


def years(store: ObjectStore, kind: Kind) -> list[tuple[str, int]]:
    """The sources of a kind's objects with their years, in order. Raises what the store raises."""
    found = (_YEAR.fullmatch(each.key) for each in store.list(f"batch/{kind.name}/"))
    return sorted({(match["source"], int(match["year"])) for match in found if match})
