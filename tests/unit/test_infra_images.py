"""The images hold what their processes import, and nothing that is not there is copied."""

from __future__ import annotations

import re
import sys
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ticklake_cli import main

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "infra" / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
OURS = {"ticklake", "ticklake_io", "ticklake_airflow", "ticklake_cli", "streaming", "dashboard", "infra"}
COMMANDS = [f"ticklake_cli.{module}" for name, (module, _) in main.COMMANDS.items() if name not in ("produce", "source")]
"""What an operator runs in Airflow's image: all but what runs a source."""
ROOTS = {
    "service": ("streaming", "ticklake_io.migrations", "ticklake_io.topics"),
    "dashboard": ("dashboard",),
    "airflow": ("ticklake_airflow", "ticklake_io.migrations", "ticklake_io.topics", "ticklake_cli.main", *COMMANDS),
    "warehouse": ("infra.local.warehouse", "infra.local.bucket"),
}
"""What runs in each image: these modules and those below them."""
TYPES_ONLY = {"mypy_boto3_s3"}

targets = pytest.mark.parametrize("target", ROOTS)


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*OURS, include_external_packages=True, cache_dir=None)


def imported(target: str) -> set[str]:
    """Every module that the image's processes may import, also within functions, ours and others'."""
    todo = {module for module in graph().modules for root in ROOTS[target] if f"{module}.".startswith(f"{root}.")}
    found: set[str] = set()
    while todo:
        module = todo.pop()
        found.add(module)
        if module.split(".")[0] in OURS:
            parents = {module.rpartition(".")[0]} & graph().modules
            todo |= (graph().find_modules_directly_imported_by(module) | parents) - found
    return found


def wanted(target: str) -> list[Requirement]:
    lines = (DOCKER / "requirements" / f"{target}.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def installed(target: str) -> set[str]:
    """The distributions that the image has: those wanted, and what they need."""
    todo, found = [(each.name, frozenset(each.extras)) for each in wanted(target)], set()
    while todo:
        name, extras = todo.pop()
        if (name, extras) in found:
            continue
        found.add((name, extras))
        try:
            needs = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        todo += [
            (each.name, frozenset(each.extras)) for each in needs if not each.marker or any(each.marker.evaluate({"extra": extra}) for extra in extras or {""})
        ]
    return {canonicalize_name(name) for name, _ in found}


@targets
def test_an_image_has_what_its_processes_import(target: str) -> None:
    others = {module.split(".")[0] for module in imported(target)} - OURS - TYPES_ONLY - set(sys.stdlib_module_names)
    providers, has = packages_distributions(), installed(target)
    missing = {name for name in others if not has & {canonicalize_name(each) for each in providers.get(name, ())}}
    assert missing == set()


@targets
def test_an_image_has_our_modules_that_its_processes_import(target: str) -> None:
    copied = set(re.findall(r"^COPY (?!--from)(\S+)/ ", stages(target), re.MULTILINE)) | set(re.findall(r"^COPY (\S+\.py) ", stages(target), re.MULTILINE))
    for module in imported(target):
        if module.split(".")[0] in OURS:
            path = graph_path(module)
            assert any(path.is_relative_to(each) for each in copied), f"{module} is not in the image {target}"


def graph_path(module: str) -> Path:
    """A module's file, from the project's folder."""
    found = next(place / module.replace(".", "/") for place in (ROOT, ROOT / "plugins") if list((place / module.split(".")[0]).glob("*.py")))
    return (found / "__init__.py" if found.is_dir() else found.with_suffix(".py")).relative_to(ROOT)


def stages(target: str) -> str:
    """The text of the stages that an image is made of."""
    texts = {name: (base, text) for base, name, text in re.findall(r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)}
    found, name = "", target
    while name in texts:
        name, text = texts[name]
        found = text + found
    return found


@targets
def test_only_what_is_locked_is_installed(target: str) -> None:
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert {canonicalize_name(each.name) for each in wanted(target)} <= {canonicalize_name(name) for name in locked}
    assert not any(each.specifier for each in wanted(target)), "versions stand in requirements.txt"
    assert f"wanted/{target}.txt" in DOCKERFILE


def test_everything_that_is_copied_is_there_and_reaches_the_builder() -> None:
    kept = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [source for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for source in line.split()[:-1]]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source.rstrip("/"), each) or source.startswith(f"{each}/") for each in kept), f"{source} is kept from the builder"


def test_no_secret_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert not {line.removeprefix("!").split("/")[0] for line in lines if line.startswith("!")} & {".env", ".git", "build", ".ticklake", "."}


@targets
def test_an_image_does_not_run_as_root(target: str) -> None:
    assert re.findall(r"^USER (\S+)", stages(target), re.MULTILINE)[-1] == "50000:0"
