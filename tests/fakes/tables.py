"""Tables without a warehouse: what a test puts in is what the pages read."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard.shared import Reading
from dashboard.tables import Param
from tests.fakes.market_data import NOW
from ticklake.changes import Subject

Answer = pd.DataFrame | str
"""A frame, or the problem for which there is none."""


class FakeTables:
    """Answers by name, or by name and params where a test cares; `asked` are the questions, in their order."""

    def __init__(self, answers: dict[str, Answer] | None = None) -> None:
        self._answers: dict[tuple[Any, ...], Answer] = {(name,): answer for name, answer in (answers or {}).items()}
        self.asked: list[tuple[str, Subject, dict[str, Param]]] = []
        self.changes: list[Subject] = []

    def put(self, name: str, answer: Answer, **params: Param) -> None:
        """From now on `name` is answered so: with exactly these params, or, without any, whatever the params."""
        self._answers[name, *sorted(params.items())] = answer

    def read(self, name: str, subject: Subject, **params: Param) -> Reading[pd.DataFrame]:
        """Raises `KeyError` for what the test has not put in."""
        self.asked.append((name, subject, params))
        exact = (name, *sorted(params.items()))
        answer = self._answers[exact] if exact in self._answers else self._answers[name,]
        return Reading(None, answer) if isinstance(answer, str) else Reading(answer, None, NOW)

    def changed(self, subject: Subject) -> None:
        self.changes.append(subject)
