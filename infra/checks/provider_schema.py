"""What a Terraform provider takes: every resource's arguments, from the provider's own schema.

Terraform itself would ask a provider for it, which needs the provider registry. The packages `cdktf-cdktf-provider-*` carry the same
schema as an assembly of jsii. It is large, so what is of use here is kept beside the tools.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

_KINDS = {"cdktf.TerraformResource": "resource", "cdktf.TerraformDataSource": "data", "cdktf.TerraformProvider": "provider"}
_TYPE = re.compile(r"docs\S* (\w+)\}")
_ARGUMENT = re.compile(r"#(\w+) ")
_OURS = re.compile(r'"fqn": "(@cdktf/[^"]+)"')
_ADDED = "Please be aware that the id field is automatically added"
"""Of cdktf's own `id`, which Terraform does not take."""


@dataclass(frozen=True)
class Argument:
    """What one argument is. `marked` as a block when the schema says so; `inside` names what a block or an object holds."""

    required: bool
    marked: bool = False
    inside: str | None = None


@dataclass(frozen=True)
class Schema:
    """`arguments` by what holds them: `resource aws_s3_bucket`, or the name of a block. `attributes` by resource, without case and underscores."""

    arguments: dict[str, dict[str, Argument]] = field(default_factory=dict)
    attributes: dict[str, list[str]] = field(default_factory=dict)

    def merged(self, other: Schema) -> Schema:
        """Both; the other one wins."""
        return Schema({**self.arguments, **other.arguments}, {**self.attributes, **other.attributes})


def load(packages: Path, cache: Path, newer: Path) -> Schema:
    """The schema of all providers whose packages lie below `packages`, and of `newer` (YAML) what they do not know yet.

    Raises `FileNotFoundError` when there is no package.
    """
    archives = sorted(packages.glob("**/cdktf_cdktf_provider_*/_jsii/*.tgz"))
    if not archives:
        raise FileNotFoundError(f"no package cdktf-cdktf-provider-* below {packages}")
    schema = Schema()
    for archive in archives:
        kept = cache / f"{archive.name}.json"
        if not kept.exists():
            cache.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(asdict(_read(archive))))
        schema = schema.merged(_parsed(json.loads(kept.read_text())))
    return schema.merged(_parsed(yaml.safe_load(newer.read_text())))


def plain(name: str) -> str:
    """A name as jsii and Terraform both have it."""
    return name.replace("_", "").lower()


def _parsed(content: Mapping[str, Any]) -> Schema:
    arguments = {holder: {name: Argument(**each) for name, each in found.items()} for holder, found in content["arguments"].items()}
    return Schema(arguments, content["attributes"])


def _read(archive: Path) -> Schema:
    with tarfile.open(archive) as tar:
        member = tar.extractfile("package/.jsii")
        if member is None:
            raise FileNotFoundError(f"{archive} holds no assembly")
        types: dict[str, Any] = json.load(member)["types"]
    schema = Schema()
    for name, described in types.items():
        kind = _KINDS.get(described.get("base", ""))
        found = kind and _TYPE.search(described["docs"]["summary"])
        config = next((each for each in (f"{name}Config", f"{name}ConfigA") if each in types), None)
        if found and config:
            holder = f"{kind} {found[1]}"
            schema.arguments.update(_nested(holder, config, types))
            schema.attributes[holder] = sorted({plain(each["name"]) for each in described.get("properties", [])})
    return schema


def _nested(holder: str, name: str, types: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Argument]]]:
    """The arguments of a type and of all that it holds."""
    waiting, seen = [(holder, name)], set()
    while waiting:
        holder, name = waiting.pop()
        arguments = dict(_arguments(types[name].get("properties", [])))
        yield holder, arguments
        for each in arguments.values():
            if each.inside and each.inside not in seen and types[each.inside]["kind"] == "interface":
                seen.add(each.inside)
                waiting.append((each.inside, each.inside))


def _arguments(properties: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Argument]]:
    for each in properties:
        docs = each.get("docs", {})
        text = f"{docs.get('summary', '')} {docs.get('remarks', '')}"
        named, inside = _ARGUMENT.search(text), _OURS.search(json.dumps(each["type"]))
        if named and not (_ADDED in text and each.get("optional")):
            yield named[1], Argument(not each.get("optional", False), docs.get("summary", "").endswith(" block."), inside[1] if inside else None)
