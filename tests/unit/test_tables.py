"""One statement per change for all who look; none when nothing has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dashboard.news import News
from dashboard.renewed import RETRY_S
from dashboard.tables import KEPT, WAIT_S, WarehouseTables
from tests.fakes.clock import ManualClock
from ticklake.changes import Subject
from ticklake.errors import TicklakeError, WarehouseRefused, WarehouseUnavailable

PATIENCE_S = 30.0


class CountingWarehouse:
    """Answers with the number of questions so far, or raises what the test says."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.error: TicklakeError | None = None
        self.meanwhile: Callable[[], None] | None = None

    def rows(self, sql: str, params: Any = None) -> list[dict[str, Any]]:
        raise NotImplementedError

    def frame(self, sql: str, params: Any = None) -> pd.DataFrame:
        self.asked.append((sql, params))
        if self.error:
            raise self.error
        if self.meanwhile:
            self.meanwhile()
        return pd.DataFrame({"N": [len(self.asked)]})

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()


class Desk:
    """Tables over a warehouse that counts, with one statement."""

    def __init__(self, folder: Path) -> None:
        (folder / "risk.sql").write_text("SELECT 1")
        self.warehouse, self.clock, self.news = CountingWarehouse(), ManualClock(), News(PATIENCE_S)
        self.worker = ThreadPoolExecutor(1)
        self.tables = WarehouseTables(self.warehouse, self.worker, self.news, self.clock, folder)

    def read(self, **params: int) -> int:
        """The number of the question whose answer is shown now."""
        value = self.tables.read("risk", Subject.ANALYTICS, **params).value
        self.settle()
        assert value is not None
        return int(value["N"].iloc[0])

    def settle(self) -> None:
        self.worker.submit(int).result()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.worker.shutdown()


def test_what_has_not_changed_is_not_asked_for_again(desk: Desk) -> None:
    desk.news.listen(True)
    for _ in range(5):
        assert desk.read() == 1
        desk.clock.advance(3600)
    desk.news.note(Subject.QUALITY)
    assert desk.read() == 1


def test_a_change_is_asked_for_once_and_when_somebody_looks(desk: Desk) -> None:
    desk.news.listen(True)
    assert desk.read() == 1
    desk.news.note(Subject.ANALYTICS)
    desk.tables.changed(Subject.ANALYTICS)
    assert len(desk.warehouse.asked) == 1
    assert [desk.read() for _ in range(3)] == [2, 2, 2]


@pytest.mark.parametrize(("name", "subject", "shown"), [("pipeline_bar", Subject.TICKS, 2), ("mine", Subject.APP, 2), ("risk", Subject.ANALYTICS, 1)])
def test_evidence_and_what_was_written_are_waited_for(desk: Desk, tmp_path: Path, name: str, subject: Subject, shown: int) -> None:
    (tmp_path / f"{name}.sql").write_text("SELECT 1")
    desk.news.listen(True)
    desk.tables.read(name, subject)
    desk.news.note(subject)
    busy = threading.Event()
    desk.worker.submit(busy.wait)
    threading.Timer(2 * WAIT_S, busy.set).start()
    found = desk.tables.read(name, subject).value
    desk.settle()
    assert found is not None
    assert found["N"].tolist() == [shown]


def test_twenty_readers_cost_no_more_than_one(desk: Desk) -> None:
    desk.news.listen(True)
    with ThreadPoolExecutor(20) as sessions:
        for _ in range(3):
            desk.news.note(Subject.ANALYTICS)
            list(sessions.map(lambda _: desk.tables.read("risk", Subject.ANALYTICS), range(20)))
            desk.settle()
    assert len(desk.warehouse.asked) == 3


def test_unheard_changes_are_asked_for_in_their_time(desk: Desk) -> None:
    assert desk.read() == 1
    desk.clock.advance(PATIENCE_S - 1)
    assert desk.read() == 1
    desk.clock.advance(1)
    assert desk.read() == 2
    desk.news.listen(True)  # who knows what was missed
    assert desk.read() == 3


def test_an_overdue_change_is_asked_for_in_its_time(desk: Desk) -> None:
    desk.news.listen(True)
    assert desk.read() == 1
    desk.clock.advance(PATIENCE_S)
    desk.news.expect(frozenset({Subject.TICKS}))
    assert desk.read() == 1
    desk.news.expect(frozenset({Subject.ANALYTICS}))
    assert desk.read() == 2
    assert desk.read() == 2


def test_a_change_during_the_question_is_not_lost(desk: Desk) -> None:
    desk.news.listen(True)
    desk.warehouse.meanwhile = lambda: desk.news.note(Subject.ANALYTICS)
    assert desk.read() == 1
    desk.warehouse.meanwhile = None
    assert [desk.read(), desk.read()] == [2, 2]


def test_each_set_of_params_is_an_answer_of_its_own_and_only_so_many_are_kept(desk: Desk) -> None:
    desk.news.listen(True)
    assert (desk.read(window=1), desk.read(window=2), desk.read(window=1)) == (1, 2, 1)
    assert desk.warehouse.asked[0] == ("SELECT 1", {"window": 1})
    for window in range(3, KEPT + 2):
        desk.read(window=window)
    assert desk.read(window=2) == KEPT + 2


def test_a_warehouse_that_does_not_answer_is_left_alone_and_the_last_answer_stays(desk: Desk) -> None:
    desk.news.listen(True)
    assert desk.read() == 1
    desk.warehouse.error = WarehouseUnavailable("connection refused")
    desk.news.note(Subject.ANALYTICS)
    for window in range(5):
        desk.tables.read("risk", Subject.ANALYTICS, window=window)
    assert desk.read() == 1
    assert len(desk.warehouse.asked) == 2
    reading = desk.tables.read("risk", Subject.ANALYTICS)
    assert reading.problem == "The warehouse does not answer. Run ticklake status to see what is down; this recovers by itself."
    assert reading.at == desk.clock.now()
    desk.warehouse.error = None
    desk.clock.advance(RETRY_S)
    assert desk.read() == 3
    assert desk.tables.read("risk", Subject.ANALYTICS).problem is None


def test_a_refused_question_names_its_cause_and_is_asked_again(desk: Desk) -> None:
    desk.news.listen(True)
    desk.warehouse.error = WarehouseRefused("table RISK does not exist", "42S02")
    reading = desk.tables.read("risk", Subject.ANALYTICS)
    assert reading.value is None
    assert reading.problem == "The warehouse refuses the question: table RISK does not exist. Check the rights of the dashboard's role."
    assert desk.tables.read("risk", Subject.ANALYTICS).problem
    assert len(desk.warehouse.asked) == 1
    desk.warehouse.error = None
    desk.clock.advance(RETRY_S)
    assert desk.read() == 2
