"""What settling is told, and what it tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ticklake.errors import ConfigError
from ticklake.lake import Partition, partition_prefix, topic_prefix

MOST_LINES = 100
"""Of a report; the counts are complete."""


@dataclass(frozen=True, order=True)
class Hour:
    """An hour of arrival: the objects whose first record the broker took in it. `start` is UTC."""

    start: datetime

    @classmethod
    def parse(cls, text: str) -> Hour:
        """The hour that a text such as 2026-11-23T14 names. Raises `ConfigError` for any other text."""
        try:
            return cls(datetime.strptime(text, "%Y-%m-%dT%H").replace(tzinfo=UTC))
        except ValueError:
            raise ConfigError(f"'{text}' is no hour of arrival; one looks like 2026-11-23T14 (UTC)") from None

    @classmethod
    def of(cls, key: str) -> Hour:
        """The hour of a raw object's key."""
        day, hour = key.split("/")[-3:-1]
        return cls.parse(f"{day.removeprefix('dt=')}T{hour.removeprefix('hour=')}")

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H}"

    def prefix(self, topic: str, partition: Partition) -> str:
        """Prefix of a partition's objects of this hour."""
        return f"{partition_prefix(topic, partition)}{self._folder}"

    def pattern(self, topic: str) -> str:
        """The keys of all objects of this hour, as SQL's LIKE has it."""
        return f"{topic_prefix(topic)}g%/p%/{self._folder}%"

    @property
    def _folder(self) -> str:
        return f"{self.start:dt=%Y-%m-%d/hour=%H}/"


@dataclass(frozen=True)
class Difference:
    """Something that a table holds otherwise than what it is made of says: `n` rows of `subject`."""

    table: str
    subject: str
    what: str
    n: int = 1

    def __str__(self) -> str:
        return f"{self.table}: {self.subject}: {self.what}"


@dataclass(frozen=True)
class SettleReport:
    """What settling an hour found.

    `objects` and `rows` were proven against the bytes in the lake; `pending` objects are not merged yet. `differences` counts rows
    by table and `lines` names what differed; `changed` says whether that was put right (or rebuilt). `unsettled` names what
    cannot be put right from the lake.
    """

    hour: str
    rebuild: bool
    dry_run: bool
    objects: int = 0
    rows: int = 0
    pending: int = 0
    differences: Mapping[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    changed: bool = False
    unsettled: list[str] = field(default_factory=list)
    seconds: float = 0.0


def counted(differences: Iterable[Difference]) -> dict[str, int]:
    """Rows that differ, by table."""
    counts: Counter[str] = Counter()
    for each in differences:
        counts[each.table] += each.n
    return dict(sorted(counts.items()))
