"""What the pages share: who writes for users tells the other dashboards, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dashboard import resources
from dashboard.exports.desk import Extract
from tests.fakes.market_data import NOW, minute_bars
from tests.fakes.tables import FakeTables
from ticklake.changes import Subject
from ticklake.exporting import Format
from ticklake.risk.limits import Limit, Metric
from ticklake.roles import Role, User
from ticklake.settings import Settings

ADA = User("ada", Role.ADMIN)


class Warehouse:
    """Takes whatever is written."""

    def rows(self, sql: str, params: Any = None) -> list[dict[str, Any]]:
        return []


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Subject]]:
    """The subjects that other dashboards are told of, once the announcer is done."""
    announced: list[Subject] = []
    made, tables = Settings(kafka_bootstrap="broker:9092", s3_bucket="bucket", warehouse_account="account", warehouse_user="user"), FakeTables()
    monkeypatch.setattr(resources, "announce", lambda _, *subjects: announced.extend(subjects))
    monkeypatch.setattr(resources, "read_settings", lambda: made)
    monkeypatch.setattr(resources, "app_warehouse", Warehouse)
    monkeypatch.setattr(resources, "tables", lambda: tables)
    yield announced
    for each in (resources.limit_book, resources.exports, resources._announcer):
        each.clear()


def test_limits_that_are_set_are_told_to_other_dashboards(told: list[Subject]) -> None:
    resources.limit_book().set("p1", [Limit(Metric.POSITION, 0.1, 0.2)], ADA)
    resources._announcer().shutdown()
    assert told == [Subject.APP]


def test_an_export_is_told_to_other_dashboards(told: list[Subject]) -> None:
    extract = Extract(minute_bars(1), "IBM", "chart", "/chart", NOW)
    assert resources.exports().make(extract, Format.CSV, ADA).value is not None
    resources._announcer().shutdown()
    assert told == [Subject.APP]
