"""A bucket's rules: the desired ones, how those found differ, and what to put in place of them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from ticklake.errors import ConfigError

OWN = "ticklake-"
"""How ids begin of the rules that are ours."""
RAW = "raw/"

Rule = Mapping[str, Any]
"""A lifecycle rule (`ID`) or a tiering (`Id`), in the form of S3's API."""


@dataclass(frozen=True)
class Desired:
    """What the file says."""

    versioning: str
    rules: list[Rule]
    tierings: list[Rule]


@dataclass(frozen=True)
class Drift:
    """A difference. `what` is a rule, a tiering or versioning; `lines` are a diff from found (-) to desired (+)."""

    what: Literal["rule", "tiering", "versioning"]
    id: str
    lines: list[str]

    def __str__(self) -> str:
        return "\n".join([f"{self.what} {self.id}:", *(f"  {line}" for line in self.lines)])


def load(file: Path, raw_retention_days: int) -> Desired:
    """The desired rules of a file.

    Raises `ConfigError` when the file is malformed, a rule is not ours by its id, or one expires raw objects too soon.
    """
    try:
        content = yaml.safe_load(file.read_text())
        desired = Desired(content["versioning"], content["rules"], content["tierings"])
        for each in (*desired.rules, *desired.tierings):
            if not identity(each).startswith(OWN):
                raise ConfigError(f"{file.name}: the id {identity(each)} does not begin with {OWN}")
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigError(f"{file.name} is no list of rules: {type(error).__name__}: {error}") from error
    too_soon(desired.rules, raw_retention_days, file.name)
    return desired


def too_soon(rules: Iterable[Rule], raw_retention_days: int, where: str) -> None:
    """Raises `ConfigError` when a rule expires raw objects before they may: the load, a rebuild and the consumer's fence need them."""
    for rule in rules:
        days = rule.get("Expiration", {}).get("Days")
        prefix = _prefix(rule)
        if rule["Status"] == "Enabled" and days is not None and days < raw_retention_days and (prefix.startswith(RAW) or RAW.startswith(prefix)):
            raise ConfigError(f"{where}: {identity(rule)} expires raw objects after {days} days; TICKLAKE_RAW_RETENTION_DAYS is {raw_retention_days}")


def identity(rule: Rule) -> str:
    """The id of a rule or a tiering."""
    return str(rule["ID"] if "ID" in rule else rule["Id"])


def drifts(what: Literal["rule", "tiering"], desired: Iterable[Rule], found: Iterable[Rule]) -> list[Drift]:
    """Where our rules differ: missing, changed, or there without being desired. Rules of others are none of it."""
    wanted = {identity(each): each for each in desired}
    there = {identity(each): each for each in found if identity(each).startswith(OWN)}
    return [
        Drift(what, name, _diff(there.get(name), wanted.get(name)))
        for name in sorted(wanted.keys() | there.keys())
        if _canonical(there.get(name)) != _canonical(wanted.get(name))
    ]


def restored(desired: Iterable[Rule], found: Iterable[Rule]) -> list[Rule]:
    """The whole configuration with our rules as desired and the others as they are: a put replaces everything."""
    return [*(each for each in found if not identity(each).startswith(OWN)), *desired]


def _prefix(rule: Rule) -> str:
    filtered = rule.get("Filter", {})
    return str(filtered.get("Prefix", filtered.get("And", {}).get("Prefix", rule.get("Prefix", ""))))


def _canonical(rule: Rule | None) -> list[str]:
    """Lines in one order, however the store has ordered them; an empty prefix is what no filter is."""
    if rule is None:
        return []
    plain = dict(rule)
    if plain.get("Filter") == {"Prefix": ""}:
        plain["Filter"] = {}
    plain = {name: sorted(value, key=json.dumps) if isinstance(value, list) else value for name, value in plain.items()}
    return json.dumps(plain, indent=1, sort_keys=True).splitlines()


def _diff(found: Rule | None, desired: Rule | None) -> list[str]:
    lines = difflib.unified_diff(_canonical(found), _canonical(desired), lineterm="", n=1)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]
