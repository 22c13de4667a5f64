"""Ticks that are loaded already, put straight into the warehouse's file while it is stopped.

By COPY, twenty million would take minutes. What is here is what COPY and merge would have left: rows of RAW.TICKS and CURATED.TICKS in the order of their
arrival, ledger rows, watermarks, minute bars and latest prices. The objects themselves are not in the store, unless `put_objects` puts them there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from tests.bench.topics import PARTITIONS, SYMBOLS

_FILL = Path(__file__).parent / "sql" / "history.sql"


@dataclass(frozen=True)
class History:
    """`ticks` of a hundred symbols in turn, one each `step` from `begin` on; tick n is the n-th of the topic."""

    topic: str
    begin: datetime
    ticks: int
    step: timedelta = timedelta(milliseconds=1)
    object_rows: int = 20_000

    @property
    def end(self) -> datetime:
        return self.time(self.ticks)

    def time(self, n: int) -> datetime:
        """When tick n happens."""
        return self.begin + n * self.step

    def partition_end(self, partition: int) -> int:
        """The offset after the last one of a partition; objects go to the partitions in turn."""
        objects = self.ticks // self.object_rows
        return (objects // PARTITIONS + (partition < objects % PARTITIONS)) * self.object_rows


def midnight_before(now: datetime, length: timedelta) -> datetime:
    """The last midnight (UTC) since which so much time has passed."""
    return (now - length).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def fill(home: Path, history: History) -> None:
    """Put a history into the tables, all new and empty, of the stopped warehouse of the instance at `home`."""
    values = {
        "topic": history.topic,
        "begin": history.begin.replace(tzinfo=None),
        "ticks": history.ticks,
        "step_us": history.step // timedelta(microseconds=1),
        "symbols": SYMBOLS,
        "partitions": PARTITIONS,
        "object_rows": history.object_rows,
    }
    with closing(_database(home)) as database:
        for statement in duckdb.extract_statements(_FILL.read_text()):
            database.execute(statement, {name: values[name] for name in statement.named_parameters})
        database.execute("CHECKPOINT")


def put_objects(home: Path, bucket: str) -> None:
    """Lay an object for each ledger row, with the ledger's etag and no Parquet inside, where the stopped store of the instance at `home` keeps its objects.

    A hundred thousand PUTs would take minutes.
    """
    root = home / "store" / "000000000000" / bucket
    with closing(_database(home)) as database:
        ledger = database.execute("SELECT OBJECT_KEY, ETAG, SIZE_BYTES::INTEGER FROM OPS.LOADS").fetchall()
    modified = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    for path, etag, size in _placed(root, ledger):
        path.write_bytes(bytes(size))
        about = {"content_type": "application/octet-stream", "etag": f'"{etag}"', "last_modified": modified, "size": size}
        path.with_name(f"{path.name}.meta.json").write_text(json.dumps(about | {"key": str(path.relative_to(root))}))


def _placed(root: Path, ledger: list[tuple[str, str, int]]) -> Iterator[tuple[Path, str, int]]:
    for folder in {(root / key).parent for key, _, _ in ledger}:
        folder.mkdir(parents=True, exist_ok=True)
    for key, etag, size in ledger:
        yield root / key, etag, size


def _database(home: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(str(home / "warehouse" / "TICKLAKE.db"))
    database.execute("SET memory_limit = '4GB'; SET TimeZone = 'UTC'")
    return database
