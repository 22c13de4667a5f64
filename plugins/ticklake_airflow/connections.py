"""The store and the warehouse by Airflow's connections `ticklake_s3` and `ticklake_warehouse`. Imported by tasks only."""

from __future__ import annotations

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

from ticklake.clock import SystemClock
from ticklake_io.metered import MeteredWarehouse
from ticklake_io.store import S3Store
from ticklake_io.warehouse import open_warehouse

STORE = "ticklake_s3"
WAREHOUSE = "ticklake_warehouse"


def store(bucket: str) -> S3Store:
    """A bucket of the store."""
    return S3Store(S3Hook(aws_conn_id=STORE).get_conn(), bucket)


def warehouse(query_tag: str) -> MeteredWarehouse:
    """A session of the warehouse whose statements carry `query_tag`, and that leaves its account in OPS.METRICS when it is closed."""
    params = SnowflakeHook(snowflake_conn_id=WAREHOUSE)._get_conn_params()  # noqa: SLF001 - the hook has no public way to its arguments
    arguments = {name: value for name, value in params.items() if value not in (None, "") and name != "session_parameters"}
    return MeteredWarehouse(open_warehouse(arguments, query_tag), SystemClock(), query_tag)
