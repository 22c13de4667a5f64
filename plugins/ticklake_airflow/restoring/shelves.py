"""Where copies lie, and how old the newest of the daily ones is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from ticklake.errors import ConfigError
from ticklake_io.store import ObjectStore

MANIFEST = "manifest.json"
"""Written last: without it there is no backup."""
DAILY = "backup/daily"
"""Where in the lake's bucket the daily ones lie; infra/lake/lifecycle.yaml says how long."""

_NAME = "%Y-%m-%dT%H-%M-%SZ"


class Shelf(Protocol):
    """Where copies lie. Names have no folders."""

    def create(self, name: str, body: bytes) -> bool:
        """Create a file; False when there is one of this name."""
        ...

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None when there is none."""
        ...


class FolderShelf:
    """A directory that only its owner may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str, body: bytes) -> bool:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._folder / name).open("xb") as file:
                (self._folder / name).chmod(0o600)
                file.write(body)
        except FileExistsError:
            return False
        except OSError as error:
            raise ConfigError(f"{self._folder} cannot be written: {error.strerror}") from error
        return True

    def read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return None


class StoreShelf:
    """Objects under a prefix of a bucket."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store, self._prefix = store, prefix.strip("/")

    def create(self, name: str, body: bytes) -> bool:
        return self._store.create(f"{self._prefix}/{name}", body, {})

    def read(self, name: str) -> bytes | None:
        return self._store.read(f"{self._prefix}/{name}")


def folder(place: str, now: datetime) -> str:
    """The folder of a backup of `now` at a place; folders sort by time."""
    return f"{place.rstrip('/')}/{now.astimezone(UTC):{_NAME}}"


def newest(store: ObjectStore) -> datetime | None:
    """When the newest daily backup of a bucket was begun; None when there is none. Raises what the store raises."""
    whole = [each.key for each in store.list(f"{DAILY}/") if each.key.endswith(f"/{MANIFEST}")]
    return datetime.strptime(whole[-1].split("/")[-2], _NAME).replace(tzinfo=UTC) if whole else None
