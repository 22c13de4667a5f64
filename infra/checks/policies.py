"""What an IAM policy of ours allows, as AWS decides it: a deny wins, else one statement must allow action, resource and context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from infra.checks.terraform import BLOCK, Module

Values = Mapping[str, str | list[str]]
"""What expressions of a module stand for, such as {"var.bucket_arn": "arn:aws:s3:::lake"}."""

_EXPRESSION = re.compile(r"\$\{([^}]+)\}")
_SOURCE = re.compile(r"data\.aws_iam_policy_document\.(\w+)")


@dataclass(frozen=True)
class Statement:
    """One statement with its expressions filled in; `conditions` are (test, key, values)."""

    sid: str
    allows: bool
    actions: list[str]
    resources: list[str]
    conditions: list[tuple[str, str, list[str]]]

    def covers(self, action: str, resource: str, context: Mapping[str, str]) -> bool:
        """Whether the statement speaks of this request. Actions know no case."""
        return (
            any(fnmatchcase(action.lower(), each.lower()) for each in self.actions)
            and any(fnmatchcase(resource, each) for each in self.resources)
            and all(_holds(test, values, context.get(key)) for test, key, values in self.conditions)
        )


def statements(module: Module, document: str, values: Values) -> list[Statement]:
    """The statements of `data.aws_iam_policy_document.<document>` and of those that it is made of, whatever they depend on.

    Raises `KeyError` for an expression that `values` does not know.
    """
    (block,) = module.of("data", "aws_iam_policy_document", document)
    sources = _SOURCE.findall(str(block.body.get("source_policy_documents", "")))
    bodies = [*block.body.get("statement", []), *_dynamic(block.body)]
    return [*(each for source in sources for each in statements(module, source, values)), *(_statement(body, values) for body in bodies)]


def allowed(policy: list[Statement], action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
    """Whether a policy allows a request; the context has keys such as s3:prefix."""
    found = [each.allows for each in policy if each.covers(action, resource, context or {})]
    return bool(found) and all(found)


def _dynamic(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in body.get("dynamic", []):
        for name, inner in each.items():
            if name != BLOCK and name.strip('"') == "statement":
                yield from inner["content"]


def _statement(body: Mapping[str, Any], values: Values) -> Statement:
    conditions = [(each["test"], each["variable"], _filled(each["values"], values)) for each in body.get("condition", [])]
    return Statement(
        body.get("sid", ""),
        body.get("effect", "Allow") == "Allow",
        _filled(body["actions"], values),
        _filled(body.get("resources", []), values),
        conditions,
    )


def _filled(texts: list[str] | str, values: Values) -> list[str]:
    filled: list[str] = []
    for text in [texts] if isinstance(texts, str) else texts:
        whole = _EXPRESSION.fullmatch(text)
        known = values[whole[1]] if whole else _EXPRESSION.sub(lambda found: str(values[found[1]]), text)
        filled += known if isinstance(known, list) else [known]
    return filled


def _holds(test: str, values: list[str], given: str | None) -> bool:
    if given is None:
        return False
    if test in ("StringEquals", "Bool", "ArnEquals"):
        return given in values
    if test in ("StringLike", "ArnLike"):
        return any(fnmatchcase(given, each) for each in values)
    raise ValueError(f"no such test: {test}")
