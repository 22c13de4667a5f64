"""A rule as somebody types it: what is wrong with it, field by field, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from ticklake.alerts.rule import Key, Kind, Rule

WINDOWS_S = (60, 300, 600, 900, 1_800, 3_600, 14_400, 86_400)
"""Windows to choose from, in seconds."""
USUAL_WINDOW_S = 600
MOST_NOTE = 200
"""Characters of a note."""
MOST_PERCENT = Decimal(1000)
LEAST_PERCENT = Decimal("0.01")

_MOST_PRICE = Decimal(10) ** 12
_PRICE_PLACES, _PERCENT_PLACES = 8, 4


@dataclass(frozen=True)
class Draft:
    """Fields of a form; those that the kind does not ask for are not looked at."""

    key: Key | None
    kind: Kind
    level: str = ""
    percent: str = ""
    window_s: int = USUAL_WINDOW_S
    once: bool = False
    note: str = ""

    def problems(self) -> dict[str, str]:
        """What is wrong, by field: the cause and what would be right. Empty when nothing is."""
        found = {
            "instrument": None if self.key else "Choose a symbol and source.",
            "level": self._level_problem() if self.kind.is_crossing else None,
            "percent": None if self.kind.is_crossing else self._percent_problem(),
            "window": None if self.kind.is_crossing or self.window_s in WINDOWS_S else "Choose one of the windows.",
            "note": self._note_problem(),
        }
        return {field: problem for field, problem in found.items() if problem}

    def rule(self, rule_id: str, owner: str, since: datetime) -> Rule:
        """The first version of the rule. Raises `ValueError` while there are problems."""
        problems = self.problems()
        if problems or self.key is None:
            raise ValueError("; ".join(problems.values()))
        crossing = self.kind.is_crossing
        return Rule(
            rule_id=rule_id,
            version=1,
            owner=owner,
            symbol=self.key[0],
            source=self.key[1],
            kind=self.kind,
            since=since,
            level=number(self.level) if crossing else None,
            percent=None if crossing else number(self.percent),
            window_s=None if crossing else self.window_s,
            once=self.once,
            note=self.note.strip(),
        )

    def _level_problem(self) -> str | None:
        value = number(self.level)
        if value is None or not 0 < value < _MOST_PRICE:
            return "The level is a price above 0, such as 101.50."
        return f"A level has at most {_PRICE_PLACES} decimals." if _places(value) > _PRICE_PLACES else None

    def _percent_problem(self) -> str | None:
        value = number(self.percent)
        if value is None or not LEAST_PERCENT <= value <= MOST_PERCENT:
            return f"The percentage is a number from {LEAST_PERCENT} to {MOST_PERCENT}, such as 2.5."
        if self.kind is Kind.MOVE_DOWN and value >= 100:
            return "A price cannot fall by 100 % or more."
        return f"A percentage has at most {_PERCENT_PLACES} decimals." if _places(value) > _PERCENT_PLACES else None

    def _note_problem(self) -> str | None:
        if len(self.note) > MOST_NOTE:
            return f"A note has at most {MOST_NOTE} characters; this one has {len(self.note)}."
        return None if self.note.strip().isprintable() else "A note is one line of text."


def number(text: str) -> Decimal | None:
    """The number that somebody typed, with or without commas between thousands; None when it is none."""
    try:
        value = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
