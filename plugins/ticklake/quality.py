"""Data quality rules as data: what a rules file says, typed.

A rule's kind names the statement that asks the warehouse; a rule brings its names (of tables and columns, checked here to
be plain, since no engine binds them) and its values. Users add rules of these kinds without code; `custom` is a statement
of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ticklake.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

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


class _Rule(BaseModel):
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
    def _only_ticks_have_a_quarantine(self) -> _Rule:
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


class _TableRule(_Rule):
    """A rule of any table of `COORDINATES`. `last_days` by the table's time; without, what is new (ticks and minute bars only)."""

    table: str
    last_days: int | None = Field(None, ge=1, le=40_000)

    @model_validator(mode="after")
    def _table_is_known(self) -> _TableRule:
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

    def _ask(self, statement: str, names: dict[str, str] | None = None, **values: object) -> Question:
        coordinates = COORDINATES[self.table]
        known = {"RULE_TABLE": self.table, "RULE_TIME": coordinates[_TIME], "RULE_COORDINATES": ", ".join(coordinates)}
        return Question(statement, known | (names or {}), values)


class NotNull(_TableRule):
    """No row lacks one of `columns`."""

    kind: Literal["not_null"]
    columns: list[Column] = Field(min_length=1)

    def question(self) -> Question:
        missing = " ".join(f"WHEN {column} IS NULL THEN '{column}'" for column in self.columns)
        return self._ask("not_null", {"RULE_MISSING": f"CASE {missing} END"})


class Domain(_TableRule):
    """`column` is null or one of `values`."""

    kind: Literal["domain"]
    column: Column
    values: list[str] = Field(min_length=1)

    def question(self) -> Question:
        return self._ask("domain", {"RULE_COLUMN": self.column}, allowed=self.values)


class Range(_TableRule):
    """`column` is null, or neither below `minimum` nor above `maximum`."""

    kind: Literal["range"]
    column: Column
    minimum: float = -1e18
    maximum: float = 1e18

    def question(self) -> Question:
        return self._ask("range", {"RULE_COLUMN": self.column}, minimum=self.minimum, maximum=self.maximum)


class Uniqueness(_TableRule):
    """No two rows share `key`; all but the first of those that do offend."""

    kind: Literal["uniqueness"]
    key: list[Column] = Field(min_length=1)

    @property
    def names_ticks(self) -> bool:
        return False

    def question(self) -> Question:
        return self._ask("uniqueness", {"RULE_KEY": ", ".join(self.key)})


class OhlcSanity(_TableRule):
    """In a bar low <= open, close, vwap <= high, and the volume is not negative."""

    kind: Literal["ohlc_sanity"]

    @property
    def names_ticks(self) -> bool:
        return False

    def question(self) -> Question:
        return self._ask("ohlc_sanity", {"RULE_VWAP": "CLOSE" if self.table == DAYS else "VWAP"})


class PriceJump(_Rule):
    """A trade's price leaps from the one before: by more than `least_move_bp`, not by more than `most_move_bp`, its robust z beyond `z`.

    The moves are log returns between successive different prices of a symbol and source, not more than ten minutes apart,
    in regular hours. z = 0.6745 (move - median) / MAD over the moves of the same ten minutes, of which there must be
    `least_moves`; where the MAD is 0, (move - median) / (1.253314 mean absolute deviation). Iglewicz and Hoaglin, How to
    Detect and Handle Outliers, 1993; the case of a MAD of 0 is IBM SPSS's modified z.

    `comes_back`: a single print after which the price is nearer to where it was before than the print is, by half, is bad.
    Without: a leap that stays is a change of level. A leap whose next price is not known yet is neither.
    """

    kind: Literal["price_jump"]
    table: Literal["CURATED.TICKS"] = "CURATED.TICKS"
    comes_back: bool
    z: float = Field(10.0, gt=0)
    least_move_bp: float = Field(100.0, ge=0)
    most_move_bp: float = Field(1e9, gt=0)
    least_moves: int = Field(20, ge=3)

    @property
    def names_ticks(self) -> bool:
        return self.comes_back

    def question(self) -> Question:
        moves = {"least_move": self.least_move_bp / 10_000, "most_move": self.most_move_bp / 10_000, "least_moves": self.least_moves}
        return Question("price_jump", {}, {**moves, "z": self.z, "comes_back": int(self.comes_back)})


class LateData(_Rule):
    """A tick of one of `feeds` reached the producer more than `seconds` after it happened."""

    kind: Literal["late_data"]
    table: Literal["CURATED.TICKS"] = "CURATED.TICKS"
    seconds: int = Field(ge=0)
    feeds: list[str] = Field(min_length=1)

    @property
    def names_ticks(self) -> bool:
        return True

    def question(self) -> Question:
        return Question("late_data", {}, {"seconds": self.seconds, "feeds": self.feeds})


class StaleSymbol(_Rule):
    """No tick of a symbol for `minutes` while its exchange is open and the source sends others."""

    kind: Literal["stale_symbol"]
    table: Literal["CURATED.LATEST"] = "CURATED.LATEST"
    minutes: int = Field(ge=1)
    active_days: int = Field(4, ge=1)

    @property
    def days(self) -> int | None:
        return self.active_days

    def question(self) -> Question:
        return Question("stale_symbol", {}, {"minutes": self.minutes, "active_minutes": self.active_days * 1440})


class SourceDrift(_Rule):
    """Median difference of two sources' closing prices of the same symbol and minute, beyond `most_bp`, over `least_minutes` or more."""

    kind: Literal["source_drift"]
    table: Literal["CURATED.BARS_1M"] = "CURATED.BARS_1M"
    most_bp: float = Field(gt=0)
    least_minutes: int = Field(10, ge=1)
    sources_left_out: list[str] = ["simulator", "replay"]

    def question(self) -> Question:
        left_out = self.sources_left_out or [""]
        return Question("source_drift", {}, {"most_bp": self.most_bp, "least_minutes": self.least_minutes, "left_out": left_out})


class Completeness(_Rule):
    """Minutes of the regular session without any bar, of symbols that trade in most minutes (`active_share`).

    Runs of fewer than `least_minutes` do not count. A source that still sends is judged up to the newest minute that it has
    sent, less `grace_minutes`; one that is silent for so long up to the close, or up to now.
    """

    kind: Literal["completeness"]
    table: Literal["CURATED.BARS_1M"] = "CURATED.BARS_1M"
    least_minutes: int = Field(1, ge=1)
    active_share: float = Field(0.9, gt=0, le=1)
    grace_minutes: int = Field(10, ge=1)

    @property
    def days(self) -> int | None:
        return 1

    @property
    def reads_new(self) -> bool:
        return True

    def question(self) -> Question:
        values = {"least_minutes": self.least_minutes, "active_share": self.active_share, "grace_minutes": self.grace_minutes}
        return Question("completeness", {}, dict(values))


class DailyCompleteness(_Rule):
    """Sessions without a daily bar, between a symbol's first bar and `grace_days` before now."""

    kind: Literal["daily_completeness"]
    table: Literal["CURATED.DAILY_BARS"] = "CURATED.DAILY_BARS"
    last_days: int = Field(370, ge=1, le=40_000)
    grace_days: int = Field(3, ge=0)

    @property
    def days(self) -> int | None:
        return self.last_days

    def question(self) -> Question:
        return Question("daily_completeness", {}, {"grace_days": self.grace_days})


class Custom(_Rule):
    """A statement of one's own, `dags/sql/data_quality/custom/<sql>.sql`, with `parameters` as its values."""

    kind: Literal["custom"]
    table: Annotated[str, Field(pattern=r"^[A-Z_]+\.[A-Z0-9_]+$")]
    sql: Name
    parameters: dict[Name, int | float | str] = {}

    @property
    def names_ticks(self) -> bool:
        return self.table == TICKS

    def question(self) -> Question:
        return Question(f"custom/{self.sql}", {}, dict(self.parameters))


Rule = NotNull | Domain | Range | Uniqueness | OhlcSanity | PriceJump | LateData | StaleSymbol | SourceDrift | Completeness | DailyCompleteness | Custom
_RULE: TypeAdapter[Rule] = TypeAdapter(Annotated[Rule, Field(discriminator="kind")])


def load_rules(path: Path) -> list[Rule]:
    """The rules in the YAML file at `path`, in its order, disabled ones too.

    Raises `ConfigError` that names the file and the line, the rule and the field that are wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
        entries = [(line, entry) for line, entry in zip(_lines(text), (yaml.safe_load(text) or {}).get("rules", ()), strict=True)]
    except OSError as error:
        raise ConfigError(f"TICKLAKE_QUALITY_RULES_FILE: {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} is no YAML with a list `rules`: {' '.join(str(error).split())}") from None
    rules: list[Rule] = []
    seen: dict[str, int] = {}
    for line, entry in entries:
        rule = _rule(f"{path}, line {line}", entry)
        if seen.setdefault(rule.id, line) != line:
            raise ConfigError(f"{path}, line {line}: rule {rule.id}: id: line {seen[rule.id]} has it already")
        rules.append(rule)
    if not rules:
        raise ConfigError(f"{path} has no list `rules`, or an empty one")
    return rules


def _lines(text: str) -> list[int]:
    """The line that each rule begins on, counted from 1."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    parts = root.value if isinstance(root, yaml.MappingNode) else []
    return [each.start_mark.line + 1 for name, part in parts if name.value == "rules" and isinstance(part, yaml.SequenceNode) for each in part.value]


def _rule(place: str, entry: object) -> Rule:
    try:
        return _RULE.validate_python(entry)
    except ValidationError as error:
        name = entry.get("id", "without id") if isinstance(entry, dict) else "without id"
        raise ConfigError(f"{place}: rule {name}: {'; '.join(map(_wrong, error.errors()))}") from None


def _wrong(error: ErrorDetails) -> str:
    field = ".".join(str(part) for part in error["loc"][1:])
    return f"{field + ': ' if field else ''}{error['msg'].removeprefix('Value error, ')}"
