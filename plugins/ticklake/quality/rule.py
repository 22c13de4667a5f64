"""What every data quality rule has, and the tables that rules of any table may name.

A rule's kind names the statement that asks the warehouse; a rule brings its names (of tables and columns, checked here to
be plain, since no engine binds them) and its values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

Severity = Literal["warn", "fail", "quarantine"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Column = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]

TICKS = "CURATED.TICKS"
MINUTES = "CURATED.BARS_1M"
DAYS = "CURATED.DAILY_BARS"
_BAR = ("SYMBOL", "SOURCE", "BAR_START")
COORDINATES = {
    TICKS: ("SYMBOL", "SOURCE", "EVENT_TIME", "TICK_ID", "GENERATION", "PARTITION_ID", "OFFSET_ID"),
    MINUTES: _BAR,
    "CURATED.BARS_5M": _BAR,
    "CURATED.BARS_1H": _BAR,
    "CURATED.BARS_1D": _BAR,
    DAYS: ("SYMBOL", "SOURCE", "BAR_DATE"),
    "CURATED.CORPORATE_ACTIONS": ("SYMBOL", "SOURCE", "EX_DATE"),
    "CURATED.LATEST": ("SYMBOL", "SOURCE", "EVENT_TIME"),
}
"""What names a row in a sample, by table; the third is its time."""

_TIME = 2
_FED_BY_LOADS = (TICKS, MINUTES)


class Question(NamedTuple):
    """A statement by its name, what stands in place of its `RULE_...` names, and values to bind."""

    statement: str
    names: Mapping[str, str]
    values: Mapping[str, object]


class BaseRule(BaseModel):
    """What all rules have.

    A rule is broken when more rows offend than `at_most`, and more than `at_most_share` of the rows that were checked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Name
    description: str = Field(min_length=1)
    severity: Severity
    enabled: bool = True
    at_most: int = Field(0, ge=0)
    at_most_share: float = Field(0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _only_ticks_have_a_quarantine(self) -> BaseRule:
        if self.severity == "quarantine" and not self.names_ticks:
            raise ValueError("severity: only rules that name single ticks of CURATED.TICKS may quarantine")
        return self

    @property
    def names_ticks(self) -> bool:
        """Whether each offender is a tick, with its coordinates."""
        return False

    @property
    def days(self) -> int | None:
        """Days back from now that are looked at, whether or not there is anything new; None when only what is new is."""
        return None

    @property
    def reads_new(self) -> bool:
        """Whether what loads have brought since the last check is looked at."""
        return self.days is None

    def allows(self, offending: int, checked: int) -> bool:
        """Whether `offending` of `checked` rows are still well."""
        return offending <= max(self.at_most, self.at_most_share * checked)


class TableRule(BaseRule):
    """A rule of any table of `COORDINATES`. `last_days` by the table's time; without, what is new (ticks and minute bars only)."""

    table: str
    last_days: int | None = Field(None, ge=1, le=40_000)

    @model_validator(mode="after")
    def _table_is_known(self) -> TableRule:
        if self.table not in COORDINATES:
            raise ValueError(f"table: {self.table} is none of {', '.join(COORDINATES)}; ask others by a custom rule")
        if self.last_days is None and self.table not in _FED_BY_LOADS:
            raise ValueError(f"last_days: {self.table} needs it")
        return self

    @property
    def names_ticks(self) -> bool:
        return self.table == TICKS

    @property
    def days(self) -> int | None:
        return self.last_days

    def ask(self, statement: str, names: dict[str, str] | None = None, **values: object) -> Question:
        """The question that `statement` puts to the table."""
        coordinates = COORDINATES[self.table]
        known = {"RULE_TABLE": self.table, "RULE_TIME": coordinates[_TIME], "RULE_COORDINATES": ", ".join(coordinates)}
        return Question(statement, known | (names or {}), values)
