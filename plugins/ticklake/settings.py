"""All settings, read once in each process's main. Every field is the variable `TICKLAKE_<FIELD>`.

Looked up in this order: the process's environment, `.env`, then `$TICKLAKE_HOME/instance.env`, which
`make up` writes for the one-machine platform and which production does not have.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ticklake.errors import ConfigError

INSTANCE_FILE = "instance.env"


class Settings(BaseSettings):
    """What the platform is told from outside. Sizes in bytes, times in seconds, as the names say."""

    model_config = SettingsConfigDict(env_prefix="TICKLAKE_", frozen=True, extra="ignore")

    home: Path = Field(Path(".ticklake"), description="directory of this instance")
    port_base: int = Field(18000, ge=1024, le=65000, description="first of the 100 ports of the one-machine platform")
    config_file: Path = Field(Path("ticklake.yaml"), description="the file that names your sources, symbols and instruments")

    kafka_bootstrap: str = Field(description="host:port of the Kafka brokers, separated by commas")
    kafka_group: str = Field("ticklake-lake", description="consumer group that writes the lake")
    ticks_topic: str = "market.ticks"
    dead_letters_topic: str = "market.ticks.dlq"
    landings_topic: str = "lake.landings"
    ticks_partitions: int = Field(3, ge=1, description="partitions of the ticks topic when it is created")

    s3_bucket: str = Field(description="bucket of the raw zone")
    s3_endpoint: str | None = Field(None, description="address of an S3 store other than AWS")
    s3_region: str = "us-east-1"

    warehouse_account: str = Field(description="Snowflake account")
    warehouse_user: str
    warehouse_password: SecretStr | None = Field(None, description="only for stores that know no key pairs; Snowflake refuses passwords of services")
    warehouse_private_key_file: Path | None = Field(None, description="private key of the service user, PEM")
    warehouse_host: str | None = Field(None, description="host, when it does not follow from the account")
    warehouse_port: int = 443
    warehouse_database: str = "TICKLAKE"
    warehouse_compute: str | None = Field(None, description="Snowflake warehouse that runs the statements")
    warehouse_role: str | None = None

    sources: str = Field("simulator", description="sources that the producer service runs, separated by commas")
    simulator_seed: int = 20260101
    simulator_rate: float = Field(30.0, gt=0, description="ticks a second, all symbols together")
    simulator_hours: Literal["always", "exchange"] = Field("always", description="trade around the clock, or in exchange hours only")

    flush_records: int = Field(20_000, ge=1, description="most records of a raw object")
    flush_bytes: int = Field(16_000_000, ge=1, description="most bytes of record values in a raw object")
    flush_age_s: float = Field(5.0, gt=0, description="oldest that a buffered record may become before its object is written")
    buffer_bytes: int = Field(48_000_000, ge=1, description="record bytes in memory past which partitions are paused")
    landing_hint_s: float = Field(5.0, gt=0, description="least time between two landing hints of one consumer")

    load_interval_s: int = Field(60, ge=10, description="time between two timed loads")
    load_hints: bool = Field(True, description="load on landing hints too; off lets a paid warehouse sleep")
    load_hint_gap_s: float = Field(10.0, ge=0, description="least time between two loads that hints cause")
    fence_timeout_s: float = Field(60.0, gt=0, description="how long a load waits for another writer")

    target_event_s: float = Field(10.0, gt=0, description="oldest that the newest tick at the broker may be")
    target_lake_s: float = Field(15.0, gt=0, description="longest that a record may wait for the lake")
    target_warehouse_s: float = Field(60.0, gt=0, description="longest that a record may wait for the warehouse")
    start_grace_s: float = Field(60.0, ge=0, description="time after the start in which no hop is called late")


def load(**values: object) -> Settings:
    """The settings of this process; `values` win over everything.

    Raises `ConfigError` that names each missing or malformed variable and the places looked at.
    """
    home = Path(os.environ.get("TICKLAKE_HOME", ".ticklake"))
    files = (home / INSTANCE_FILE, Path(".env"))
    try:
        return Settings(_env_file=files, **values)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(f"TICKLAKE_{'_'.join(map(str, each['loc'])).upper()}: {each['msg'].lower()}" for each in error.errors())
        raise ConfigError(f"{wrong} (looked at the environment, {files[1]} and {files[0]}; `make up` writes the latter)") from None
