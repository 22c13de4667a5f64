"""What a rate of ticks needs, and costs a month: arithmetic on measured figures, published prices and named assumptions.

Rates are ticks a second while exchanges are open; services and brokers run around the clock, warehouses while there is something to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError

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
"""Of services that may be two, so that one may die. Two producers of one source would send everything twice."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Plan(_Part):
    """A rate, and the settings that it is run with: seconds, days that Kafka keeps records, open dashboards."""

    ticks_s: PositiveInt
    flush_age_s: PositiveFloat
    load_every_s: PositiveFloat
    kept_days: PositiveFloat
    sessions: PositiveInt


class Price(_Part):
    """US dollars for something, when it was noted and where."""

    value: PositiveFloat
    of: str
    noted: date
    source: str


class Broker(_Part):
    """A kind of broker, the MB/s that it takes in, and what an hour of it costs."""

    name: str
    mb_s: PositiveFloat
    hour: Price


class Measured(_Part):
    """Figures of one process, or of one tick in bytes."""

    consumer_cpu_s_a_million: PositiveFloat
    producer_ticks_s: PositiveFloat
    json_bytes: PositiveFloat
    stored_bytes: PositiveFloat
    load_rows_s: PositiveFloat
    dashboard_sessions: PositiveInt


class Assumed(_Part):
    """What was not measured; why it is believed stands in docs/scaling.md."""

    core_share: PositiveFloat
    partition_ticks_s: PositiveFloat
    least_partitions: PositiveInt
    wire_share: PositiveFloat
    replicas: PositiveInt
    xsmall_loads: PositiveFloat
    loading_share: PositiveFloat
    value_bytes: PositiveFloat
    warehouse_bytes: PositiveFloat
    hours_a_day: PositiveFloat
    days_a_month: PositiveInt
    hours_a_month: PositiveFloat


class Paid(_Part):
    """What is paid for beside brokers."""

    vcpu_hour: Price
    memory_gb_hour: Price
    broker_gb_month: Price
    put_thousand: Price
    zone_gb: Price
    credit: Price
    warehouse_tb_month: Price
    airflow_hour: Price


class Figures(_Part):
    """What capacity is computed from. `brokers` stand from the smallest to the largest."""

    measured: Measured
    assumed: Assumed
    prices: Paid
    brokers: list[Broker] = Field(min_length=1)
    plans: list[Plan]

    @staticmethod
    def load(file: Path) -> Figures:
        """The figures of a file. Raises `ConfigError` when it is malformed."""
        try:
            return Figures.model_validate(yaml.safe_load(file.read_text()))
        except (OSError, yaml.YAMLError) as error:
            raise ConfigError(f"{file.name} cannot be read: {' '.join(str(error).split())}") from error
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise ConfigError(f"{file.name} is no list of figures: {wrong}") from None


@dataclass(frozen=True)
class Need:
    """What a plan needs. Sizes in bytes, `objects` a day of trading, credits a day of trading."""

    plan: Plan
    partitions: int
    broker: Broker
    brokers: int
    producers: int
    consumers: int
    alerts: int
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
    partitions = max(assumed.least_partitions, ceil(plan.ticks_s / assumed.partition_ticks_s))
    wire_mb_s = plan.ticks_s * measured.json_bytes * assumed.wire_share / _MILLION
    broker = next((each for each in figures.brokers if wire_mb_s <= assumed.replicas * each.mb_s), figures.brokers[-1])
    cores = plan.ticks_s / _MILLION * measured.consumer_cpu_s_a_million / assumed.core_share
    consumers = min(partitions, max(_LEAST_TASKS, ceil(cores / TASK_VCPUS)))
    records = plan.ticks_s / partitions * plan.flush_age_s
    day_s = assumed.hours_a_day * _HOUR_S
    rows_s = measured.load_rows_s * assumed.xsmall_loads * assumed.loading_share
    step = min(len(SIZES) - 1, max(0, (ceil(plan.ticks_s / rows_s) - 1).bit_length()))
    work_s = max(_WORK_S, plan.ticks_s * plan.load_every_s / rows_s / 2**step * assumed.loading_share)
    load = by_copy("", every_s=plan.load_every_s, work_s=work_s, flush_s=plan.flush_age_s, hours=assumed.hours_a_day)
    return Need(
        plan=plan,
        partitions=partitions,
        broker=broker,
        brokers=assumed.replicas * ceil(wire_mb_s / broker.mb_s / assumed.replicas),
        producers=ceil(plan.ticks_s / measured.producer_ticks_s / assumed.core_share / TASK_VCPUS),
        consumers=consumers,
        alerts=consumers,
        object_records=records,
        object_bytes=records * measured.stored_bytes,
        buffered_bytes=records * measured.json_bytes,
        objects=partitions * day_s / plan.flush_age_s,
        size=SIZES[step],
        load_credits=(load.credits or 0) * CREDITS_AN_HOUR * 2**step,
        streaming_credits=plan.ticks_s * day_s * assumed.value_bytes / _GB * SNOWPIPE_CREDITS_A_GB,
        replicas=max(_LEAST_TASKS, ceil(plan.sessions / measured.dashboard_sessions)),
    )


def costs(figures: Figures, storage: Prices, wanted: Need) -> dict[str, float]:
    """US dollars a month by what they are paid for."""
    measured, assumed, plan = figures.measured, figures.assumed, wanted.plan
    price = {name: each.value for name, each in figures.prices}
    hours, days = assumed.hours_a_month, assumed.days_a_month
    ticks_a_day = plan.ticks_s * assumed.hours_a_day * _HOUR_S
    wire_gb_a_day = ticks_a_day * measured.json_bytes * assumed.wire_share / _GB
    kept_gb = wire_gb_a_day * plan.kept_days * assumed.replicas
    task_hour = TASK_VCPUS * price["vcpu_hour"] + TASK_MEMORY_GB * price["memory_gb_hour"]
    stored_gb = ticks_a_day * days * measured.stored_bytes / GIGABYTE
    return {
        "Kafka": wanted.brokers * wanted.broker.hour.value * hours + kept_gb * price["broker_gb_month"],
        "between zones": wire_gb_a_day * days * 2 / 3 * price["zone_gb"],
        "services": (wanted.producers + wanted.consumers + wanted.alerts + wanted.replicas) * task_hour * hours,
        "S3": wanted.objects * days / 1_000 * price["put_thousand"] + stored_gb * storage.gigabyte["STANDARD"],
        "Airflow": price["airflow_hour"] * hours,
        "loading": wanted.load_credits * days * price["credit"],
        "tables": ticks_a_day * days * assumed.warehouse_bytes / 1e12 * price["warehouse_tb_month"],
    }
