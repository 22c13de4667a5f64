"""Terraform files as data: modules, their blocks, and the names that expressions speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import hcl2
from hcl2 import SerializationOptions

BLOCK = "__is_block__"
_OPTIONS = SerializationOptions(with_comments=False, strip_string_quotes=True, preserve_heredocs=False)
_QUOTED = re.compile(r'^"(.*)"$', re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One top-level block: its kind (`resource`, `data`, `variable`, …), its labels and its body."""

    kind: str
    labels: tuple[str, ...]
    body: Mapping[str, Any]

    @property
    def address(self) -> str:
        """As Terraform names it, such as `resource aws_s3_bucket.lake`."""
        return f"{self.kind} {'.'.join(self.labels)}".strip()


@dataclass(frozen=True)
class Module:
    """A directory of `.tf` files."""

    folder: Path

    @cached_property
    def blocks(self) -> list[Block]:
        """All top-level blocks, in the order of the files."""
        return [block for file in sorted(self.folder.glob("*.tf")) for block in read(file)]

    def of(self, kind: str, *labels: str) -> list[Block]:
        """The blocks of a kind whose first labels are these."""
        return [each for each in self.blocks if each.kind == kind and each.labels[: len(labels)] == labels]

    @cached_property
    def locals(self) -> dict[str, Any]:
        """All local values."""
        return {name: value for each in self.of("locals") for name, value in each.body.items() if name != BLOCK}


def read(file: Path) -> list[Block]:
    """The top-level blocks of a file. Raises what the parser does when it is no HCL."""
    with file.open() as text:
        content: dict[str, Any] = hcl2.load(text, serialization_options=_OPTIONS)
    return [block for kind, bodies in content.items() for body in bodies for block in _blocks(kind, (), body)]


def modules(root: Path) -> list[Module]:
    """The root module and those below `modules/`."""
    return [Module(root), *(Module(folder) for folder in sorted((root / "modules").glob("*")) if folder.is_dir())]


def strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - a tree of any shape
    """Every text in a tree, names of objects' keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def _blocks(kind: str, labels: tuple[str, ...], body: Mapping[str, Any]) -> Iterator[Block]:
    if BLOCK in body:
        yield Block(kind, labels, body)
        return
    for name, inner in body.items():
        yield from _blocks(kind, (*labels, _QUOTED.sub(r"\1", name)), inner)
