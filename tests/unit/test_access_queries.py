"""What the dashboard may read and write is what its statements say; no value is part of their text, no data part of a page's HTML."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

ROOT = Path(__file__).parents[2]
QUERIES = ROOT / "dashboard" / "queries"
WRITES = QUERIES / "app"
MODULES = sorted((ROOT / "dashboard").rglob("*.py"))

READ = {"CURATED", "OPS", "APP"}
"""Schemas that the dashboard's role reads; on Snowflake its rights say the same."""

RUN = {"rows", "frame"}
"""Methods of a warehouse that run a statement, their first argument."""

by_path = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


def statement(path: Path) -> exp.Expression:
    """The one statement of a file."""
    (parsed,) = sqlglot.parse(path.read_text(), dialect="snowflake")
    assert parsed is not None
    return parsed


def tables(parsed: exp.Expression) -> Iterator[tuple[str, str]]:
    """Schema and name of each table that a statement names, its own WITH parts and functions of a table aside."""
    parts = {cte.alias for cte in parsed.find_all(exp.CTE)}
    for table in parsed.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not (table.name in parts and not table.db):
            yield table.db, table.name


def faults(parsed: exp.Expression, may_write: bool) -> list[str]:
    """What a statement does that it may not."""
    found = [f"names {schema}.{name}" for schema, name in tables(parsed) if schema not in READ]
    if not isinstance(parsed, exp.Query):
        target = parsed.this.find(exp.Table) if isinstance(parsed, exp.Insert | exp.Update | exp.Delete | exp.Merge) else None
        if not may_write or target is None or target.db != "APP":
            found.append(f"writes {target.sql() if target else parsed.key}")
    return found


@pytest.mark.parametrize("path", sorted(QUERIES.rglob("*.sql")), ids=lambda path: str(path.relative_to(QUERIES)))
def test_a_statement_reads_curated_ops_and_app_and_writes_app_alone(path: Path) -> None:
    assert faults(statement(path), may_write=WRITES in path.parents) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT A FROM RAW.TICKS",
        "SELECT A FROM TICKS",
        "WITH T AS (SELECT A FROM RAW.TICKS) SELECT A FROM T",
        "SELECT A FROM APP.T WHERE A IN (SELECT A FROM RAW.TICKS)",
        "DELETE FROM OPS.LOADS",
        "UPDATE CURATED.LATEST SET PRICE = 1",
        "INSERT INTO CURATED.TICKS SELECT A FROM APP.T",
        "DROP TABLE APP.T",
        "TRUNCATE TABLE APP.T",
    ],
)
def test_the_check_itself_finds_what_is_wrong(text: str) -> None:
    parsed = sqlglot.parse_one(text, dialect="snowflake")
    assert faults(parsed, may_write=True)
    assert not faults(sqlglot.parse_one("INSERT INTO APP.T (A) SELECT :a WHERE NOT EXISTS (SELECT 1 FROM APP.T)", dialect="snowflake"), may_write=True)
    assert faults(sqlglot.parse_one("INSERT INTO APP.T (A) SELECT 1", dialect="snowflake"), may_write=False)


def looked_up(tree: ast.AST) -> set[str]:
    """What a module keeps of statements that it has looked up: `self._sql = Statements(…)["board"]`."""
    kept: dict[str, bool] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                kept[ast.unparse(target)] = isinstance(node.value, ast.Subscript) and kept.get(ast.unparse(target), True)
    return {name for name, well in kept.items() if well}


def formatted(call: ast.Call, kept: set[str]) -> bool:
    """Whether what a warehouse is asked is put together here, rather than looked up among statements."""
    return not (call.args and (isinstance(call.args[0], ast.Subscript) or ast.unparse(call.args[0]) in kept))


def asks(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls that run a statement: `….warehouse.rows(…)`, `self._warehouse.frame(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUN and "warehouse" in ast.unparse(node.func.value):
            yield node


@by_path
def test_no_value_is_formatted_into_sql(path: Path) -> None:
    tree = ast.parse(path.read_text())
    kept = looked_up(tree)
    assert [ast.unparse(call) for call in asks(tree) if formatted(call, kept)] == []
    words = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "MERGE INTO ")
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    assert [text for text in texts if text.lstrip().startswith(words)] == []


def test_whoever_writes_asks_for_the_right() -> None:
    writers = [path for path in MODULES if any(ast.unparse(call.func).endswith(".rows") for call in asks(ast.parse(path.read_text())))]
    assert writers
    assert [path for path in writers if not any(_rights(path))] == []


def _rights(path: Path) -> Iterator[str]:
    """The rights that a module asks for: LIMIT of `user.require(Action.LIMIT)`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"require", "refusal"}:
            yield from (each.attr for each in node.args if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "Action")


def test_sql_that_is_put_together_is_found() -> None:
    tree = ast.parse("sql = f'SELECT {x}'; good = statements['x']; w.warehouse.rows(sql); w._warehouse.frame(good); warehouse.rows(statements['x'])")
    assert [ast.unparse(call) for call in asks(tree) if formatted(call, looked_up(tree))] == ["w.warehouse.rows(sql)"]


def unsafe(tree: ast.AST) -> Iterator[str]:
    """Ways in which text could become script or HTML without being escaped."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {"unsafe_allow_html", "unsafe_allow_javascript"}:
            yield node.arg
        if isinstance(node, ast.JoinedStr):
            yield from _unescaped(node)


def _unescaped(text: ast.JoinedStr) -> Iterator[str]:
    """Items of data that stand in a piece of HTML as they came. What a function has made may be HTML itself: its own text is looked at where it is made."""
    constant = "".join(part.value for part in text.values if isinstance(part, ast.Constant) and isinstance(part.value, str))
    if "</" not in constant and "/>" not in constant:
        return
    for part in text.values:
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Subscript) and not isinstance(part.value.value, ast.Call):
            yield ast.unparse(part.value)


@by_path
def test_no_page_makes_html_of_data(path: Path) -> None:
    assert list(unsafe(ast.parse(path.read_text()))) == []


def test_html_that_is_not_escaped_is_found() -> None:
    assert set(unsafe(ast.parse("""st.markdown(f"<b>{row['NAME']}</b>", unsafe_allow_html=True)"""))) == {"unsafe_allow_html", "row['NAME']"}
    assert list(unsafe(ast.parse("""st.html(f"<b>{escape(row['NAME'])}</b>")"""))) == []
