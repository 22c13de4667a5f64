"""Status says what it knows when one keeper does not answer, and why it does not know the rest."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from tests.fakes.memory_store import MemoryStore
from tests.fixtures import services
from ticklake.errors import StoreUnavailable, WarehouseUnavailable
from ticklake.freshness import Reading
from ticklake_cli import status
from ticklake_io import producing, readings
from ticklake_io.sql import Params
from ticklake_io.warehouse import Row, SnowflakeWarehouse

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def refusing(error: Exception) -> object:
    def refuse(*_: object) -> NoReturn:
        raise error

    return refuse


class NoWarehouse(SnowflakeWarehouse):
    """Does not answer."""

    def rows(self, sql: str, params: Params | None = None) -> list[Row]:
        raise WarehouseUnavailable("the warehouse does not answer: refused")


def looked() -> readings.Look:
    return readings.look(services.settings(), MemoryStore(), NoWarehouse(pytest.fail), NOW, lambda: True)


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TICKLAKE_HOME", str(tmp_path))
    monkeypatch.setattr(status, "open_store", lambda _: MemoryStore())
    monkeypatch.setattr(readings, "read_stream", lambda *_: readings.Stream(generation=1, ends={0: 7, 1: 5}, newest=NOW))
    monkeypatch.setattr(producing, "ask", lambda _: producing.Producing())
    monkeypatch.setattr(status, "open_warehouse", lambda *_, **__: NoWarehouse(pytest.fail))


def test_without_the_warehouse_the_lag_and_the_other_hops_are_told() -> None:
    seen = looked()
    assert seen.readings == {"event": Reading(0.0, 0.0), "lake": Reading(None, 0.0), "warehouse": Reading(None, None)}
    assert seen.lag == {"market.ticks": 12}
    assert str(seen.fault) == "the warehouse does not answer: refused"


def test_without_the_store_nothing_is_told_but_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "read_stream", refusing(StoreUnavailable("the store does not answer")))
    seen = looked()
    assert set(seen.readings.values()) == {Reading(None, None)}
    assert (seen.lag, str(seen.fault)) == ({}, "the store does not answer")


def test_the_reason_is_in_the_hop_s_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run(argparse.Namespace(json=False), services.settings()) == 1
    assert "cannot be told: the warehouse does not answer: refused" in capsys.readouterr().out


def test_where_no_instance_is_only_what_answers_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    status.run(argparse.Namespace(json=True), services.settings())
    told = json.loads(capsys.readouterr().out)
    assert (told["components"], told["urls"], told["lag"]) == ([], {}, {"market.ticks": 12})
