"""Every resource's type and arguments against the provider's schema: `python -m infra.checks.schema`.

Does what `terraform validate` would: unknown types, arguments and attributes, missing arguments, and names that lead nowhere.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.checks import provider_schema, references
from infra.checks.provider_schema import Argument, Schema
from infra.checks.terraform import BLOCK, Block, Module, modules

ROOT = Path(__file__).parents[2]
_TOOLS = ROOT / "build" / "tools"
_META = {"count", "for_each", "provider", "depends_on", "lifecycle", "connection", "provisioner"}
_CHECKED = ("resource", "data", "provider")


def findings(module: Module, schema: Schema) -> Iterator[str]:
    """One line for each thing that the provider would refuse."""
    for block in module.blocks:
        if block.kind in _CHECKED:
            yield from (f"{module.folder.name}: {block.address}: {each}" for each in _findings(block, schema))


def _findings(block: Block, schema: Schema) -> Iterator[str]:
    holder = f"{block.kind} {block.labels[0]}"
    if holder not in schema.arguments:
        yield "no provider knows this type"
        return
    allowed = _META if block.kind != "provider" else {"alias"}
    yield from _body({name: value for name, value in block.body.items() if name not in allowed}, schema.arguments[holder], schema)


def _body(body: Mapping[str, Any], arguments: Mapping[str, Argument], schema: Schema) -> Iterator[str]:
    given = {name: value for name, value in body.items() if name not in (BLOCK, "dynamic")}
    for dynamic in body.get("dynamic", []):
        for name, inner in dynamic.items():
            if name != BLOCK:
                given[name.strip('"')] = inner["content"]
    yield from (f"{name} is missing" for name, each in arguments.items() if each.required and name not in given)
    for name, value in given.items():
        if name not in arguments:
            yield f"{name} is no argument of it"
            continue
        yield from (f"{name}: {each}" for each in _value(value, arguments[name], schema))


def _value(value: Any, argument: Argument, schema: Schema) -> Iterator[str]:  # noqa: ANN401 - HCL of any shape
    bodies = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Mapping)]
    is_block = any(BLOCK in each for each in bodies)
    if argument.marked and not is_block:
        yield "is a block, not an argument"
    elif is_block and not argument.inside:
        yield "is an argument, not a block"
    elif argument.inside in schema.arguments:
        for each in bodies:
            yield from _body(each, schema.arguments[argument.inside], schema)


def main() -> int:
    """Print what is wrong; 1 when something is, 2 when there is nothing to compare with."""
    try:
        schema = provider_schema.load(_TOOLS, _TOOLS / "schema", Path(__file__).with_name("newer.yaml"))
    except FileNotFoundError as error:
        print(f"schema: {error}: `make check` installs the tools", file=sys.stderr)
        return 2
    found = [line for module in modules(ROOT / "infra") for check in (findings, references.findings) for line in check(module, schema)]
    print("\n".join(found) or "every resource is as its provider wants it")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
