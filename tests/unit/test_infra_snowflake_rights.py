"""Who may do what in the warehouse: each statement of the product is covered by its role's rights, and no right is there that no statement needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlglot
import yaml
from sqlglot import exp

from ticklake_airflow.restoring import rows
from ticklake_airflow.restoring.decisions import WHERE
from ticklake_airflow.restoring.rows import Some
from ticklake_airflow.settling.checksum import Column

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "infra" / "snowflake"
GRANTS = SCRIPTS / "account" / "A__grants.sql"
RIGHTS: Mapping[str, Mapping[str, Mapping[str, Mapping[str, list[str]]]]] = yaml.safe_load((ROOT / "infra/modules/snowflake/rights.yaml").read_text())
GUIDE = (ROOT / "docs" / "rights.md").read_text()
LOAD = ROOT / "dags" / "sql" / "load_ticks"

FOLDERS = {
    "LOADER": [
        LOAD,
        *(ROOT / "dags" / "sql" / dag for dag in ("settle_ticks", "ingest_daily_bars", "monitor_pipeline")),
        ROOT / "plugins" / "ticklake_airflow" / "page" / "sql",
        ROOT / "plugins" / "ticklake_io" / "queries",
    ],
    "TRANSFORMER": [ROOT / "dags" / "sql" / "refresh_analytics", ROOT / "dags" / "sql" / "data_quality"],
    "BACKUP": [],
    "DASHBOARD": [ROOT / "dashboard" / "queries"],
    "ALERTS": [ROOT / "streaming" / "alerts" / "queries"],
    "OPERATOR": [ROOT / "plugins" / "ticklake_cli", ROOT / "plugins" / "ticklake_airflow" / "restoring", SCRIPTS],
}
"""Where the statements of each role stand. OPERATOR owns what it reads and writes; ANALYST has people instead, BACKUP one that is made of all tables."""

BORROWED = [ROOT / "plugins" / "ticklake_airflow" / part for part in ("loading/fence.py", "quality/quarantine.py")]
"""Modules of the TRANSFORMER's DAGs that run statements of the load."""

CHECKED_TABLES = sorted({rule["table"] for rule in yaml.safe_load((ROOT / "infra/quality/rules.yaml").read_text())["rules"] if "table" in rule})
"""What stands for RULE_TABLE in a statement of a data quality rule."""

_WRITES: dict[type[exp.Expression], str] = {exp.Insert: "INSERT", exp.Copy: "INSERT", exp.Update: "UPDATE", exp.Delete: "DELETE"}
_CREATED = re.compile(r"^CREATE (?:OR REPLACE )?(TABLE|VIEW|STAGE|FILE FORMAT) (?:IF NOT EXISTS )?(\w+)\.(\w+)", re.MULTILINE)
_GRANT = re.compile(r'^GRANT ([A-Z, ]+) ON TABLE (\w+)\.(\w+) TO ROLE "\{database\}_(\w+)";$', re.MULTILINE)


class Need(NamedTuple):
    """A privilege on one object; `kind` in the plural, as grants name it."""

    schema: str
    name: str
    kind: str
    privilege: str


def created() -> dict[tuple[str, str], str]:
    """Kind of each object that the versioned SQL makes, by schema and name."""
    text = "".join(path.read_text() for path in SCRIPTS.glob("*.sql"))
    return {(schema, name): f"{kind}S" for kind, schema, name in _CREATED.findall(text)}


KINDS = created()


def needs(text: str) -> set[Need]:
    """What a statement needs. A change that looks at rows reads them, too."""
    return {need for table in CHECKED_TABLES for need in _needs(text.replace("RULE_TABLE", table))}


def _needs(text: str) -> Iterator[Need]:
    for schema, name in re.findall(r"@(\w+)\.(\w+)", text):
        yield Need(schema, name, "STAGES", "USAGE")
    for schema, name in re.findall(r"FORMAT_NAME = '(\w+)\.(\w+)'", text):
        yield Need(schema, name, "FILE FORMATS", "USAGE")
    parsed = sqlglot.parse_one(text, dialect="snowflake")
    parts = {cte.alias for cte in parsed.find_all(exp.CTE)}
    write = next((privilege for kind, privilege in _WRITES.items() if isinstance(parsed, kind)), None)
    assert write or isinstance(parsed, exp.Query), f"neither a query nor a change of rows: {text[:80]}"
    target = parsed.this.find(exp.Table) if write else None
    for table in parsed.find_all(exp.Table):
        known = isinstance(table.this, exp.Identifier) and not (table.name in parts and not table.db)
        if known and table.db != "INFORMATION_SCHEMA":
            kind = KINDS[table.db, table.name]
            if table is not target or write in {"UPDATE", "DELETE"}:
                yield Need(table.db, table.name, kind, "SELECT")
            if table is target and write:
                yield Need(table.db, table.name, kind, write)


def by_terraform(role: str) -> set[tuple[str, str, str]]:
    """Schema, kind and privilege of what a role may on every object of a kind."""
    return {
        (schema, kind, privilege)
        for schema, kinds in RIGHTS[role]["schemas"].items()
        for kind, privileges in kinds.items()
        if kind != "SCHEMA"
        for privilege in privileges
    }


def by_sql(role: str) -> set[Need]:
    """What a role may on single tables."""
    found = _GRANT.findall(GRANTS.read_text())
    return {Need(schema, name, "TABLES", each) for all_, schema, name, grantee in found if grantee == role for each in all_.split(", ")}


def missing(role: str, wanted: set[Need]) -> set[Need]:
    """What of `wanted` a role has no right to."""
    everywhere, single = by_terraform(role), by_sql(role)
    return {need for need in wanted if (need.schema, need.kind, need.privilege) not in everywhere and need not in single}


def statements(role: str) -> list[Path]:
    """The files whose statements a role runs."""
    paths = [path for folder in FOLDERS[role] for path in sorted(folder.rglob("*.sql"))]
    if role == "TRANSFORMER":
        words = {node.value for part in BORROWED for node in ast.walk(ast.parse(part.read_text())) if isinstance(node, ast.Constant)}
        paths += [path for path in sorted(LOAD.glob("*.sql")) if path.stem in words]
        paths.append(ROOT / "plugins" / "ticklake_io" / "queries" / "insert_metrics.sql")
    return paths


def texts(role: str) -> dict[str, str]:
    """The statements that a role runs, by a name."""
    if role == "BACKUP":
        names = [f"{schema}.{name}" for (schema, name), kind in KINDS.items() if schema == "APP" and kind == "TABLES"]
        return {"backup": rows.statement({name: Some([Column("A", "TEXT", 0)], WHERE.get(name, "TRUE")) for name in [*names, *WHERE]})}
    return {f"{path.parent.name}/{path.name}": path.read_text() for path in statements(role)}


SERVICES = [role for role in FOLDERS if role != "OPERATOR"]
CASES = [pytest.param(role, text, id=f"{role}-{name}") for role in SERVICES for name, text in texts(role).items()]


@pytest.mark.parametrize(("role", "text"), CASES)
def test_a_role_may_do_what_its_statement_needs(role: str, text: str) -> None:
    assert missing(role, needs(text)) == set()


@pytest.mark.parametrize("role", SERVICES)
def test_a_role_has_no_right_that_no_statement_needs(role: str) -> None:
    used = {need for text in texts(role).values() for need in needs(text)}
    assert by_terraform(role) == {(need.schema, need.kind, need.privilege) for need in used - by_sql(role)}
    assert by_sql(role) <= used


def test_every_statement_of_the_product_is_some_role_s() -> None:
    everywhere = {path for part in ("dags", "plugins", "dashboard", "streaming", "infra") for path in (ROOT / part).rglob("*.sql")}
    assert everywhere == {path for role in FOLDERS for path in statements(role)}


@pytest.mark.parametrize(
    ("role", "text"),
    [
        ("LOADER", "SELECT A FROM APP.TRANSACTIONS"),
        ("LOADER", "INSERT INTO APP.ALERTS (ALERT_ID) SELECT :a"),
        ("LOADER", "UPDATE RAW.TICKS SET PRICE = 1"),
        ("TRANSFORMER", "INSERT INTO RAW.TICKS SELECT A FROM CURATED.TICKS"),
        ("TRANSFORMER", "DELETE FROM RAW.TICKS"),
        ("TRANSFORMER", "COPY INTO CURATED.TICKS FROM @RAW.LAKE"),
        ("TRANSFORMER", "SELECT A FROM APP.PORTFOLIOS"),
        ("BACKUP", "INSERT INTO APP.ALERTS (ALERT_ID) SELECT :a"),
        ("BACKUP", "DELETE FROM OPS.QUARANTINE"),
        ("BACKUP", "SELECT A FROM CURATED.TICKS"),
        ("DASHBOARD", "SELECT A FROM RAW.TICKS"),
        ("DASHBOARD", "INSERT INTO CURATED.LATEST (SYMBOL) SELECT :a"),
        ("DASHBOARD", "UPDATE OPS.LOADS SET STATE = 'MERGED'"),
        ("DASHBOARD", "DELETE FROM OPS.QUARANTINE"),
        ("DASHBOARD", "UPDATE APP.TRANSACTIONS SET PRICE = 1"),
        ("DASHBOARD", "UPDATE APP.EXPORTS SET EXPORTED_BY = 'nobody'"),
        ("DASHBOARD", "DELETE FROM APP.EXPORTS"),
        ("ALERTS", "SELECT A FROM APP.TRANSACTIONS"),
        ("ALERTS", "INSERT INTO APP.ALERT_RULES (RULE_ID) SELECT :a"),
        ("ALERTS", "UPDATE APP.ALERTS SET NOTE = ''"),
        ("ALERTS", "SELECT A FROM CURATED.LATEST"),
        ("ANALYST", "SELECT A FROM CURATED.TICKS"),
        ("ANALYST", "SELECT A FROM CURATED.RISK"),
        ("ANALYST", "SELECT A FROM RAW.CHECKED_TICKS"),
        ("ANALYST", "SELECT A FROM OPS.QUARANTINED"),
        ("ANALYST", "SELECT A FROM APP.PORTFOLIOS"),
        ("ANALYST", "DELETE FROM CURATED.BARS_1M"),
        ("OPERATOR", "UPDATE APP.TRANSACTIONS SET PRICE = 1"),
    ],
)
def test_a_role_may_not(role: str, text: str) -> None:
    """OPERATOR's rights are those of an owner; none is granted to it."""
    assert missing(role, needs(text))


def test_analysts_read_the_documented_views_of_curated_and_nothing_else() -> None:
    assert by_terraform("ANALYST") == {("CURATED", "VIEWS", "SELECT")}
    assert by_sql("ANALYST") == set()
    shown = set(re.findall(r"^\| `CURATED\.(\w+)` \|", GUIDE, re.MULTILINE))
    assert shown == {name for (schema, name), kind in KINDS.items() if schema == "CURATED" and kind == "VIEWS"}


def test_one_of_both_owns_each_grant() -> None:
    text = re.sub(r"^--.*\n", "", GRANTS.read_text(), flags=re.MULTILINE)
    assert len(_GRANT.findall(text)) == text.count(";"), "each grant is one on a table"
    twins = [need for role in RIGHTS for need in by_sql(role) if (need.schema, need.kind, need.privilege) in by_terraform(role)]
    assert twins == []
    assert "GRANT " not in "".join(path.read_text() for path in SCRIPTS.glob("*.sql"))


def test_who_has_a_right_in_a_schema_may_use_it() -> None:
    for role in RIGHTS:
        assert {need.schema for need in by_sql(role)} <= set(RIGHTS[role]["schemas"])


def test_nobody_is_made_an_owner_and_only_the_operator_creates() -> None:
    for role, right in RIGHTS.items():
        granted = {each for kinds in right["schemas"].values() for privileges in kinds.values() for each in privileges} | set(right.get("database", []))
        assert not granted & {"OWNERSHIP", "ALL", "ALL PRIVILEGES", "MANAGE GRANTS", "TRUNCATE"}
        assert role == "OPERATOR" or not any(each.startswith("CREATE") for each in granted)


def test_the_operator_may_create_what_the_versioned_sql_creates() -> None:
    wanted = {(schema, f"CREATE {kind.removesuffix('S')}") for (schema, _), kind in KINDS.items()}
    granted = {(schema, each) for schema, kinds in RIGHTS["OPERATOR"]["schemas"].items() for each in kinds["SCHEMA"]}
    # Snowflake wants the right to make a schema even for IF NOT EXISTS of one that is there.
    assert RIGHTS["OPERATOR"]["database"] == ["CREATE SCHEMA"]
    assert granted == wanted


def lines(right: Mapping[str, Mapping[str, Mapping[str, list[str]]]], role: str) -> Iterator[str]:
    """The table of docs/rights.md, of one role."""
    single = sorted(by_sql(role))
    for schema, kinds in right["schemas"].items():
        parts = [f"{', '.join(privileges)} on {'the schema' if kind == 'SCHEMA' else f'all {kind.lower()}'}" for kind, privileges in kinds.items()]
        names = dict.fromkeys(need.name for need in single if need.schema == schema)
        parts += [f"{', '.join(each.privilege for each in single if (each.schema, each.name) == (schema, name))} on the table {name}" for name in names]
        yield f"| {role} | {schema} | {'; '.join(parts)} |"


def test_the_guide_shows_the_rights_as_they_are() -> None:
    wanted = [row for role, right in RIGHTS.items() for row in lines(right, role)]
    assert re.findall(rf"^\| (?:{'|'.join(RIGHTS)}) \| (?:RAW|CURATED|OPS|APP) \|.*$", GUIDE, re.MULTILINE) == wanted
