"""Data quality rules as a file says them, and what is told of a file that is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ticklake.errors import ConfigError
from ticklake.quality.file import load_rules
from ticklake.quality.kinds import Completeness, NotNull, Rule, StaleSymbol
from ticklake_airflow.quality.scope import Scope

SHIPPED = Path(__file__).parents[2] / "infra" / "quality" / "rules.yaml"
STATEMENTS = Path(__file__).parents[2] / "dags" / "sql" / "data_quality"
GOOD = """rules:
  # a comment
  - {id: whole, kind: not_null, table: CURATED.TICKS, columns: [PRICE], severity: fail, description: d}
  - id: late
    kind: late_data
    seconds: 60
    feeds: [realtime]
    severity: warn
    at_most_share: 0.5
    description: d
"""


def rules(tmp_path: Path, text: str) -> list[Rule]:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    return load_rules(path)


def test_the_shipped_rules_are_right_and_each_has_its_statement() -> None:
    shipped = load_rules(SHIPPED)
    assert {rule.kind for rule in shipped} >= {"completeness", "uniqueness", "ohlc_sanity", "price_jump", "stale_symbol", "late_data", "source_drift"}
    for rule in shipped:
        question = rule.question()
        text = (STATEMENTS / f"{question.statement}.sql").read_text()
        assert all(name in text for name in question.names), rule.id
        assert all(f":{name}" in text for name in question.values), rule.id


def test_a_file_is_read_in_its_order(tmp_path: Path) -> None:
    whole, late = rules(tmp_path, GOOD)
    assert isinstance(whole, NotNull)
    assert whole.question().names["RULE_TABLE"] == "CURATED.TICKS"
    assert [late.allows(offending, 10) for offending in (5, 6)] == [True, False]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("seconds: 60", "seconds: many", ["line 4", "rule late", "seconds"]),
        ("seconds: 60", "hours: 60", ["line 4", "rule late", "hours"]),
        ("late_data", "latest_data", ["line 4", "rule late", "latest_data"]),
        ("severity: warn", "severity: worry", ["line 4", "rule late", "severity"]),
        ("id: late", "id: whole", ["line 4", "rule whole", "line 3 has it"]),
        ("[PRICE]", "['PRICE; DROP TABLE X']", ["line 3", "rule whole", "columns.0"]),
        ("CURATED.TICKS", "CURATED.NOWHERE", ["line 3", "rule whole", "CURATED.NOWHERE"]),
        ("CURATED.TICKS", "CURATED.DAILY_BARS", ["line 3", "rule whole", "last_days"]),
        ("rules:", "rules: 1\nother:", ["with a list"]),
        ("rules:", "[rules", ["is no YAML"]),
    ],
)
def test_a_wrong_file_names_place_rule_and_field(tmp_path: Path, before: str, after: str, told: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        rules(tmp_path, GOOD.replace(before, after))
    assert all(part in str(error.value) for part in ["rules.yaml", *told])


def test_only_rules_that_name_ticks_may_quarantine(tmp_path: Path) -> None:
    bars = GOOD.replace("CURATED.TICKS", "CURATED.BARS_1M")
    with pytest.raises(ConfigError, match="rule whole: severity"):
        rules(tmp_path, bars.replace("severity: fail", "severity: quarantine"))
    assert rules(tmp_path, GOOD.replace("severity: fail", "severity: quarantine"))[0].severity == "quarantine"


def test_no_file_is_a_setting_that_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TICKLAKE_QUALITY_RULES_FILE"):
        load_rules(tmp_path / "gone.yaml")


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SLICE = datetime(2013, 10, 7, 14, 30)  # noqa: DTZ001 - as the warehouse stores times
WHAT: dict[str, object] = {"id": "x", "description": "d", "severity": "warn"}


def test_what_is_new_is_looked_at_by_slices_and_what_may_stop_by_days() -> None:
    new = NotNull.model_validate({**WHAT, "kind": "not_null", "table": "CURATED.TICKS", "columns": ["PRICE"]})
    stale = StaleSymbol.model_validate({**WHAT, "kind": "stale_symbol", "minutes": 5})
    missing = Completeness.model_validate({**WHAT, "kind": "completeness"})
    nothing = Scope("c", NOW, [], (NOW, NOW))
    assert [nothing.concerns(rule) for rule in (new, stale, missing)] == [False, True, True]
    some = Scope("c", NOW, [SLICE], (NOW, NOW))
    assert some.window(new) == (SLICE, SLICE + timedelta(minutes=10))
    assert some.window(missing)[0] == SLICE
    values = some.values(new)
    assert values["slices_around"] == [SLICE - timedelta(minutes=10), SLICE]
    assert (values["dates"], values["by_days"]) == ([date(2013, 10, 7)], 0)
