"""A partition that is ours: its open records, the upload under way, and how far the lake has it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import NamedTuple

from streaming.consumer.buffer import Batch, Buffer
from streaming.consumer.writer import Landed
from streaming.log import place
from ticklake.errors import Stop, TicklakeError

_RECORD_BYTES = 200
"""What a record takes in memory beside its key and value."""


class Upload(NamedTuple):
    """A batch on its way to the store. Its future gives None when it was given up."""

    batch: Batch
    future: Future[Landed | None]

    def result(self) -> Landed | None:
        """What it has come to. Raises what it raised, and `Stop` for what nobody foresaw: the same batch would do it again and again."""
        try:
            return self.future.result()
        except TicklakeError:
            raise
        except Exception as error:
            offsets = f"partition {self.batch.partition}, offsets {self.batch.first_offset} to {self.batch.end - 1}"
            raise Stop(f"{offsets} cannot be written: {type(error).__name__} at {place(error)}") from error


@dataclass
class Owned:
    """`landed` is where its last object ends; `since` when the oldest record was polled that is landed and not committed (monotonic seconds)."""

    buffer: Buffer
    landed: int
    since: float | None = None
    upload: Upload | None = None
    given_up: threading.Event = field(default_factory=threading.Event)

    @property
    def busy(self) -> bool:
        """Whether it holds records that are not landed."""
        return self.upload is not None or len(self.buffer) > 0

    def submit(self, workers: Executor, land: Callable[[Batch, threading.Event], Landed | None]) -> None:
        """Cut the next batch and let a worker land it."""
        batch = self.buffer.cut()
        self.upload = Upload(batch, workers.submit(land, batch, self.given_up))

    def size(self) -> int:
        """About the bytes of memory that its records take."""
        sizes, records = (self.upload.batch.size, len(self.upload.batch.records)) if self.upload else (0, 0)
        return sizes + self.buffer.size + _RECORD_BYTES * (records + len(self.buffer))

    def held_since(self) -> float | None:
        """When its oldest record was polled that is not committed; None when there is none."""
        if self.since is not None:
            return self.since
        return self.upload.batch.since if self.upload else self.buffer.since
