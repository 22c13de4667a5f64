"""The rules file, read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from ticklake.errors import ConfigError
from ticklake.quality.kinds import Rule

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

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
