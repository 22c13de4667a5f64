"""Creates raw objects, each exactly once, and takes over what another writer created first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog

from streaming.consumer.buffer import Batch
from streaming.consumer.encoder import Encoded
from ticklake.clock import Clock
from ticklake.errors import BadObject, ChainBroken, StoreUnavailable
from ticklake.lake import ObjectMeta
from ticklake_io.store import ObjectStore

_log = structlog.get_logger()

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True)
class Landed:
    """An object that is durable, its `size` in bytes and its rejected rows (None: it has none). `adopted`: another writer had made it, so its end need not
    be the batch's."""

    key: str
    meta: ObjectMeta
    size: int
    rejected: pa.Table | None
    adopted: bool


class Writer:
    """Creates the objects of batches. Safe for several threads. `on_put` hears how long each try took, and why it failed (empty: it did not)."""

    def __init__(
        self, store: ObjectStore, encode: Callable[[Batch], Encoded], clock: Clock, on_put: Callable[[float, str], None] = lambda _seconds, _error: None
    ) -> None:
        self._store = store
        self._encode = encode
        self._clock = clock
        self._on_put = on_put

    def write(self, batch: Batch, given_up: threading.Event) -> Landed | None:
        """Create the batch's object, trying until it is there; None when `given_up` is set before.

        An object of that key that exists already is ours, when an answer was lost, or another writer's: then its
        contents are as good, because both read the same records, and it is adopted.
        Raises `ChainBroken` when the object there does not continue the same chain, and what `encode` raises.
        """
        encoded = self._encode(batch)
        pause = _FIRST_PAUSE_S
        while not given_up.is_set():
            began = self._clock.monotonic()
            try:
                landed = self._create(encoded)
                self._on_put(self._clock.monotonic() - began, "")
                return landed
            except StoreUnavailable as error:
                self._on_put(self._clock.monotonic() - began, str(error))
                _log.warning("store_unavailable", reason=str(error), key=encoded.key, again_in_s=pause)
            given_up.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        return None

    def _create(self, encoded: Encoded) -> Landed:
        meta = replace(encoded.meta, put_at=self._clock.now())
        if self._store.create(encoded.key, encoded.body, meta.headers()):
            return Landed(encoded.key, meta, len(encoded.body), encoded.rejected, adopted=False)
        found = self._store.head(encoded.key)
        if found is None:
            raise StoreUnavailable(f"{encoded.key} is said to exist but is not there")
        there = ObjectMeta.parse(encoded.key, found.headers)
        if (there.sha256, there.writer_id) == (meta.sha256, meta.writer_id):
            return Landed(encoded.key, there, found.size, encoded.rejected, adopted=False)
        if there.chain_from != meta.chain_from:
            raise ChainBroken(f"{encoded.key} continues offset {there.chain_from}, this consumer expected {meta.chain_from}; look at `ticklake verify`")
        return Landed(encoded.key, there, found.size, self._rejected(encoded.key, there), adopted=True)

    def _rejected(self, key: str, meta: ObjectMeta) -> pa.Table | None:
        """The rejected rows of an adopted object: its writer may have died before it could send its dead letters."""
        if not meta.rejects:
            return None
        body = self._store.read(key)
        if body is None:
            raise StoreUnavailable(f"{key} is not there any more")
        try:
            table = pq.read_table(pa.BufferReader(body))
        except pa.ArrowInvalid as error:
            raise BadObject(key, f"is no Parquet: {error}") from error
        return table.filter(pc.is_valid(table["REJECT_REASON"]))
