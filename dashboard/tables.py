"""What the pages read of the warehouse's tables: each statement once for all sessions, and again only when there is news."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from dashboard.news import News
from dashboard.renewed import RETRY_S, Renewed
from dashboard.shared import Reading
from ticklake.changes import Subject
from ticklake.clock import Clock
from ticklake.errors import WarehouseUnavailable
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Warehouse

QUERIES = Path(__file__).parent / "queries"

KEPT = 256
"""Answers in memory; the one that nobody has asked for longest goes first."""

WAIT_S, PATIENT_WAIT_S = 0.3, 3.0
"""How long a newer answer is waited for. Who has just written a line looks for it, and a paused page would not show it later; evidence is
compared at once, and half a minute passes before it is drawn again."""

_EVIDENCE = frozenset({"pipeline_bar", "pipeline_ticks", "pipeline_objects"})

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
        self._answers: OrderedDict[tuple[object, ...], Renewed[pd.DataFrame]] = OrderedDict()
        self._silent_until = float("-inf")

    def read(self, name: str, subject: Subject, **params: Param) -> Reading[pd.DataFrame]:
        key = (name, *sorted(params.items()))
        with self._lock:
            answer = self._answers.get(key)
            if answer is None:
                wait_s = PATIENT_WAIT_S if subject is Subject.APP or name in _EVIDENCE else WAIT_S
                answer = Renewed(lambda: self._ask(name, params), subject, self._worker, self._news, self._clock, wait_s=wait_s)
                self._answers[key] = answer
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
