"""An answer of the warehouse that is asked for again when its subject has changed and somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Generic, TypeVar

from dashboard.news import News
from dashboard.shared import Reading, Shared
from dashboard.trouble import explain
from ticklake.changes import Subject
from ticklake.clock import Clock

RETRY_S = 5.0
"""How long a question that failed is not asked again, and how long a warehouse that does not answer is left alone."""

T = TypeVar("T")


class Renewed(Generic[T]):
    """The newest answer to one question, and the version of its subject when it was asked. Safe for several threads."""

    def __init__(self, ask: Callable[[], T], subject: Subject, worker: Executor, news: News, clock: Clock, *, wait_s: float = 0.3) -> None:
        """`ask` runs on `worker` and may raise a `TicklakeError`. `wait_s` as in `Shared`."""
        self._ask, self._subject, self._news = ask, subject, news
        self._version = -1
        self._shared: Shared[T] = Shared(self._renew, worker, clock, wait_s=wait_s, explain=explain)

    @property
    def last(self) -> Reading[T]:
        """The newest answer, without asking for another."""
        return self._shared.last

    def get(self) -> Reading[T]:
        """The newest answer; one that its subject has overtaken is being renewed when this returns, if it is not new already."""
        return self._shared.get(self._max_age_s)

    def _renew(self, last: T | None) -> T:
        self._version = self._news.version(self._subject)  # before the question: what changes during it is asked for again
        return self._ask()

    def _max_age_s(self) -> float:
        if self._shared.last.problem is not None:
            return RETRY_S
        return self._news.max_age_s(self._subject) if self._version == self._news.version(self._subject) else 0.0
