"""An object store in memory, as strict as S3 where the platform relies on it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from ticklake.clock import Clock, SystemClock
from ticklake_io.store import Listed, Stored


class MemoryStore:
    """One bucket. Safe for several threads."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._objects: dict[str, tuple[bytes, Mapping[str, str], datetime]] = {}
        self._lock = threading.Lock()

    def create(self, key: str, body: bytes, headers: Mapping[str, str]) -> bool:
        with self._lock:
            if key in self._objects:
                return False
            self._objects[key] = (body, dict(headers), self._second())
            return True

    def head(self, key: str) -> Stored | None:
        held = self._objects.get(key)
        if held is None:
            return None
        body, headers, modified = held
        return Stored(key, _etag(body), len(body), modified, headers)

    def read(self, key: str) -> bytes | None:
        held = self._objects.get(key)
        return held[0] if held else None

    def write(self, key: str, body: bytes) -> None:
        with self._lock:
            self._objects[key] = (body, {}, self._second())

    def list(self, prefix: str, after: str | None = None) -> Iterator[Listed]:
        with self._lock:
            keys = sorted(key for key in self._objects if key.startswith(prefix) and (after is None or key > after))
        for key in keys:
            body, _, modified = self._objects[key]
            yield Listed(key, _etag(body), len(body), modified)

    def remove(self, key: str) -> None:
        """Lose an object; for tests of damage only."""
        with self._lock:
            del self._objects[key]

    def _second(self) -> datetime:
        return self._clock.now().astimezone(UTC).replace(microsecond=0)


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
