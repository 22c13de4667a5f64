"""The fence: who finds it held backs off, ends a writer that is overdue, and gives up in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.fakes.clock import ManualClock
from ticklake.errors import WarehouseBusy, WarehouseRefused
from ticklake_airflow.loading.fence import HOLD_LIMIT_S, LONGEST_PAUSE_S, Fence
from ticklake_io.sql import Params, Statements
from ticklake_io.warehouse import Row


class LeaseWarehouse:
    """Knows the fence's statements by name; the first `busy` tries to take the fence fail."""

    session_id = "me"

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy
        self.overdue: list[Row] = []
        self.refuses_to_end = False
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.ended: list[str] = []

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        self.asked.append((sql, dict(params or {})))
        if sql == "take_fence" and self.busy:
            self.busy -= 1
            raise WarehouseBusy("held")
        if sql == "end_session" and self.refuses_to_end:
            raise WarehouseRefused("no right")
        return self.overdue if sql == "overdue" else []

    def frame(self, sql: str, params: Params | None = None) -> pd.DataFrame:
        raise NotImplementedError

    @contextmanager
    def transaction(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.ended.append("rollback")
            raise
        self.ended.append("commit")

    def values_of(self, name: str) -> list[dict[str, Any]]:
        return [values for asked, values in self.asked if asked == name]


@pytest.fixture
def statements(tmp_path: Path) -> Statements:
    """Statements that are their own names."""
    for name in ("announce", "take_fence", "overdue", "end_session"):
        (tmp_path / f"{name}.sql").write_text(name)
    return Statements(tmp_path)


def hold(warehouse: LeaseWarehouse, statements: Statements, clock: ManualClock, timeout_s: float = 60.0) -> str:
    return Fence(warehouse, statements, clock, "me", timeout_s).hold(lambda: "done")


def test_a_free_fence_is_announced_taken_and_committed(statements: Statements) -> None:
    warehouse, clock = LeaseWarehouse(), ManualClock()
    assert hold(warehouse, statements, clock) == "done"
    assert [name for name, _ in warehouse.asked] == ["announce", "take_fence"]
    assert warehouse.values_of("announce") == [{"holder": "me", "session_id": "me", "deadline": clock.now() + timedelta(seconds=HOLD_LIMIT_S)}]
    assert warehouse.ended == ["commit"]


def test_who_finds_it_held_rolls_back_and_pauses_longer_each_time_up_to_a_limit(statements: Statements, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse, clock = LeaseWarehouse(busy=7), ManualClock()
    pauses: list[float] = []
    monkeypatch.setattr(clock, "sleep", pauses.append)
    monkeypatch.setattr("ticklake_airflow.loading.fence.random.uniform", lambda low, high: high)
    assert hold(warehouse, statements, clock) == "done"
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert warehouse.ended == ["rollback"] * 7 + ["commit"]


def test_a_fence_that_stays_held_is_given_up_in_time(statements: Statements) -> None:
    clock = ManualClock()
    begun = clock.monotonic()
    with pytest.raises(WarehouseBusy):
        hold(LeaseWarehouse(busy=1_000), statements, clock, timeout_s=10.0)
    assert 10.0 <= clock.monotonic() - begun <= 10.0 + LONGEST_PAUSE_S


@pytest.mark.parametrize("refuses", [False, True])
def test_an_overdue_writer_is_ended_and_a_refusal_of_that_ends_nobody_else(statements: Statements, refuses: bool) -> None:
    warehouse, clock = LeaseWarehouse(busy=1), ManualClock()
    warehouse.overdue, warehouse.refuses_to_end = [{"HOLDER": "dead", "SESSION_ID": "s-1"}], refuses
    asked_at = clock.now()
    assert hold(warehouse, statements, clock) == "done"
    assert warehouse.values_of("overdue") == [{"now": asked_at}]
    assert warehouse.values_of("end_session") == [{"session_id": "s-1"}]
