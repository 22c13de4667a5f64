"""All settings, read once in each process's main. Every field is the variable `TICKLAKE_<FIELD>`.

Looked up in this order: the process's environment, `.env`, then `$TICKLAKE_HOME/instance.env`, which
`make up` writes for the one-machine platform and which production does not have, then a file of the setting's
name in the directory `$TICKLAKE_SECRETS_DIR`, as Docker and Kubernetes hand over secrets.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ticklake.errors import ConfigError
from ticklake.roles import Role

INSTANCE_FILE = "instance.env"
SECRETS_VARIABLE = "TICKLAKE_SECRETS_DIR"


class Settings(BaseSettings):
    """What the platform is told from outside. Sizes in bytes, times in seconds, as the names say."""

    model_config = SettingsConfigDict(env_prefix="TICKLAKE_", frozen=True, extra="ignore")

    home: Path = Field(Path(".ticklake"), description="directory of this instance")
    secrets_dir: Path | None = Field(None, description="directory with a file for each secret, named as its variable in small letters")
    port_base: int = Field(18000, ge=1024, le=65000, description="first of the 100 ports of the one-machine platform")
    config_file: Path = Field(Path("ticklake.yaml"), description="the file that names your sources, symbols and instruments")

    kafka_bootstrap: str = Field(description="host:port of the Kafka brokers, separated by commas")
    kafka_group: str = Field("ticklake-lake", description="consumer group that writes the lake")
    kafka_session_s: float = Field(45.0, ge=1, description="a consumer that is silent for so long loses its partitions to the others")
    kafka_client: Literal["kafka-python", "confluent"] = Field(
        "kafka-python", description="client of the consumer and the producer; confluent is several times faster"
    )
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how brokers are spoken to; certificates are always verified"
    )
    kafka_sasl: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "AWS_MSK_IAM"] | None = Field(None, description="how this process proves who it is")
    kafka_username: str | None = Field(None, description="SCRAM user")
    kafka_password: SecretStr | None = Field(None, description="SCRAM password")
    kafka_ca_file: Path | None = Field(None, description="authorities that signed the brokers' certificates, PEM; the system's own without it")
    ticks_topic: str = "market.ticks"
    dead_letters_topic: str = "market.ticks.dlq"
    landings_topic: str = "lake.landings"
    changes_topic: str = "warehouse.changes"
    alerts_topic: str = "market.alerts"
    alerts_state_topic: str = "market.alerts.state"
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
    warehouse_integration: str | None = Field(
        None, description="storage integration by which Snowflake reads the bucket, for who applies the DDL; with it the account's own scripts are applied too"
    )

    sources: str = Field("simulator", description="sources that the producer service runs, separated by commas")
    simulator_seed: int = 20260101
    simulator_rate: float = Field(30.0, gt=0, description="ticks a second, all symbols together")
    simulator_hours: Literal["always", "exchange"] = Field("always", description="trade around the clock, or in exchange hours only")

    standby_after_s: float = Field(
        30.0, gt=0, description="how long a primary source may be silent, its exchange open, before a standby takes the instrument over"
    )

    flush_records: int = Field(20_000, ge=1, description="most records of a raw object")
    flush_bytes: int = Field(16_000_000, ge=1, description="most bytes of record keys and values in a raw object")
    flush_age_s: float = Field(5.0, gt=0, description="oldest that a buffered record may become before its object is written")
    buffer_bytes: int = Field(48_000_000, ge=1, description="record bytes in memory past which partitions are paused")
    landing_hint_s: float = Field(5.0, gt=0, description="least time between two landing hints of one consumer")

    reject_ratio: float = Field(0.5, gt=0, le=1, description="share of rejected records, of the last `reject_window`, past which the consumer stops; 1: never")
    reject_window: int = Field(10_000, ge=100, description="records that the share is taken of")
    reject_run: int = Field(2_000, ge=1, description="rejected records in a row, in one partition, past which the consumer stops")
    shutdown_s: float = Field(20.0, gt=0, lt=45, description="longest that a stop of producer or consumer may take")
    http_host: str = Field("127.0.0.1", description="address that /metrics, /healthz and /readyz of the services listen on")
    producer_http_port: int = Field(9101, ge=0, le=65535, description="port of the producer's /metrics, /healthz and /readyz; 0: none")
    consumer_http_port: int = Field(9102, ge=0, le=65535, description="the consumer's; 0: none")
    dashboard_http_port: int = Field(9104, ge=0, le=65535, description="the dashboard's own, beside its pages; 0: none")
    alerts_http_port: int = Field(9103, ge=0, le=65535, description="the alerts service's; 0: none")
    producer_status_url: str | None = Field(None, description="where the producer's /status is asked, when it is not at http_host")
    dashboard_status_url: str | None = Field(None, description="where the dashboard's is")

    alerts_group: str = Field(
        "ticklake-alerts", description="consumer group that judges ticks by alert rules; with -inbox behind it, the one that keeps alerts"
    )
    alerts_rules_s: float = Field(300.0, gt=0, description="longest until alert rules are read again when no change of theirs was heard")

    load_interval_s: int = Field(60, ge=10, description="time between two timed loads")
    load_hints: bool = Field(True, description="load on landing hints too; off lets a paid warehouse sleep")
    load_hint_gap_s: float = Field(10.0, ge=0, description="least time between two loads that hints cause")
    fence_timeout_s: float = Field(60.0, gt=0, description="how long a load waits for another writer")
    set_aside_after_s: float = Field(0, ge=0, description="a load gives up an object that still cannot be loaded so long after it landed; 0: never")

    quality_rules_file: Path = Field(Path("infra/quality/rules.yaml"), description="the data quality rules")
    quality_gap_minutes: int = Field(5, ge=0, description="how long new data is gathered before it is checked")

    dashboard_warehouse_s: float = Field(
        30.0,
        gt=0,
        description="least time between two questions of the dashboard to the warehouse, while it cannot hear of changes or waits for an overdue one",
    )
    no_export_sources: str = Field("", description="sources whose data may be looked at but not exported, separated by commas")
    dashboard_url: str | None = Field(None, description="address of the dashboard, for links to it and questions how fast it answers")
    airflow_url: str | None = Field(None, description="address of Airflow, for links from the dashboard to runs and runbooks")

    local_role: Role | None = Field(
        None, description="role of everybody while nobody can sign in; without it admin for who listens on the loopback address only, else nobody"
    )
    oidc_client_id: str | None = Field(None, description="this dashboard's id at the OpenID Connect provider; set, everybody signs in")
    oidc_client_secret: SecretStr | None = Field(None, description="its secret")
    oidc_metadata_url: str | None = Field(None, description="the provider's /.well-known/openid-configuration")
    oidc_cookie_secret: SecretStr | None = Field(None, description="what the cookies of who is signed in are signed with, 32 characters or more")
    oidc_claim: str = Field("roles", description="claim of the identity token that holds a person's roles or groups; a path with dots leads into it")
    oidc_admins: str = Field("admin", description="values of that claim, or verified e-mail addresses, that are admins, separated by commas")
    oidc_analysts: str = Field("analyst", description="those that are analysts")
    oidc_viewers: str = Field("viewer", description="those that are viewers; who is none of the three is not let in")
    oidc_hours: float = Field(12.0, gt=0, description="hours after which a person must sign in again")

    batch_interval_s: int = Field(14_400, ge=60, description="time between two looks for closes whose daily bars are missing")
    daily_history_days: int = Field(365, ge=1, description="days of daily bars that a symbol without any gets")
    minute_history_days: int = Field(5, ge=1, le=30, description="days of minute bars that a symbol without any gets")
    vendor_minutes: bool = Field(False, description="ask Alpha Vantage for the minutes that have no ticks, too: a call for each symbol and close")
    bars_directory: Path | None = Field(None, description="directory of CSV or Parquet files with daily bars")

    analytics_gap_minutes: int = Field(1, ge=0, description="least time between two refreshes of the analytics tables")
    benchmark: str = Field("SPY", description="symbol that betas are taken against, where a symbol's source has daily bars of it")

    target_event_s: float = Field(10.0, gt=0, description="oldest that the newest tick at the broker may be")
    target_lake_s: float = Field(15.0, gt=0, description="longest that a record may wait for the lake")
    target_warehouse_s: float = Field(60.0, gt=0, description="longest that a record may wait for the warehouse")
    start_grace_s: float = Field(60.0, ge=0, description="time after the start in which no hop is called late")

    alarm_after: int = Field(2, ge=1, description="measurements in a row beyond a limit that raise its alarm")
    alarm_lag_records: int = Field(100_000, ge=1, description="records of the ticks topic that wait for the lake")
    alarm_copy_success: float = Field(99.0, ge=0, le=100, description="least share of a day's objects that were loaded, in percent")
    alarm_load_p95_s: float = Field(30.0, gt=0, description="longest p95 of an hour's loads, from landed to merged")
    alarm_availability: float = Field(99.9, ge=0, le=100, description="least share of a day's minutes with every hop fresh, in percent")
    alarm_dashboard_s: float = Field(2.0, gt=0, description="longest that the dashboard may take to answer")
    alarm_calls_left: int = Field(1, ge=0, description="fewest calls that a provider's plan may have left")
    alarm_backup_hours: float = Field(26.0, gt=0, description="oldest that the newest daily backup may be")
    late_load_s: float = Field(300.0, gt=0, description="longest that a load may take, from when it was queued")

    notify_slack_url: SecretStr | None = Field(None, description="incoming webhook of a Slack channel that alarms are told to")
    notify_webhook_url: SecretStr | None = Field(None, description="address that alarms are posted to as JSON")
    notify_email_to: str | None = Field(None, description="who gets alarms by e-mail, separated by commas")
    notify_email_from: str = Field("ticklake@localhost", description="sender of these e-mails")
    smtp_host: str = Field("localhost", description="server that e-mails are given to")
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="how that server is spoken to; none: loopback and closed networks")
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None

    lifecycle_owner: Literal["airflow", "terraform"] = Field("airflow", description="who puts the bucket's rules in place; the other one only looks")
    raw_retention_days: int = Field(2_557, ge=9, description="days that raw objects must be kept; no rule of the bucket may expire them sooner")

    @property
    def running(self) -> tuple[str, ...]:
        """The names in `sources`."""
        return tuple(name.strip() for name in self.sources.split(",") if name.strip())


class SourceSettings(BaseSettings):
    """What one source alone is told. It stands in the source's own module, as a subclass whose `env_prefix` is `TICKLAKE_<NAME>_`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")


_Kind = TypeVar("_Kind", bound=BaseSettings)


def load(**values: object) -> Settings:
    """The settings of this process; `values` win over everything.

    Raises `ConfigError` that names each missing or malformed variable and the places looked at.
    """
    return _load(Settings, values)


def load_source(kind: type[_Kind], **values: object) -> _Kind:
    """The settings of one source, from the same places. Raises as `load` does."""
    return _load(kind, values)


def _load(kind: type[_Kind], values: dict[str, object]) -> _Kind:
    home = Path(os.environ.get("TICKLAKE_HOME", ".ticklake"))
    files = (home / INSTANCE_FILE, Path(".env"))
    prefix, secrets = kind.model_config["env_prefix"], os.environ.get(SECRETS_VARIABLE)
    if secrets and not Path(secrets).is_dir():
        raise ConfigError(f"{SECRETS_VARIABLE}: there is no directory {secrets}")
    try:
        return kind(_env_file=files, _secrets_dir=secrets, **values)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = "; ".join(f"{prefix}{'_'.join(map(str, each['loc'])).upper()}: {each['msg'].lower()}" for each in error.errors())
        raise ConfigError(f"{wrong} (looked at the environment, {files[1]} and {files[0]}; `make up` writes the latter)") from None
