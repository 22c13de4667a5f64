"""The Pipeline page: its pure parts, and the page in its states over tables that a test sets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard.components import answers, timeline
from dashboard.components.palette import DARK, LIGHT
from dashboard.freshness import Hop, Level
from dashboard.links import Links
from dashboard.look import Key, Look, Zone
from dashboard.pipeline import evidence, measured
from tests.fakes.market_data import NOW
from tests.fakes.tables import Answer, FakeTables
from ticklake.changes import Subject
from ticklake.thresholds import Threshold

AIRFLOW = Links("http://airflow.example")
NAIVE = NOW.replace(tzinfo=None)
HOPS = [Hop("lake", Level.STALE, "LATE: records waited 40 s", "The consumer is <slow>."), Hop("warehouse", Level.OK, "3 s", "Target 60 s.")]
LIMITS = [
    Threshold("availability", "availability_percent", "below", 99.9, 2, "look"),
    Threshold("lag", "lag_records", "above", 100_000, 2, "look"),
    Threshold("dashboard_slow", "dashboard_response_s", "above", 2.0, 2, "look"),
]


def metric(name: str, value: float, at: datetime = NAIVE, unit: str = "s", **labels: str) -> dict[str, object]:
    return {"NAME": name, "LABELS": json.dumps(labels), "VALUE": value, "UNIT": unit, "MEASURED_AT": at}


METRICS = pd.DataFrame(
    [
        metric("availability_percent", 99.5, unit="%", window="1d"),
        metric("lag_records", 12.0, unit="records", topic="market.ticks"),
        metric("lag_records", 250_000.0, unit="records", topic="other"),
        metric("dashboard_response_s", 0.012, NAIVE - timedelta(hours=1)),
        metric("copy_success_percent", 100.0, unit="%"),
    ]
)


def test_the_strip_shows_the_worst_value_and_how_it_stands_to_its_limit() -> None:
    strip = {figure.label: figure for figure in measured.strip(METRICS, LIMITS, NOW)}
    assert strip["Available, 24 h"][1:3] == ("99.500 %", "▲ below 99.9")
    assert strip["Consumer lag"][1:3] == ("250,000", "▲ above 100,000")
    assert strip["Objects loaded, 24 h"][1:3] == ("100.00 %", "")
    assert strip["Dashboard answers in"][1:3] == ("12 ms", "○ measured 60 min ago")
    assert strip["Provider calls left"][1:3] == ("n/a", "○ not measured")


def test_lines_are_told_apart_by_their_label_or_their_metric() -> None:
    series = pd.DataFrame(
        [
            metric("hop_waiting_s", 1.0, hop="lake"),
            metric("hop_waiting_s", 2.0, hop="warehouse"),
            metric("load_p50_s", 3.0),
            metric("load_p95_s", 4.0),
            metric("calls_left", 5.0) | {"LABELS": "no json"},
        ]
    )
    drawn = {line.title: measured.lines(series, line) for line in measured.LINES}
    assert drawn["How long records wait, by hop"]["SERIES"].tolist() == ["lake", "warehouse"]
    assert drawn["Load, from landing to CURATED"]["SERIES"].tolist() == ["p50", "p95"]
    assert drawn["Provider calls left"]["SERIES"].tolist() == ["left"]
    assert drawn["Consumer lag, by topic"].empty
    limits = {line.title: measured.limit_of(line, LIMITS) for line in measured.LINES}
    assert limits["Consumer lag, by topic"] == 100_000
    assert limits["Objects loaded"] is None


def points(counts: list[int]) -> pd.DataFrame:
    rows = [(f"s{nth}", NAIVE + timedelta(seconds=second), float(second % 97)) for nth, count in enumerate(counts) for second in range(count)]
    return pd.DataFrame(rows, columns=["SERIES", "MEASURED_AT", "VALUE"])


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=5))
def test_a_chart_never_has_more_points_than_it_may_and_keeps_every_peak(counts: list[int]) -> None:
    series = points(counts)
    kept = timeline.thinned(series)
    assert len(kept) <= timeline.MOST_POINTS
    assert kept.groupby("SERIES")["VALUE"].max().equals(series.groupby("SERIES")["VALUE"].max())
    assert all(times.is_monotonic_increasing for _, times in kept.groupby("SERIES")["MEASURED_AT"])


def test_a_time_is_the_clocks_in_the_zone_of_the_reader() -> None:
    drawn = timeline.line_data(points([1]), ZoneInfo("America/New_York"))
    assert drawn.to_dict("records") == [{"AT": "2026-11-23T10:00:00Z", "CLOCK": "2026-11-23 10:00 EST", "SERIES": "s0", "VALUE": 0.0}]


def test_the_chart_is_told_in_words() -> None:
    told = timeline.describe("Consumer lag", "records", points([3]), 100.0)
    assert told == "Consumer lag over time, highest 2 records, newest s0 2 records. The limit is 100 records. The same figures follow as a table."
    assert timeline.describe("Lag", "s", points([]), None) == "Lag: nothing measured."


def test_a_spec_is_made_once_and_holds_no_data() -> None:
    assert timeline.line_spec(LIGHT, "s", 2.0) is timeline.line_spec(LIGHT, "s", 2.0)
    assert timeline.line_spec(DARK, "s", 2.0) != timeline.line_spec(LIGHT, "s", 2.0)
    assert '"data"' not in json.dumps(timeline.line_spec(LIGHT, "s", 2.0))
    assert len(timeline.line_spec(LIGHT, "s", None)["layer"]) == 1


def tick(second: float, price: float, size: float | None, kind: str = "trade") -> dict[str, object]:
    """A row of pipeline_ticks.sql."""
    at = NAIVE + timedelta(seconds=second)
    names = {"VENUE": None, "CONDITIONS": None, "RECEIVED_AT": at, "TICK_ID": f"t{second}", "GENERATION": 1, "PARTITION_ID": 0, "OFFSET_ID": int(second)}
    return {"EVENT_TIME": at, "SEQUENCE": 0, "KIND": kind, "PRICE": price, "SIZE": size} | names


def bar(**values: object) -> pd.DataFrame:
    usual: dict[str, object] = {"ORIGIN": "trades", "OPEN": 10.0, "HIGH": 12.0, "LOW": 9.5, "CLOSE": 9.5, "VOLUME": 300.0, "TRADES": 3.0}
    return pd.DataFrame([usual | values])


TICKS = pd.DataFrame([tick(1, 10.0, 100), tick(2, 11.0, None, "quote"), tick(3, 12.0, 100), tick(4, 9.5, 100)])


def test_the_ticks_make_the_bar_again() -> None:
    assert evidence.bar_of(TICKS) == {"OPEN": 10.0, "HIGH": 12.0, "LOW": 9.5, "CLOSE": 9.5, "VOLUME": 300.0, "TRADES": 3.0}
    assert evidence.verdict(bar(), TICKS) == (True, "● The 4 ticks below make this bar again, in all its figures.")


@pytest.mark.parametrize(("name", "value"), [("OPEN", 10.01), ("HIGH", 12.5), ("LOW", 9.0), ("CLOSE", 9.51), ("VOLUME", 301.0), ("TRADES", 4.0)])
def test_a_bar_that_its_ticks_do_not_make_is_named(name: str, value: float) -> None:
    assert evidence.verdict(bar(**{name: value}), TICKS) == (False, f"▲ The ticks make another bar ({name.lower()}): run ticklake verify.")


def test_a_volume_that_was_never_told_is_none() -> None:
    silent = pd.DataFrame([tick(1, 10.0, None)])
    assert evidence.verdict(bar(HIGH=10.0, LOW=10.0, CLOSE=10.0, VOLUME=None, TRADES=1.0), silent).holds is True


@pytest.mark.parametrize(
    ("stored", "ticks", "holds", "said"),
    [
        (bar().iloc[:0], TICKS.iloc[:0], None, "no bar of this minute"),
        (bar().iloc[:0], TICKS, None, "no bar yet"),
        (bar(ORIGIN="vendor"), TICKS.iloc[:0], None, "vendor's own bar"),
        (bar(ORIGIN="quotes"), TICKS.iloc[[1]], None, "Sampled from 1 quotes"),
        (bar(), TICKS.iloc[[1]], False, "its trades are not"),
        (bar(), pd.concat([TICKS] * 1_300), None, "More than 5,000 ticks"),
    ],
)
def test_what_cannot_be_made_again_says_why(stored: pd.DataFrame, ticks: pd.DataFrame, holds: bool | None, said: str) -> None:
    found = evidence.verdict(stored, ticks)
    assert found.holds is holds
    assert said in found.text


LOAD = {
    "RUN_ID": "asset_triggered__2026-11-23T14:59:00+00:00",
    "ENDED_AT": NAIVE,
    "OBJECTS": 3,
    "LOADED": 900.0,
    "REJECTS": 0.0,
    "UNMERGED": 0,
    "SET_ASIDE": 0,
    "SECONDS": 7.5,
}
OBJECT = {
    "OBJECT_KEY": "raw/market.ticks/g1/p0/x.parquet",
    "TICKS": 4,
    "GENERATION": 1,
    "PARTITION_ID": 0,
    "FIRST_OFFSET": 0,
    "LAST_OFFSET": 99,
    "RECORDS": 100,
    "REJECTS": 0,
    "SHA256": "ab" * 32,
    "ETAG": "e",
    "SIZE_BYTES": 4096,
    "WRITER_ID": "w",
    "LANDED_AT": NAIVE,
    "LOADED_AT": NAIVE,
    "STATE": "MERGED",
    "RUN_ID": LOAD["RUN_ID"],
}
FULL: dict[str, Answer] = {
    "pipeline_metrics": METRICS,
    "pipeline_series": METRICS[["NAME", "LABELS", "MEASURED_AT", "VALUE"]],
    "pipeline_hours": pd.DataFrame([(NAIVE, 60, 59, 12.5)], columns=["HOUR_START", "JUDGED", "AVAILABLE", "WAREHOUSE_S"]),
    "pipeline_alarms": pd.DataFrame([("lag", "raised", NAIVE, NAIVE, "lag_records is 250000")], columns=["NAME", "STATE", "SINCE", "CHANGED_AT", "DETAIL"]),
    "pipeline_loads": pd.DataFrame([LOAD]),
    "pipeline_newest": pd.DataFrame([(NAIVE,)], columns=["BAR_START"]),
    "pipeline_bar": bar(),
    "pipeline_ticks": TICKS,
    "pipeline_objects": pd.DataFrame([OBJECT]),
}


class NoExports:
    """Exports that nobody asks anything of before a click."""


def page(look: object, tables: object, hops: object, limits: object, links: object, exports: object) -> None:
    """Runs as a script of its own, which sees no name of this module."""
    from dashboard.views import pipeline
    from ticklake.roles import Role, User

    pipeline.render(look, tables, lambda: look.at, lambda: hops, limits, links, exports, User("ana", Role.ANALYST))


def shown(stored: dict[str, Answer], key: Key | None = ("IBM", "simulator"), links: Links = AIRFLOW, **address: str) -> tuple[AppTest, FakeTables]:
    tables = FakeTables(stored)
    look = Look(key, Zone.UTC, None, LIGHT, NOW)
    test = AppTest.from_function(
        page, kwargs={"look": look, "tables": tables, "hops": HOPS, "limits": LIMITS, "links": links, "exports": NoExports()}, default_timeout=30
    )
    for name, value in address.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test, tables


def html(test: AppTest) -> str:
    return "\n".join(element.proto.body for element in test.get("html"))


def test_a_full_page_has_hops_figures_charts_alarms_loads_and_evidence() -> None:
    test, tables = shown(FULL)
    assert [each.value for each in test.subheader] == ["Freshness by hop", "The last 24 hours", "Alarms", "Loads", "Where does this number come from?"]
    assert test.dataframe[0].value["STATE"].tolist() == ["▲ LATE: records waited 40 s", "● 3 s"]
    assert test.metric[0].value == "99.500 %"
    charts = test.get("vega_lite_chart")
    assert len(charts) == 5
    assert all("The same figures follow as a table." in chart.proto.alt for chart in charts)
    loads = next(each.value for each in test.dataframe if "UNMERGED" in each.value)
    assert loads["AIRFLOW"].iloc[0] == "http://airflow.example/dag_runs?run_id_pattern=asset_triggered__2026-11-23T14%3A59%3A00%2B00%3A00"
    assert "● The 4 ticks below make this bar again" in "\n".join(each.value for each in test.text)
    held = next(each.value for each in test.dataframe if "SHA256" in each.value)
    assert held["OBJECT_KEY"].tolist() == ["raw/market.ticks/g1/p0/x.parquet"]
    assert {subject for _, subject, _ in tables.asked} == {Subject.METRICS, Subject.TICKS}


def test_a_minute_of_the_address_is_looked_into() -> None:
    _, tables = shown(FULL, minute="2026-11-23T14:31")
    minute = datetime(2026, 11, 23, 14, 31, tzinfo=UTC)
    wanted = {"symbol": "IBM", "source": "simulator", "minute": minute, "minute_end": minute + timedelta(minutes=1)}
    assert ("pipeline_ticks", Subject.TICKS, wanted) in tables.asked


def test_an_answer_is_taken_away_with_its_statement_and_values() -> None:
    taken = answers.extract(FakeTables(FULL), "Pipeline", "pipeline_objects", Subject.TICKS, symbol="IBM", minute=NOW)
    assert taken is not None
    assert (taken.title, taken.page, taken.as_of) == ("pipeline_objects", "Pipeline", NOW)
    assert taken.query == "dashboard/queries/pipeline_objects.sql with symbol = IBM, minute = 2026-11-23 15:00:00+00:00"
    assert taken.frame["SHA256"].tolist() == ["ab" * 32]


@pytest.mark.parametrize("answer", ["The warehouse does not answer.", pd.DataFrame(columns=["A"])])
def test_without_an_answer_or_a_row_there_is_nothing_to_take_away(answer: Answer) -> None:
    assert answers.extract(FakeTables({"pipeline_objects": answer}), "Pipeline", "pipeline_objects", Subject.TICKS) is None


def test_times_are_written_in_the_readers_zone_and_none_is_unknown() -> None:
    times = pd.Series([NAIVE, None])
    assert answers.written(times, ZoneInfo("America/New_York")).tolist() == ["2026-11-23 10:00:00 EST", "n/a"]


def test_without_airflow_a_run_is_its_name() -> None:
    test, _ = shown(FULL, links=Links(None))
    held = next(each.value for each in test.dataframe if "SHA256" in each.value)
    assert held["RUN_ID"].tolist() == [LOAD["RUN_ID"]]
    assert "What to do when a hop is late: infra/runbooks/lag-grows.md" in "\n".join(each.value for each in test.caption)


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        (["raw/t/g1/p0/dt=2026-11-23/hour=15/9.parquet", "raw/t/g1/p1/dt=2026-11-23/hour=09/1.parquet"], "ticklake verify --deep --since 2026-11-23T09:00Z"),
        (["raw/t/g1/p0/x.parquet"], "ticklake verify --deep"),
    ],
)
def test_the_command_that_reads_the_bytes_again_begins_with_the_first_hour(keys: list[str], command: str) -> None:
    assert evidence.read_again(keys) == command


def test_the_page_says_who_reads_the_stored_bytes_again_and_how() -> None:
    test, _ = shown(FULL)
    assert "the dashboard has no right to read raw objects" in "\n".join(each.value for each in test.caption)
    assert [each.value for each in test.code] == ["ticklake verify --deep"]


def test_without_a_symbol_the_way_to_evidence_is_told() -> None:
    test, _ = shown(FULL, key=None)
    assert "Choose a symbol above" in html(test)


@pytest.mark.parametrize("broken", sorted(FULL))
def test_a_panel_without_an_answer_says_why_and_the_others_go_on(broken: str) -> None:
    test, _ = shown(FULL | {broken: "The warehouse does not answer. Run ticklake status <now>."})
    assert "The warehouse does not answer. Run ticklake status &lt;now&gt;." in html(test)
    assert len(test.subheader) == 5
    assert len(test.dataframe) > 2


def test_a_new_platform_says_when_to_expect_what() -> None:
    empty: dict[str, Answer] = {name: answer.iloc[:0] for name, answer in FULL.items() if isinstance(answer, pd.DataFrame)}
    test, _ = shown(empty)
    told = html(test)
    for sentence in ("Nothing has been measured in 24 hours", "No alarm is raised", "Nothing was loaded in 24 hours", "No minute bar of IBM"):
        assert sentence in told
