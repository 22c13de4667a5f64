"""What the pages read of the warehouse's tables: each statement once for all sessions, and again only when there is news."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from dashboard.news import News
from dashboard.shared import Reading, Shared
from dashboard.trouble import explain
from ticklake.changes import Subject
from ticklake.clock import Clock
from ticklake.errors import WarehouseUnavailable
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

QUERIES = Path(__file__).parent / "queries"

KEPT = 256
"""Answers in memory; the one that nobody has asked for longest goes first."""

RETRY_S = 5.0
"""How long a question that failed is not asked again, and how long a warehouse that does not answer is left alone."""

Param = str | int | float | datetime | None


class Tables(Protocol):
    """What the pages read. Calls return within a moment and never raise for a warehouse in trouble."""

    def read(self, name: str, subject: Subject, **params: Param) -> Reading[pd.DataFrame]:
        """The answer to `queries/<name>.sql` with `params` for its `:names`, as new as the last change of `subject`.

        Columns are in upper case, times naive in UTC. The frame is shared by all sessions: take a copy to change it. Each
        set of params is an answer of its own, so a time belongs rounded.
        """
        ...

    def changed(self, subject: Subject) -> None:
        """This process has written tables of `subject`: whoever reads next sees it."""
        ...


class WarehouseTables:
    """Tables of a warehouse, shared by all sessions of this process."""

    def __init__(self, warehouse: Warehouse, worker: Executor, news: News, clock: Clock, queries: Path = QUERIES) -> None:
        """Statements run on `worker`, one after the other; `news` tells when one must be asked again."""
        self._warehouse, self._worker, self._news, self._clock = warehouse, worker, news, clock
        self._statements = Statements(queries)
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[object, ...], _Answer] = OrderedDict()
        self._silent_until = float("-inf")

    def read(self, name: str, subject: Subject, **params: Param) -> Reading[pd.DataFrame]:
        key = (name, *sorted(params.items()))
        with self._lock:
            answer = self._answers.get(key)
            if answer is None:
                answer = self._answers[key] = _Answer(lambda: self._ask(name, params), subject, self._worker, self._news, self._clock)
                if len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
            self._answers.move_to_end(key)
        return answer.get()

    def changed(self, subject: Subject) -> None:
        self._news.note(subject)

    def _ask(self, name: str, params: Mapping[str, Param]) -> pd.DataFrame:
        """Run a statement; a warehouse that has just not answered is not asked at all, or each page would wait for each of its panels."""
        if self._clock.monotonic() < self._silent_until:
            raise WarehouseUnavailable("the warehouse did not answer a moment ago")
        try:
            return self._warehouse.frame(self._statements[name], params)
        except WarehouseUnavailable:
            self._silent_until = self._clock.monotonic() + RETRY_S
            raise


class _Answer:
    """The answer to one statement with one set of params, and the version of its subject when it was asked."""

    def __init__(self, ask: Callable[[], pd.DataFrame], subject: Subject, worker: Executor, news: News, clock: Clock) -> None:
        self._ask, self._subject, self._news = ask, subject, news
        self._version = -1
        self._shared = Shared(self._renew, worker, clock, explain=explain)

    def get(self) -> Reading[pd.DataFrame]:
        return self._shared.get(self._max_age_s())

    def _renew(self, last: pd.DataFrame | None) -> pd.DataFrame:
        self._version = self._news.version(self._subject)  # before the question: what changes during it is asked for again
        return self._ask()

    def _max_age_s(self) -> float:
        if self._shared.last.problem is not None:
            return RETRY_S
        return self._news.max_age_s(self._subject) if self._version == self._news.version(self._subject) else 0.0
