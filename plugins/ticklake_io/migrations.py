"""Applies the versioned DDL of `infra/snowflake/`, on a laptop and on Snowflake alike.

    V<version>__<name>.sql   runs once, in order of version; changing one that has run is an error. DDL commits by
                             itself on Snowflake, so its statements must bear a second run after a crash in between
    A__<name>.sql            runs every time (what a warehouse may forget: stages, file formats)
    account/A__<name>.sql    runs every time, last, and only where an account's storage integration is named: what Snowflake
                             alone understands

`python -m ticklake_io.migrations` applies what is missing, replaces reference data that changed, and tells what it did. Safe to run again at any time.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from snowflake.connector.util_text import split_statements

from ticklake import contracts, instruments
from ticklake import settings as ticklake_settings
from ticklake.clock import Clock, SystemClock
from ticklake.errors import ConfigError, TicklakeError
from ticklake_io.reference import load_reference
from ticklake_io.warehouse import Warehouse, connection_arguments, open_warehouse

FOLDER = Path(__file__).parents[2] / "infra" / "snowflake"

_NAME = re.compile(r"V(?P<version>\d+(\.\d+)*)__\w+\.sql")
_HISTORY = """CREATE TABLE IF NOT EXISTS OPS.SCHEMA_HISTORY (
    VERSION VARCHAR NOT NULL, SCRIPT VARCHAR NOT NULL, SHA256 VARCHAR NOT NULL, APPLIED_AT TIMESTAMP_NTZ(6) NOT NULL)"""
_HAS_HISTORY = "SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'OPS' AND TABLE_NAME = 'SCHEMA_HISTORY'"
_APPLIED = "SELECT VERSION, SHA256 FROM OPS.SCHEMA_HISTORY"


@dataclass(frozen=True)
class Script:
    """A script of DDL: its version (None: runs every time) and its text with the variables filled in."""

    name: str
    version: str | None
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def statements(self) -> list[str]:
        """Its statements, one by one, without comments."""
        parts = (statement for statement, _ in split_statements(io.StringIO(self.text), remove_comments=True))
        return [text for part in parts if (text := part.strip().rstrip(";"))]


@dataclass(frozen=True)
class Account:
    """What the account's own scripts must know of it: the storage integration that reads the lake, and the database, whose name begins those of the roles."""

    integration: str
    database: str


def account_of(settings: ticklake_settings.Settings) -> Account | None:
    """The account that the settings name; None where they name no storage integration."""
    return Account(settings.warehouse_integration, settings.warehouse_database) if settings.warehouse_integration else None


def versioned(folder: Path = FOLDER) -> list[Script]:
    """The scripts that run once, in order.

    Raises `ConfigError` when two have one version.
    """
    scripts = [Script(path.name, match["version"], path.read_text()) for path in folder.glob("V*.sql") if (match := _NAME.fullmatch(path.name))]
    scripts.sort(key=lambda script: [int(part) for part in (script.version or "").split(".")])
    for one, other in pairwise(scripts):
        if one.version == other.version:
            raise ConfigError(f"{one.name} and {other.name} have the same version")
    return scripts


def always(bucket: str, folder: Path = FOLDER) -> list[Script]:
    """The scripts that run every time; `{bucket}` in them is the bucket of the raw zone."""
    return [Script(path.name, None, path.read_text().replace("{bucket}", bucket)) for path in sorted(folder.glob("A__*.sql"))]


def account_only(account: Account, bucket: str, folder: Path = FOLDER) -> list[Script]:
    """The scripts that only an account understands; `{integration}`, `{database}` and `{bucket}` in them are its own names."""
    names = {"{integration}": account.integration, "{database}": account.database, "{bucket}": bucket}
    scripts = []
    for path in sorted((folder / "account").glob("A__*.sql")):
        text = path.read_text()
        for placeholder, name in names.items():
            text = text.replace(placeholder, name)
        scripts.append(Script(path.name, None, text))
    return scripts


def pending(warehouse: Warehouse, folder: Path = FOLDER) -> list[Script]:
    """The scripts that have still to run once, in order.

    Raises `ConfigError` when a script was changed after it had run.
    """
    applied = {row["VERSION"]: row["SHA256"] for row in warehouse.rows(_APPLIED)} if warehouse.rows(_HAS_HISTORY) else {}
    for script in versioned(folder):
        if applied.get(script.version, script.sha256) != script.sha256:
            raise ConfigError(f"{script.name} was changed after it had run; undo that and add a script with a higher version")
    return [script for script in versioned(folder) if script.version not in applied]


def migrate(warehouse: Warehouse, clock: Clock, bucket: str, folder: Path = FOLDER, account: Account | None = None) -> list[str]:
    """Apply what is missing; the names of the scripts that ran. Without an `account` its scripts stay out.

    Raises `ConfigError` when a script was changed after it had run.
    """
    warehouse.rows("CREATE SCHEMA IF NOT EXISTS OPS")
    warehouse.rows(_HISTORY)
    ran = []
    for script in pending(warehouse, folder):
        for statement in script.statements():
            warehouse.rows(statement)
        warehouse.rows(
            "INSERT INTO OPS.SCHEMA_HISTORY SELECT :version, :script, :sha256, :at",
            {"version": script.version, "script": script.name, "sha256": script.sha256, "at": clock.now()},
        )
        ran.append(script.name)
    for script in [*always(bucket, folder), *(account_only(account, bucket, folder) if account else [])]:
        for statement in script.statements():
            warehouse.rows(statement)
        ran.append(script.name)
    return ran


def update(warehouse: Warehouse, settings: ticklake_settings.Settings) -> str:
    """Apply the DDL and bring the reference data up to date; what was done, for people. Raises as `migrate` does."""
    ran = migrate(warehouse, SystemClock(), settings.s3_bucket, account=account_of(settings))
    changed = load_reference(warehouse, instruments.load(settings.config_file), contracts.load(), SystemClock())
    return f"ran {', '.join(ran)}; replaced {', '.join(changed) or 'no reference data'}"


def main() -> int:
    """Update the warehouse that the settings name."""
    try:
        settings = ticklake_settings.load()
        with closing(open_warehouse(connection_arguments(settings), query_tag="ticklake migrations")) as warehouse:
            done = update(warehouse, settings)
    except TicklakeError as error:
        print(f"migrations: {error}", file=sys.stderr)
        return 1
    print(f"migrations: {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
