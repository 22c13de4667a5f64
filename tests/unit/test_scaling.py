"""docs/scaling.md says what its figures make, and these are those that were measured."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from infra.checks.terraform import Module
from ticklake.capacity import TASK_MEMORY_GB, TASK_VCPUS, Assumed, Figures, Need, Plan, costs, need
from ticklake.credits import SNOWPIPE_CREDITS_A_GB
from ticklake.errors import ConfigError
from ticklake.storage_cost import Prices

ROOT = Path(__file__).parents[2]
FIGURES = Figures.load(ROOT / "infra" / "scaling.yaml")
STORAGE = Prices.load(ROOT / "infra" / "lake" / "prices.yaml")
PAGE = (ROOT / "docs" / "scaling.md").read_text()
NEEDS = [need(FIGURES, plan) for plan in FIGURES.plans]


def table(first: str, rows: dict[str, list[str]], by_terraform: dict[str, str]) -> str:
    head = [first, *(f"{each.plan.ticks_s:,} ticks/s" for each in NEEDS), "by `infra/`"]
    lines = [head, ["---", *(["---:"] * len(NEEDS)), "---"], *([name, *cells, by_terraform.get(name, "")] for name, cells in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plan_table() -> str:
    partitions, brokers, flush = "partitions of market.ticks", "brokers", "TICKLAKE_FLUSH_AGE_S"
    producers, consumers, alerts = (f"{name} ({TASK_VCPUS} vCPU, {TASK_MEMORY_GB} GB)" for name in ("producers", "consumers", "alerts"))
    load, size, streaming, replicas = "load, every", "warehouse of the load", "Snowpipe Streaming instead of COPY, credits a day", "dashboard replicas"
    rows = {
        partitions: [f"{each.partitions}" for each in NEEDS],
        brokers: [f"{each.brokers} x {each.broker.name}" for each in NEEDS],
        producers: [f"{each.producers}" for each in NEEDS],
        consumers: [f"{each.consumers}" for each in NEEDS],
        alerts: [f"{each.alerts}" for each in NEEDS],
        flush: [f"{each.plan.flush_age_s:g}" for each in NEEDS],
        "records of an object": [f"{each.object_records:,.0f}" for each in NEEDS],
        "an object, MB stored": [f"{each.object_bytes / 1e6:.1f}" for each in NEEDS],
        "an object, MB in memory": [f"{each.buffered_bytes / 1e6:.1f}" for each in NEEDS],
        "objects a day of 6.5 hours": [f"{each.objects:,.0f}" for each in NEEDS],
        load: [f"{each.plan.load_every_s:g} s" for each in NEEDS],
        size: [each.size for each in NEEDS],
        "its credits a day": [f"{each.load_credits:,.1f}" for each in NEEDS],
        streaming: [f"{each.streaming_credits:,.1f}" for each in NEEDS],
        "open dashboards": [f"{each.plan.sessions}" for each in NEEDS],
        replicas: [f"{each.replicas}" for each in NEEDS],
    }
    by_terraform = {
        partitions: "`partitions`",
        brokers: "**no**: `broker` is MSK Serverless, or one or three instances",
        producers: "`sizes`, one; **no** second one with symbols of its own",
        consumers: "`sizes`, and more by lag",
        alerts: "`sizes`",
        flush: "**no**: the default, 5",
        load: "`loads`",
        size: "X-Small; **no** other",
        streaming: "**no**",
        replicas: "`sizes`, and more by CPU",
    }
    return table("what", rows, by_terraform)


def cost_table() -> str:
    parts = [costs(FIGURES, STORAGE, each) for each in NEEDS]
    rows = {name: [f"{each[name]:,.0f}" for each in parts] for name in parts[0]}
    by_terraform = {"Kafka": "**no**: provisioned MSK is priced", "Airflow": '`airflow = "mwaa"` is priced'}
    return table("US dollars a month", rows | {"sum": [f"{sum(each.values()):,.0f}" for each in parts]}, by_terraform)


def price_table() -> str:
    prices = [each for _, each in FIGURES.prices] + [each.hour for each in FIGURES.brokers]
    rows = [f"| {each.of} | {each.value:g} | {each.noted} | {each.source} |" for each in prices]
    return "\n".join(["| of | US dollars | noted | source |", "| --- | ---: | --- | --- |", *rows])


@pytest.mark.parametrize("made", [plan_table, cost_table, price_table])
def test_the_tables_are_what_the_figures_make(made: Callable[[], str]) -> None:
    assert made() in PAGE, f"the page should say:\n\n{made()}\n"


def test_what_terraform_is_said_to_make_it_makes() -> None:
    infra = Module(ROOT / "infra")
    told = " ".join(row.rsplit("|", 2)[1] for made in (plan_table, cost_table) for row in made().splitlines())
    assert set(re.findall(r"`(\w+)[` ]", told)) == {"partitions", "broker", "sizes", "loads", "airflow"} <= {each.labels[0] for each in infra.of("variable")}
    (warehouse,) = Module(infra.folder / "modules" / "snowflake").of("resource", "snowflake_warehouse")
    assert warehouse.body["warehouse_size"] == "XSMALL"
    brokers = [each.labels[0] for each in Module(infra.folder / "modules" / "broker").of("resource")]
    assert [name for name in brokers if "_msk_" in name] == ["aws_msk_serverless_cluster"]
    assert "TICKLAKE_FLUSH" not in "".join(path.read_text() for path in infra.folder.rglob("*.tf"))


def test_every_measured_figure_stands_in_the_page_of_measurements() -> None:
    measurements = (ROOT / "docs" / "performance.md").read_text()
    row = re.search(r"\| ours, confluent-kafka \| ([\d,]+) .*?\| ([\d.]+) \| \d+ \| \d+ \| ([\d.]+) \|", measurements)
    load = re.search(r"\| one run of `load_ticks` over a million rows.*?\| ([\d.]+) s", measurements)
    producer = re.search(r"with kafka-python and ([\d,]+) with confluent-kafka", measurements)
    assert row
    assert load
    assert producer
    measured = FIGURES.measured
    assert measured.consumer_cpu_s_a_million == float(row[2])
    assert measured.stored_bytes == float(row[3])
    assert measured.producer_ticks_s == float(producer[1].replace(",", ""))
    assert measured.load_rows_s == round(1e6 / float(load[1]))
    assert f"a million ticks of {measured.json_bytes:.0f} bytes" in measurements


def test_every_assumption_is_named_in_the_page() -> None:
    assert [name for name in Assumed.model_fields if f"`{name}`" not in PAGE] == []


def test_more_ticks_never_need_less() -> None:
    rates = [10**power for power in range(2, 8)]
    grown = [need(FIGURES, Plan(ticks_s=rate, flush_age_s=30, load_every_s=60, kept_days=7, sessions=20)) for rate in rates]
    for less, more in pairwise(grown):
        assert _sizes(less) <= _sizes(more)
        assert all(cost <= costs(FIGURES, STORAGE, more)[name] for name, cost in costs(FIGURES, STORAGE, less).items())


def test_a_load_costs_what_ticklake_cost_says() -> None:
    smallest = NEEDS[0]
    assert smallest.size == "X-Small"
    assert smallest.load_credits == pytest.approx(6.5 * 3600 / 300 * 75 / 3600)
    assert smallest.streaming_credits == pytest.approx(1000 * 6.5 * 3600 * 150 / 1e9 * SNOWPIPE_CREDITS_A_GB)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("  core_share:", "  core_shar:", "assumed.core_share: Field required; assumed.core_shar: Extra"),
        ("  credit:", "  credits:", "prices.credit: Field required"),
        ("noted: 2026-11-23", "noted: yesterday", "prices.vcpu_hour.noted: Input should be a valid date"),
        ("dashboard_sessions: 20", "dashboard_sessions: 0", "measured.dashboard_sessions: Input should be greater than 0"),
        ("  - {ticks_s: 1000,", "  - {ticks_s: many,", "plans.0.ticks_s: Input should be a valid integer"),
        ("plans:", "plans", "cannot be read"),
    ],
)
def test_a_slip_in_the_file_is_named_in_one_line(right: str, wrong: str, told: str, tmp_path: Path) -> None:
    text = (ROOT / "infra" / "scaling.yaml").read_text()
    (tmp_path / "scaling.yaml").write_text(text.replace(right, wrong, 1))
    with pytest.raises(ConfigError) as error:
        Figures.load(tmp_path / "scaling.yaml")
    assert str(error.value).startswith("scaling.yaml ")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def _sizes(wanted: Need) -> tuple[int, int, int]:
    return wanted.partitions, wanted.producers, wanted.consumers
