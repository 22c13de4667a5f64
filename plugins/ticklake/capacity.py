"""What a rate of ticks needs, and costs a month: arithmetic on measured figures, published prices and named assumptions.

Rates are ticks a second while exchanges are open; services and brokers run around the clock, warehouses while there is something to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ticklake.credits import CREDITS_AN_HOUR, SNOWPIPE_CREDITS_A_GB, by_copy
from ticklake.errors import ConfigError
from ticklake.storage_cost import GIGABYTE, Prices

_MILLION = 1e6
_GB = 1e9
_HOUR_S = 3_600
_WORK_S = 15.0
"""Least time that a load keeps a warehouse busy."""
SIZES = ("X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large", "5X-Large", "6X-Large")
"""Of Snowflake's warehouses; each takes twice the credits of the one before."""
TASK_VCPUS, TASK_MEMORY_GB = 2, 8
_LEAST_TASKS = 2


class Plan(BaseModel):
    """A rate, and the settings that it is run with: seconds, days that Kafka keeps records, open dashboards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ticks_s: int
    flush_age_s: float
    load_every_s: float
    kept_days: float
    sessions: int


class Broker(BaseModel):
    """A kind of broker, what it takes in, and the name of its price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    mb_s: float
    price: str


class Price(BaseModel):
    """US dollars for something, when it was noted and where."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    value: float
    of: str
    noted: object
    source: str


class Figures(BaseModel):
    """What capacity is computed from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measured: dict[str, float]
    assumed: dict[str, float]
    prices: dict[str, Price]
    brokers: list[Broker]
    plans: list[Plan]

    @staticmethod
    def load(file: Path) -> Figures:
        """The figures of a file. Raises `ConfigError` when it is malformed."""
        try:
            return Figures.model_validate(yaml.safe_load(file.read_text()))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise ConfigError(f"{file.name} is no list of figures: {error}") from error


@dataclass(frozen=True)
class Need:
    """What a plan needs. Sizes in bytes, `objects` a day of trading, credits a day of trading."""

    plan: Plan
    partitions: int
    broker: Broker
    brokers: int
    producers: int
    consumers: int
    object_records: float
    object_bytes: float
    buffered_bytes: float
    objects: float
    size: str
    load_credits: float
    streaming_credits: float
    replicas: int


def need(figures: Figures, plan: Plan) -> Need:
    """What `plan` needs."""
    measured, assumed = figures.measured, figures.assumed
    partitions = max(int(assumed["least_partitions"]), ceil(plan.ticks_s / assumed["partition_ticks_s"]))
    wire_mb_s = plan.ticks_s * measured["json_bytes"] * assumed["wire_share"] / _MILLION
    copies = int(assumed["replicas"])
    broker = next((each for each in figures.brokers if wire_mb_s <= copies * each.mb_s), figures.brokers[-1])
    cores = plan.ticks_s / _MILLION * measured["consumer_cpu_s_a_million"] / assumed["core_share"]
    records = plan.ticks_s / partitions * plan.flush_age_s
    day_s = assumed["hours_a_day"] * _HOUR_S
    rows_s = measured["load_rows_s"] * assumed["xsmall_loads"] * assumed["loading_share"]
    step = min(len(SIZES) - 1, max(0, (ceil(plan.ticks_s / rows_s) - 1).bit_length()))
    work_s = max(_WORK_S, plan.ticks_s * plan.load_every_s / rows_s / 2**step * assumed["loading_share"])
    load = by_copy("", every_s=plan.load_every_s, work_s=work_s, flush_s=plan.flush_age_s, hours=assumed["hours_a_day"])
    return Need(
        plan=plan,
        partitions=partitions,
        broker=broker,
        brokers=copies * ceil(wire_mb_s / broker.mb_s / copies),
        producers=max(_LEAST_TASKS, ceil(plan.ticks_s / measured["producer_ticks_s"] / assumed["core_share"] / TASK_VCPUS)),
        consumers=min(partitions, max(_LEAST_TASKS, ceil(cores / TASK_VCPUS))),
        object_records=records,
        object_bytes=records * measured["stored_bytes"],
        buffered_bytes=records * measured["json_bytes"],
        objects=partitions * day_s / plan.flush_age_s,
        size=SIZES[step],
        load_credits=(load.credits or 0) * CREDITS_AN_HOUR * 2**step,
        streaming_credits=plan.ticks_s * day_s * assumed["value_bytes"] / _GB * SNOWPIPE_CREDITS_A_GB,
        replicas=ceil(plan.sessions / measured["dashboard_sessions"]),
    )


def costs(figures: Figures, storage: Prices, wanted: Need) -> dict[str, float]:
    """US dollars a month by what they are paid for."""
    assumed, plan = figures.assumed, wanted.plan
    price = {name: each.value for name, each in figures.prices.items()}
    hours, days = assumed["hours_a_month"], assumed["days_a_month"]
    ticks_a_day = plan.ticks_s * assumed["hours_a_day"] * _HOUR_S
    wire_gb_a_day = ticks_a_day * figures.measured["json_bytes"] * assumed["wire_share"] / _GB
    kept_gb = wire_gb_a_day * plan.kept_days * assumed["replicas"]
    task_hour = TASK_VCPUS * price["vcpu_hour"] + TASK_MEMORY_GB * price["memory_gb_hour"]
    stored_gb = ticks_a_day * days * figures.measured["stored_bytes"] / GIGABYTE
    return {
        "Kafka": wanted.brokers * price[wanted.broker.price] * hours + kept_gb * price["broker_gb_month"],
        "between zones": wire_gb_a_day * days * 2 / 3 * price["zone_gb"],
        "services": (wanted.producers + wanted.consumers + wanted.replicas + 1) * task_hour * hours,
        "S3": wanted.objects * days / 1_000 * price["put_thousand"] + stored_gb * storage.gigabyte["STANDARD"],
        "Airflow": price["airflow_hour"] * hours,
        "loading": wanted.load_credits * days * price["credit"],
        "tables": ticks_a_day * days * assumed["warehouse_bytes"] / 1e12 * price["warehouse_tb_month"],
    }
