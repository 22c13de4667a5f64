"""The Data quality page: its pure parts, and the page in its states over tables that a test sets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard.components import coverage as coverage_map
from dashboard.components import rules as rule_charts
from dashboard.components.answers import extract
from dashboard.components.palette import DARK, LIGHT
from dashboard.exports.desk import Exports
from dashboard.links import Links
from dashboard.look import Look, Zone
from dashboard.quality import coverage, results
from dashboard.views import quality
from tests.fakes.clock import ManualClock
from tests.fakes.market_data import NOW
from tests.fakes.portfolios import Memory
from tests.fakes.tables import Answer, FakeTables
from ticklake.changes import Subject
from ticklake.exporting import Format
from ticklake.roles import Role, User

NEW_YORK = ZoneInfo("America/New_York")
AIRFLOW = Links("http://airflow.example/")
OPEN = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
CLOSE = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
SESSION = coverage.Span("2026-11-23", OPEN, CLOSE)
NAIVE = NOW.replace(tzinfo=None)


def look(zone: Zone = Zone.UTC) -> Look:
    return Look(("IBM", "simulator"), zone, None, LIGHT, NOW)


def result(rule: str, status: str = "ok", severity: str = "warn", **values: object) -> dict[str, object]:
    """A row of quality_rules.sql."""
    usual = {"TABLE_NAME": "CURATED.TICKS", "OFFENDING": 0.0, "CHECKED": 1000.0, "EXAMPLES": "[]", "WINDOW_START": NAIVE, "WINDOW_END": NAIVE}
    return {"RULE": rule, "STATUS": status, "SEVERITY": severity} | usual | {"CHECKED_AT": NAIVE, "RUN_ID": "scheduled__1"} | values


RULES = pd.DataFrame(
    [
        result("bad_print", "broken", "quarantine", OFFENDING=2.0),
        result("late_realtime"),
        result("missing_minutes", "broken", "warn", OFFENDING=31.0, EXAMPLES='[{"symbol": "<b>IBM</b>", "missing_from": null, "minutes": 31}]'),
        result("own_rule", "unknown", "warn"),
        result("tick_is_whole", "broken", "fail", OFFENDING=1.0),
    ]
)


def test_the_worst_stands_first_and_says_what_follows() -> None:
    shown = results.table(RULES, {"bad_print": "A print far off."}, AIRFLOW, look())
    assert list(shown["RULE"]) == ["own_rule", "tick_is_whole", "bad_print", "missing_minutes", "late_realtime"]
    assert list(shown["STATE"]) == [
        "○ not asked: data is held back",
        "■ broken: data is held back",
        "▲ broken: ticks taken out",
        "▲ broken: recorded",
        "● holds",
    ]
    assert shown["MEANING"].iloc[2] == "A print far off."
    assert shown["MEANING"].iloc[0] == "n/a"
    assert shown["RUN"].iloc[0] == "http://airflow.example/dags/data_quality/runs/scheduled__1"
    assert shown["CHECKED AT"].iloc[0] == "2026-11-23 15:00:00 UTC"


def test_all_rules_in_a_sentence() -> None:
    assert results.summary(RULES.iloc[[1]]) == "● All 1 rules hold."
    assert results.summary(RULES.iloc[[1, 2]]) == "▲ 1 of 2 rules do not hold. None of them holds data back."
    assert results.summary(RULES) == "▲ 4 of 5 rules do not hold. 2 of them hold data back: what waits for curated.checked stands still."


@pytest.mark.parametrize("text", ["", "no json", "{}", "[1, 2]", "null"])
def test_a_sample_that_is_none_is_empty(text: str) -> None:
    assert results.sample(text).empty


def test_a_sample_keeps_what_it_says_as_text() -> None:
    shown = results.sample('[{"symbol": "^GSPC", "price": "0.00000123", "event_time": null}]')
    assert shown.to_dict("records") == [{"SYMBOL": "^GSPC", "PRICE": "0.00000123", "EVENT_TIME": "n/a"}]


def trend(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    """Rows of quality_days.sql: rule, day, broken, unknown."""
    return pd.DataFrame([(rule, day, 24, broken, unknown, 5.0) for rule, day, broken, unknown in rows], columns=TREND)


TREND = ["RULE", "CHECKED_ON", "CHECKS", "BROKEN", "UNKNOWN", "MOST_OFFENDING"]


def test_a_day_is_what_its_worst_check_was() -> None:
    by_day = results.days(trend(("a", "2026-11-22", 0, 0), ("a", "2026-11-23", 3, 0), ("b", "2026-11-23", 3, 1)))
    assert list(by_day["STATE"]) == [results.HOLDS, results.BROKEN, results.UNASKED]
    assert rule_charts.describe(by_day).startswith("Results of 2 rules by day from 2026-11-22 to 2026-11-23: 2 did not hold on 2 days in all.")
    assert "all held" in rule_charts.describe(by_day.iloc[[0]])


def test_the_strip_stays_below_two_thousand_marks_and_keeps_what_is_broken() -> None:
    rows = [(f"rule_{rule:03}", f"2026-11-{day:02}", int(rule == 199), 0) for rule in range(200) for day in range(10, 24)]
    drawn = rule_charts.strip_data(results.days(trend(*rows)))
    assert "rule_199" in set(drawn["RULE"])
    assert 2 * len(drawn) <= 2_000


def test_specs_are_made_once_for_each_palette_and_hold_no_data() -> None:
    for make in (rule_charts.strip_spec, coverage_map.coverage_spec):
        assert make(LIGHT) is make(LIGHT)
        assert make(DARK) != make(LIGHT)
        assert '"data"' not in json.dumps(make(LIGHT))


@given(st.integers(0, 3_000), st.integers(1, 1_440))
def test_a_map_never_has_more_cells_than_a_chart_may(symbols: int, minutes: int) -> None:
    wide = coverage.width(symbols, minutes)
    assert min(symbols, coverage.MOST_SYMBOLS) * -(-minutes // wide) <= coverage.MOST_CELLS


def test_buckets_are_as_narrow_as_they_can_be() -> None:
    assert [coverage.width(symbols, 390) for symbols in (1, 5, 6, 30, 100, 500)] == [1, 1, 2, 10, 20, 20]


def test_cells_count_only_minutes_that_are_over() -> None:
    counted = pd.DataFrame([("IBM", 0.0, 10), ("IBM", 1.0, 4), ("KO", 2.0, 5)], columns=["SYMBOL", "BUCKET", "MINUTES"])
    drawn = coverage.cells(["KO", "IBM"], counted, SESSION, 10, 25, NEW_YORK)
    assert list(drawn.columns) == coverage.DATA
    assert drawn["STARTS"].nunique() == 39
    assert len(drawn) == 2 * 3 + 36
    cells = drawn[drawn["SHARE"].notna()]
    assert cells["STARTS"].tolist()[:3] == ["2026-11-23 09:30 EST", "2026-11-23 09:40 EST", "2026-11-23 09:50 EST"]
    assert cells["SHARE"].tolist() == [0.0, 0.0, 1.0, 1.0, 0.4, 0.0]
    assert cells["OF"].tolist() == [10, 10, 5, 10, 10, 5]


def test_before_the_open_there_is_nothing_to_cover() -> None:
    assert coverage.passed(SESSION, OPEN - timedelta(hours=1)) == 0
    assert coverage.passed(SESSION, CLOSE + timedelta(hours=1)) == 390
    empty = coverage.cells(["IBM"], pd.DataFrame(columns=["SYMBOL", "BUCKET", "MINUTES"]), SESSION, 1, 0, UTC)
    assert empty["SHARE"].isna().all()
    totals = coverage.totals(pd.DataFrame([("IBM", 0)], columns=["SYMBOL", "MINUTES"]), 0)
    assert totals["PERCENT"].isna().all()
    assert "No minute of the session" in coverage_map.describe("simulator", "2026-11-23", totals, 1, 0)


def test_the_hour_that_is_there_twice_is_two_columns() -> None:
    day = coverage.Span("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    cells = coverage.cells(["BTC-USD"], pd.DataFrame(columns=["SYMBOL", "BUCKET", "MINUTES"]), day, 60, 1440, NEW_YORK)
    assert cells["STARTS"].nunique() == 24
    assert {"2026-11-01 01:00 EDT", "2026-11-01 01:00 EST"} <= set(cells["STARTS"])


def test_what_trades_around_the_clock_has_days() -> None:
    days = coverage.spans("24/7", pd.DataFrame(), NOW)
    assert len(days) == 10
    assert days[0] == coverage.Span("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
    assert days[0].minutes == 1440


SESSIONS = pd.DataFrame([("2026-11-23", OPEN.replace(tzinfo=None), CLOSE.replace(tzinfo=None))], columns=["SESSION_DATE", "OPENS_AT", "CLOSES_AT"])

QUARANTINED = {
    "RULE": "quality:bad_print",
    "QUARANTINED_AT": NAIVE,
    "SYMBOL": "IBM",
    "SOURCE": "simulator",
    "EVENT_TIME": "2026-11-23 14:59:00.000000",
    "PRICE": 12.5,
    "TICK_ID": "t1",
    "GENERATION": 1,
    "PARTITION_ID": 0,
    "OFFSET_ID": 17,
    "OBJECT_KEY": "raw/market.ticks/g1/p0/x.parquet",
}

FULL: dict[str, Answer] = {
    "quality_rules": RULES,
    "quality_days": trend(("bad_print", "2026-11-23", 1, 0), ("late_realtime", "2026-11-23", 0, 0)),
    "quality_history": pd.DataFrame([(NAIVE, "broken", 2.0, 1000.0, "scheduled__1")], columns=["CHECKED_AT", "STATUS", "OFFENDING", "CHECKED", "RUN_ID"]),
    "quality_quarantine_rules": pd.DataFrame([("quality:bad_print", 2, NAIVE), ("price: not above 0", 1, NAIVE)], columns=["RULE", "QUARANTINED", "NEWEST"]),
    "quality_quarantine": pd.DataFrame([QUARANTINED]),
    "quality_feeds": pd.DataFrame([("simulator", "XNYS", 2, NAIVE)], columns=["SOURCE", "CALENDAR", "SYMBOLS", "NEWEST"]),
    "quality_sessions": SESSIONS,
    "quality_coverage_symbols": pd.DataFrame([("IBM", 30), ("KO", 15)], columns=["SYMBOL", "MINUTES"]),
    "quality_coverage": pd.DataFrame([("IBM", 0.0, 1)], columns=["SYMBOL", "BUCKET", "MINUTES"]),
}


class NoExports:
    """Exports that nobody asks anything of before a click."""


def page(look: object, tables: object, links: object, exports: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard.views import quality
    from ticklake.roles import Role, User

    quality.render(look, tables, lambda: look.at, {"bad_print": "A print far off."}, links, exports, User("ana", Role.ANALYST))


def shown(answers: dict[str, Answer], links: Links = AIRFLOW, **address: str) -> tuple[AppTest, FakeTables]:
    tables = FakeTables(answers)
    test = AppTest.from_function(page, kwargs={"look": look(), "tables": tables, "links": links, "exports": NoExports()}, default_timeout=30)
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test, tables


def html(test: AppTest) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def test_a_full_page_has_rules_quarantine_and_coverage() -> None:
    test, tables = shown(FULL)
    assert [each.value for each in test.subheader] == ["Rules", "Quarantine", "Coverage"]
    assert test.dataframe[0].value["RULE"].iloc[0] == "own_rule"
    assert {subject for _, subject, _ in tables.asked} == {Subject.QUALITY}
    strip, covered = test.get("vega_lite_chart")
    assert "2 rules by day" in strip.proto.alt
    assert "1 of 2 symbols have all of 30 minutes; the least covered is KO with 50.0 %" in covered.proto.alt
    assert "2 symbols, buckets of 1 min" in test.caption[0].value
    assert "3 of all rules and symbols are in quarantine" in "\n".join(text.value for text in test.text)


def test_a_rule_of_the_address_is_looked_into_with_its_offenders() -> None:
    test, tables = shown(FULL, rule="missing_minutes")
    assert ("quality_history", "missing_minutes") in [(name, params.get("rule")) for name, _, params in tables.asked]
    offenders = next(each.value for each in test.dataframe if "MINUTES" in each.value and "MISSING_FROM" in each.value)
    assert offenders.to_dict("records") == [{"SYMBOL": "<b>IBM</b>", "MISSING_FROM": "n/a", "MINUTES": "31"}]
    assert "<b>IBM" not in html(test)


def test_quarantine_is_filtered_by_the_warehouse_not_among_the_newest_rows() -> None:
    test, tables = shown(FULL)
    test.selectbox(key="quarantined_by").select("price: not above 0").run()
    test.toggle(key="quarantined_only").set_value(True).run()
    assert not test.exception
    assert tables.asked[-6:].count(("quality_quarantine", Subject.QUALITY, {"rule": "price: not above 0", "symbol": "IBM"})) == 1


def test_prices_that_are_for_display_only_stay_out_of_the_quarantines_export() -> None:
    rows = pd.DataFrame({"SYMBOL": ["IBM", "KO", "?"], "SOURCE": ["simulator", "finnhub", None], "PRICE": [1.0, 2.0, 3.0]})
    found = extract(FakeTables({"quality_quarantine": rows}), "Data quality", "quality_quarantine", Subject.QUALITY)
    assert found is not None
    assert found.sources == ("finnhub", "simulator")
    memory = Memory()
    exports = Exports(memory, memory, ManualClock(NOW), lambda: None, ["finnhub"])
    made = exports.make(found, Format.CSV, User("ana", Role.ANALYST))
    assert made.value is None
    assert made.problem == "Prices of finnhub are licensed for display only. Choose a symbol of another source to export."


def test_examples_leave_without_their_prices() -> None:
    held = [{"symbol": "IBM", "source": "finnhub", "tick_id": "t1", "price": "101.5", "z": 9.0}]
    rules = pd.DataFrame(
        [result("jump", "broken", EXAMPLES=json.dumps(held)), result("odd", "unknown", EXAMPLES='[{"error": "refused"}]'), result("no", EXAMPLES="?")]
    )
    found = quality.rules_extract(FakeTables({"quality_rules": rules}), NOW)
    assert found is not None
    assert list(found.frame["EXAMPLES"]) == ['[{"symbol": "IBM", "source": "finnhub", "tick_id": "t1"}]', '[{"error": "refused"}]', "[]"]


def test_without_airflow_the_runbook_is_named() -> None:
    test, _ = shown(FULL, Links(None))
    assert "infra/runbooks/dq-fails.md" in "\n".join(each.value for each in test.caption)


@pytest.mark.parametrize("broken", sorted(FULL))
def test_a_panel_without_an_answer_says_why_and_the_others_go_on(broken: str) -> None:
    test, _ = shown(FULL | {broken: "The warehouse does not answer. Run ticklake status <now>."})
    assert "The warehouse does not answer. Run ticklake status &lt;now&gt;." in html(test)
    assert len(test.subheader) == 3
    assert test.dataframe


def test_a_new_platform_says_when_to_expect_what() -> None:
    empty: dict[str, Answer] = {name: answer.iloc[:0] for name, answer in FULL.items() if isinstance(answer, pd.DataFrame)}
    test, _ = shown(empty)
    assert "data_quality checks a few minutes after the first load" in html(test)
    assert "Nothing is in quarantine" in html(test)
    assert "No tick has reached the warehouse yet" in html(test)
    assert not test.dataframe
