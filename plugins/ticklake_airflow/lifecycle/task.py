"""What the tasks of lake_lifecycle do, with all that is heavy to import."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook

from ticklake import lifecycle
from ticklake.clock import SystemClock
from ticklake.measurement import Measurement
from ticklake.settings import Settings
from ticklake.storage_cost import Prices, Stored, summed
from ticklake_airflow import connections
from ticklake_airflow.lifecycle.audit import audit
from ticklake_airflow.query_tag import query_tag
from ticklake_io import metrics_table
from ticklake_io.bucket_rules import S3BucketRules

_FOLDER = Path(__file__).parents[3] / "infra" / "lake"
_ABANDONED = timedelta(days=1)
_MOST_NAMED = 20


def audit_rules(settings: Settings, run_id: str) -> dict[str, Any]:
    """Compare the bucket's rules with the desired ones and put ours back; the audit, as JSON has it.

    Raises `ConfigError` when a rule would expire raw objects too soon, and what store and warehouse raise.
    """
    desired = lifecycle.load(_FOLDER / "lifecycle.yaml", settings.raw_retention_days)
    found = audit(_bucket(settings), desired, settings.raw_retention_days, owner=settings.lifecycle_owner == "airflow")
    # Versioning is a person's decision; it is told by the report, not by an alarm.
    left = sum(not each.startswith("versioning") for each in found.left)
    _keep(run_id, "audit_rules", [Measurement("lake_drift", float(left), "rules")])
    return asdict(found)


def report_storage(settings: Settings, run_id: str) -> dict[str, Any]:
    """What is stored by prefix and class and what it costs a month, and uploads that nobody has completed for a day. Raises what store and warehouse raise."""
    bucket, prices = _bucket(settings), Prices.load(_FOLDER / "prices.yaml")
    stored = summed(bucket.objects())
    before = SystemClock().now() - _ABANDONED
    abandoned = [f"{each.key}, begun {each.begun_at:%Y-%m-%d %H:%M}" for each in islice(bucket.uploads(), _MOST_NAMED) if each.begun_at < before]
    _keep(run_id, "report_storage", [each for one in stored for each in _measured(one, prices)])
    return {
        "stored": [asdict(each) | {"dollars_a_month": _rounded(each.cost(prices))} for each in stored],
        "dollars_a_month": _rounded(sum(each.cost(prices) or 0.0 for each in stored)),
        "region": prices.region,
        "abandoned_uploads": abandoned,
    }


def _measured(stored: Stored, prices: Prices) -> list[Measurement]:
    labels = {"prefix": stored.prefix, "class": stored.storage_class}
    cost = stored.cost(prices)
    return [
        Measurement("lake_objects", float(stored.objects), "objects", labels),
        Measurement("lake_bytes", float(stored.bytes), "bytes", labels),
        *([] if cost is None else [Measurement("lake_cost_month", round(cost, 6), "USD", labels)]),
    ]


def _rounded(dollars: float | None) -> float | None:
    return None if dollars is None else round(dollars, 4)


def _bucket(settings: Settings) -> S3BucketRules:
    return S3BucketRules(S3Hook(aws_conn_id=connections.STORE).get_conn(), settings.s3_bucket)


def _keep(run_id: str, task: str, measured: list[Measurement]) -> None:
    with closing(connections.warehouse(query_tag("lake_lifecycle", run_id, task, "OPS.METRICS"))) as warehouse:
        metrics_table.write(warehouse, measured, SystemClock().now())
