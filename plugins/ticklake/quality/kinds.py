"""The kinds of rules. Users add rules of these kinds without code; `Custom` is a statement of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ticklake.quality.rule import DAYS, TICKS, BaseRule, Column, Name, Question, TableRule


class NotNull(TableRule):
    """No row lacks one of `columns`."""

    kind: Literal["not_null"]
    columns: list[Column] = Field(min_length=1)

    def question(self) -> Question:
        missing = " ".join(f"WHEN {column} IS NULL THEN '{column}'" for column in self.columns)
        return self.ask("not_null", {"RULE_MISSING": f"CASE {missing} END"})


class Domain(TableRule):
    """`column` is null or one of `values`."""

    kind: Literal["domain"]
    column: Column
    values: list[str] = Field(min_length=1)

    def question(self) -> Question:
        return self.ask("domain", {"RULE_COLUMN": self.column}, allowed=self.values)


class Range(TableRule):
    """`column` is null, or neither below `minimum` nor above `maximum`."""

    kind: Literal["range"]
    column: Column
    minimum: float = -1e18
    maximum: float = 1e18

    def question(self) -> Question:
        return self.ask("range", {"RULE_COLUMN": self.column}, minimum=self.minimum, maximum=self.maximum)


class Uniqueness(TableRule):
    """No two rows share `key`; all but the first of those that do offend."""

    kind: Literal["uniqueness"]
    key: list[Column] = Field(min_length=1)

    @property
    def names_ticks(self) -> bool:
        return False

    def question(self) -> Question:
        return self.ask("uniqueness", {"RULE_KEY": ", ".join(self.key)})


class OhlcSanity(TableRule):
    """In a bar low <= open, close, vwap <= high, and the volume is not negative."""

    kind: Literal["ohlc_sanity"]

    @property
    def names_ticks(self) -> bool:
        return False

    def question(self) -> Question:
        return self.ask("ohlc_sanity", {"RULE_VWAP": "CLOSE" if self.table == DAYS else "VWAP"})


class PriceJump(BaseRule):
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


class LateData(BaseRule):
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


class StaleSymbol(BaseRule):
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


class SourceDrift(BaseRule):
    """Median difference of two sources' closing prices of the same symbol and minute, beyond `most_bp`, over `least_minutes` or more."""

    kind: Literal["source_drift"]
    table: Literal["CURATED.BARS_1M"] = "CURATED.BARS_1M"
    most_bp: float = Field(gt=0)
    least_minutes: int = Field(10, ge=1)
    sources_left_out: list[str] = Field(["simulator", "replay"])

    def question(self) -> Question:
        left_out = self.sources_left_out or [""]
        return Question("source_drift", {}, {"most_bp": self.most_bp, "least_minutes": self.least_minutes, "left_out": left_out})


class Completeness(BaseRule):
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


class DailyCompleteness(BaseRule):
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


class Custom(BaseRule):
    """A statement of one's own, `dags/sql/data_quality/custom/<sql>.sql`, with `parameters` as its values."""

    kind: Literal["custom"]
    table: Annotated[str, Field(pattern=r"^[A-Z_]+\.[A-Z0-9_]+$")]
    sql: Name
    parameters: dict[Name, int | float | str] = Field({})

    @property
    def names_ticks(self) -> bool:
        return self.table == TICKS

    def question(self) -> Question:
        return Question(f"custom/{self.sql}", {}, dict(self.parameters))


Rule = NotNull | Domain | Range | Uniqueness | OhlcSanity | PriceJump | LateData | StaleSymbol | SourceDrift | Completeness | DailyCompleteness | Custom
