"""A day of a million trades with known defects, through the real load: each is found, named and counted, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes.clock import ManualClock
from tests.fixtures.injected_day import INSTRUMENTS, OPENS_AT, SOURCE, InjectedDay, injected_day
from tests.fixtures.load_platform import STATEMENTS, TABLES, LoadPlatform, Partition, load_platform
from ticklake.errors import QualityBroken
from ticklake.quality.file import load_rules
from ticklake.quality.kinds import Rule
from ticklake_airflow.defaults import SQL_FOLDER
from ticklake_airflow.operators.quality_gate import QualityGateOperator
from ticklake_airflow.quality.check import Check
from ticklake_airflow.quality.model import CheckReport
from ticklake_io.reference import load_reference
from ticklake_io.sql import Statements
from ticklake_io.warehouse import Row, SnowflakeWarehouse

ROWS = 1_000_000
ARRIVAL_MS = 1_795_442_400_000
SHIPPED = load_rules(SQL_FOLDER.parents[1] / "infra" / "quality" / "rules.yaml")
MORE = ("OPS.DQ_RESULTS", "OPS.DQ_MERGES")
CLOCK = ManualClock(datetime(2026, 11, 21, 3, tzinfo=UTC))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadPlatform]:
    with load_platform(tmp_path_factory.mktemp("quality")) as ready:
        load_reference(ready.warehouse, INSTRUMENTS, {}, CLOCK)
        yield ready


def loaded(platform: LoadPlatform, topic: str, rows: int) -> InjectedDay:
    """A platform that holds one injected day and nothing else."""
    platform.empty()
    for table in MORE:
        platform.warehouse.rows(f"DELETE FROM {table}")
    day = injected_day(rows)
    for number, values in enumerate(day.values.values()):
        partition = Partition(platform.store, topic, number)
        for start in range(0, len(values), 50_000):
            partition.land(values[start : start + 50_000], ARRIVAL_MS)
    report = platform.load(topic)
    assert (report.winners, report.rejects, dict(report.stopped)) == (day.valid, day.poison, {})
    return day


def check(platform: LoadPlatform, run_id: str, rules: list[Rule] = SHIPPED, warehouse: SnowflakeWarehouse | None = None) -> CheckReport:
    statements = Statements(SQL_FOLDER / "data_quality")
    session = warehouse or platform.warehouse
    return Check(warehouse=session, rules=rules, clock=CLOCK, statements=statements, load=STATEMENTS, run_id=run_id, fence_timeout_s=30).run()


def results(platform: LoadPlatform, run_id: str) -> dict[str, Row]:
    return {row["RULE"]: row for row in platform.warehouse.rows("SELECT * FROM OPS.DQ_RESULTS WHERE RUN_ID = :run_id", {"run_id": run_id})}


def sample(row: Row) -> list[dict[str, Any]]:
    return list(json.loads(row["SAMPLE"]))


def add_bar(platform: LoadPlatform, minute: int, high: str) -> None:
    sql = """INSERT INTO CURATED.BARS_1M (SYMBOL, SOURCE, BAR_START, ORIGIN, OPEN, HIGH, LOW, CLOSE, VOLUME)
        SELECT 'S0', 'vendor', :at, 'vendor', 10, :high, 9, 10, 1"""
    platform.warehouse.rows(sql, {"at": OPENS_AT + timedelta(minutes=minute), "high": high})


def tables(platform: LoadPlatform) -> dict[str, list[tuple[Any, ...]]]:
    names = [name for name in TABLES if name not in ("OPS.QUARANTINE", "OPS.BAR_CHANGES")]
    return {name: sorted((tuple(row.values()) for row in platform.warehouse.rows(f"SELECT * FROM {name}")), key=repr) for name in names}


def test_every_defect_of_a_million_is_found_and_none_invented(platform: LoadPlatform) -> None:
    day = loaded(platform, "day", ROWS)
    for minute in (10, 20, 30):
        add_bar(platform, minute, high="8")
    report = check(platform, "first")
    found = results(platform, "first")
    expected = {
        "bad_print": len(day.bad_prints),
        "price_level": len(day.leaps),
        "late_realtime": len(day.late),
        "missing_minutes": sum((end - start) // timedelta(minutes=1) for _, start, end in day.missing),
        "repeated_ticks": day.repeated,
        "rejected_rows": day.poison,
        "minute_bar_is_sane": 3,
        "recent_minute_bar_is_sane": 3,
    }
    assert {rule: row["OFFENDING"] for rule, row in found.items() if row["OFFENDING"]} == expected
    assert {row["STATUS"] for row in found.values()} == {"ok", "broken"}
    assert set(found) == {rule.id for rule in SHIPPED}
    assert (found["bad_print"]["CHECKED"] > ROWS // 2, found["rejected_rows"]["CHECKED"]) == (True, day.rows)

    taken = """SELECT DISTINCT TICKS.TICK_ID
        FROM RAW.TICKS AS TICKS
        INNER JOIN OPS.QUARANTINE AS QUARANTINE ON TICKS.PARTITION_ID = QUARANTINE.PARTITION_ID AND TICKS.OFFSET_ID = QUARANTINE.OFFSET_ID
        WHERE QUARANTINE.RULE = 'quality:bad_print'"""
    named = {row["TICK_ID"] for row in platform.warehouse.rows(taken)}
    assert named == day.bad_prints
    assert {each["tick_id"] for each in sample(found["price_level"])} == day.leaps
    assert {each["tick_id"] for each in sample(found["late_realtime"])} <= day.late
    runs = {(each["symbol"], each["missing_from"], each["missing_to"]) for each in sample(found["missing_minutes"])}
    assert runs <= {(symbol, f"{start:%Y-%m-%dT%H:%M:%S}", f"{end:%Y-%m-%dT%H:%M:%S}") for symbol, start, end in day.missing}
    assert sum(each["rejected"] for each in sample(found["rejected_rows"])) == day.poison

    assert (report.quarantined, report.holding_back) == (len(day.bad_prints), ["minute_bar_is_sane"])
    assert_taken_out(platform, day)


def assert_taken_out(platform: LoadPlatform, day: InjectedDay) -> None:
    """Ticks, bars and changes are as if the bad prints had never been; nothing wins again."""
    [row] = platform.warehouse.rows("SELECT COUNT(*) AS N, MAX(PRICE) / MIN(PRICE) AS SPREAD FROM CURATED.TICKS")
    assert row["N"] == day.valid - len(day.bad_prints)
    apart = """SELECT COUNT(*) AS N FROM CURATED.BARS_1M AS BARS LEFT JOIN (
        SELECT SYMBOL, DATE_TRUNC('MINUTE', EVENT_TIME) AS AT, MAX(PRICE) AS HIGH, SUM(CAST(SIZE AS NUMBER(37, 0))) AS VOLUME, COUNT(*) AS TRADES
        FROM CURATED.TICKS GROUP BY SYMBOL, DATE_TRUNC('MINUTE', EVENT_TIME)) AS T ON BARS.SYMBOL = T.SYMBOL AND BARS.BAR_START = T.AT
        WHERE BARS.SOURCE = :source AND (T.HIGH IS NULL OR BARS.HIGH <> T.HIGH OR BARS.VOLUME <> T.VOLUME OR BARS.TRADES <> T.TRADES)"""
    assert platform.warehouse.rows(apart, {"source": SOURCE}) == [{"N": 0}]
    again = "SELECT COUNT(*) AS N FROM RAW.CANDIDATES AS C WHERE NOT EXISTS (SELECT 1 FROM CURATED.TICKS AS T WHERE T.TICK_ID = C.TICK_ID)"
    assert platform.warehouse.rows(again) == [{"N": 0}]


def test_a_fail_rule_holds_data_back_until_it_is_mended(platform: LoadPlatform) -> None:
    loaded(platform, "held", 20_000)
    add_bar(platform, 10, high="8")
    assert check(platform, "one").holding_back == ["minute_bar_is_sane"]
    assert check(platform, "two").holding_back == ["minute_bar_is_sane"]
    platform.warehouse.rows("DELETE FROM CURATED.BARS_1M WHERE SOURCE = 'vendor'")
    assert check(platform, "three").holding_back == []
    assert "minute_bar_is_sane" in results(platform, "three")
    assert check(platform, "four").holding_back == []
    assert "minute_bar_is_sane" not in results(platform, "four")


def test_a_run_that_is_tried_again_tells_its_results_once(platform: LoadPlatform) -> None:
    loaded(platform, "twice", 20_000)
    check(platform, "same")
    check(platform, "same")
    rows = platform.warehouse.rows("SELECT COUNT(*) AS N, COUNT(DISTINCT RULE) AS RULES FROM OPS.DQ_RESULTS")
    assert rows[0]["N"] == rows[0]["RULES"]


class Killed(BaseException):
    """The process died."""


def test_a_check_that_died_is_made_up_for(platform: LoadPlatform) -> None:
    loaded(platform, "undisturbed", 20_000)
    check(platform, "run")
    undisturbed = tables(platform)
    for fatal in ("make_bars", "pass_merges"):
        loaded(platform, f"killed-{fatal}", 20_000)
        text = Statements(SQL_FOLDER / "data_quality") if fatal != "make_bars" else STATEMENTS

        class Mortal(SnowflakeWarehouse):
            def rows(self, sql: str, params: Any = None, deadly: str = text[fatal]) -> list[Row]:
                answer = super().rows(sql, params)
                if sql == deadly:
                    raise Killed
                return answer

        mortal = Mortal(platform.warehouse._connect)
        with pytest.raises(Killed):
            check(platform, "run", warehouse=mortal)
        mortal.close()
        check(platform, "run")
        assert {name: len(rows) for name, rows in tables(platform).items()} == {name: len(rows) for name, rows in undisturbed.items()}
        assert [row[:12] for row in tables(platform)["CURATED.BARS_1M"]] == [row[:12] for row in undisturbed["CURATED.BARS_1M"]]


def test_a_rule_that_wants_too_much_takes_nothing(platform: LoadPlatform) -> None:
    loaded(platform, "greedy", 20_000)
    greedy = [rule.model_copy(update={"minimum": 150.0}) for rule in SHIPPED if rule.id == "tick_price_is_positive"]
    report = check(platform, "greedy", greedy)
    assert (report.quarantined, report.holding_back) == (0, ["tick_price_is_positive"])
    assert "at once" in sample(results(platform, "greedy")["tick_price_is_positive"])[0]["error"]


def gate_of(platform: LoadPlatform, monkeypatch: pytest.MonkeyPatch) -> QualityGateOperator:
    """The gate of the run "this", which asks the platform's warehouse."""

    class Hook:
        def get_records(self, sql: str) -> list[tuple[Any, ...]]:
            return [tuple(row.values()) for row in platform.warehouse.rows(sql)]

    gate = QualityGateOperator(task_id="gate", check_task_id="check")
    monkeypatch.setattr(QualityGateOperator, "get_db_hook", lambda _: Hook())
    gate.sql = gate.sql.replace("{{ run_id }}", "this")
    return gate


@pytest.mark.parametrize(
    ("severity", "status", "opens"), [("fail", "broken", False), ("warn", "broken", True), ("warn", "unknown", False), ("fail", "ok", True)]
)
def test_the_gate_reads_the_results_of_its_run(platform: LoadPlatform, monkeypatch: pytest.MonkeyPatch, severity: str, status: str, opens: bool) -> None:
    platform.warehouse.rows("DELETE FROM OPS.DQ_RESULTS")
    result = {"rule": "it", "severity": severity, "status": status, "result_id": "1", "table_name": "T", "offending": 1, "checked": 1, "sample_rows": "[]"}
    result |= dict.fromkeys(("checked_at", "window_start", "window_end"), "2026-11-23 00:00:00")
    platform.warehouse.rows(Statements(SQL_FOLDER / "data_quality")["record_results"], {"results": json.dumps([result]), "run_id": "this"})

    gate = gate_of(platform, monkeypatch)
    context: Any = {"ti": SimpleNamespace(xcom_pull=lambda task_ids: {"holding_back": ["it"]})}
    if opens:
        gate.execute(context)
    else:
        with pytest.raises(QualityBroken, match="rules it"):
            gate.execute(context)


def test_the_gate_opens_for_a_run_without_results(platform: LoadPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    platform.warehouse.rows("DELETE FROM OPS.DQ_RESULTS")
    nothing: Any = {}
    gate_of(platform, monkeypatch).execute(nothing)
