"""SQL in files, values bound by name.

A file holds one statement. `:name` stands for a value, `IN (:names)` for a sequence of values; the warehouse gets
`?` and the values apart, so that no value is ever part of the text. Times go as UTC without a zone, as they are stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

Value = str | int | float | bool | object | None
Params = Mapping[str, Value | Sequence[Value]]

_NAME = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")


class Bound(NamedTuple):
    """A statement with `?` for its values, and the values in their order."""

    text: str
    values: list[Value]


def bind(sql: str, params: Params) -> Bound:
    """Put `params` in place of the names in `sql`.

    Raises `KeyError` for a name without a value and `ValueError` for an empty sequence, which no IN can hold.
    """
    values: list[Value] = []

    def one(value: Value) -> Value:
        return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value

    def place(match: re.Match[str]) -> str:
        value = params[match[1]]
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            if not value:
                raise ValueError(f"no values for :{match[1]}")
            values.extend(map(one, value))
            return ", ".join("?" * len(value))
        values.append(one(value))
        return "?"

    return Bound(_NAME.sub(place, sql), values)


class Statements:
    """The statements of a folder, by file stem; each is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = (self._folder / f"{name}.sql").read_text()
        return self._texts[name]
