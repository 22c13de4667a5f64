"""Names in expressions: each must be declared in its module, and each attribute be one that its resource has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.checks.provider_schema import Schema, plain
from infra.checks.terraform import BLOCK, Module, strings

_VARIABLE = re.compile(r"\bvar\.(\w+)")
_LOCAL = re.compile(r"\blocal\.(\w+)")
_INDEX = r"(?:\[(?:[^\[\]]|\[[^\]]*\])*\])?"
_OUTPUT = re.compile(rf"\bmodule\.(\w+){_INDEX}\.(\w+)")
_RESOURCE = re.compile(rf"(?<![\w./:-])(data\.)?((?:aws|snowflake)_\w+)\.(\w+){_INDEX}(?:\.(\w+))?")
_CALL = {"source", "version", "count", "for_each", "depends_on", "providers", BLOCK}


def findings(module: Module, schema: Schema) -> Iterator[str]:
    """One line for each name that leads nowhere."""
    where = module.folder.name
    text = "\n".join(each for block in module.blocks for each in strings(block.body))
    yield from (f"{where}: there is no variable {name}" for name in _missing(_VARIABLE, text, _declared(module, "variable")))
    yield from (f"{where}: there is no local {name}" for name in _missing(_LOCAL, text, set(module.locals)))
    yield from _resources(module, schema, text)
    yield from _calls(module, text)


def _missing(pattern: re.Pattern[str], text: str, declared: set[str]) -> list[str]:
    return sorted(set(pattern.findall(text)) - declared)


def _declared(module: Module, kind: str) -> set[str]:
    return {each.labels[0] for each in module.of(kind)}


def _resources(module: Module, schema: Schema, text: str) -> Iterator[str]:
    declared = {(each.kind, *each.labels) for each in module.blocks if each.kind in ("resource", "data")}
    for data, kind, name, attribute in sorted(set(_RESOURCE.findall(text))):
        held = "data" if data else "resource"
        if (held, kind, name) not in declared:
            yield f"{module.folder.name}: there is no {held} {kind}.{name}"
        elif attribute and plain(attribute) not in schema.attributes.get(f"{held} {kind}", [plain(attribute)]):
            yield f"{module.folder.name}: {kind} has no attribute {attribute}"


def _calls(module: Module, text: str) -> Iterator[str]:
    called = {each.labels[0]: Module((module.folder / str(each.body["source"])).resolve()) for each in module.of("module")}
    for block in module.of("module"):
        inputs = {each.labels[0]: "default" not in each.body for each in called[block.labels[0]].of("variable")}
        given = set(block.body) - _CALL
        yield from (f"{module.folder.name}: {block.address} takes no {name}" for name in sorted(given - inputs.keys()))
        yield from (f"{module.folder.name}: {block.address} needs {name}" for name, needed in inputs.items() if needed and name not in given)
    for name, output in sorted(set(_OUTPUT.findall(text))):
        if name not in called:
            yield f"{module.folder.name}: there is no module {name}"
        elif output not in _declared(called[name], "output"):
            yield f"{module.folder.name}: module {name} has no output {output}"
