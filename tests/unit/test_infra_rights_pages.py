"""docs/security.md and docs/rights.md say of AWS's roles what infra/modules/identity lets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.checks import policies
from infra.checks.policies import Statement
from infra.checks.terraform import Module
from tests.unit.test_infra_aws_rights import BUCKET, VALUES

ROOT = Path(__file__).parents[2]
IDENTITY = Module(ROOT / "infra" / "modules" / "identity")
SECURITY = (ROOT / "docs" / "security.md").read_text()
RIGHTS = (ROOT / "docs" / "rights.md").read_text()
VERBS = {"get": "s3:GetObject", "put": "s3:PutObject"}


def statements(document: str) -> list[Statement]:
    return policies.statements(IDENTITY, document, VALUES)


def rows(page: str, service: str) -> list[list[str]]:
    """The other cells of each row of a table that is about the service."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    return [each[1:] for each in cells if re.match(rf"(?:[\w ]+, )?{service}\b", each[0])]


@pytest.mark.parametrize("service", ["producer", "consumer", "alerts", "Airflow", "dashboard"])
def test_actions_on_the_cluster_are_those_of_the_policy(service: str) -> None:
    (told,) = [each[-1] for each in rows(SECURITY, service) if "DescribeTopic" in each[-1]]
    allowed = {action.removeprefix("kafka-cluster:") for each in statements(f"{service.lower()}_kafka") for action in each.actions}
    assert set(re.findall(r"[A-Z]\w+", told)) == allowed - {"Connect"}


@pytest.mark.parametrize("service", ["consumer", "dashboard", "Airflow", "operator"])
def test_what_is_got_and_put_by_prefix_is_that_of_the_policy(service: str) -> None:
    (told,) = [each[-1] for each in rows(RIGHTS, service) if len(each) == 1]
    granted = statements(f"{service.lower()}_lake")
    for verb, action in VERBS.items():
        parts = [part for part in re.split(r"; ", told) if re.search(rf"\b{verb}\b", part)]
        wanted = {f"{BUCKET}/{prefix}*" for part in parts for prefix in re.findall(r"`([^`]+)`", part) or [""]}
        assert {resource for each in granted if action in each.actions for resource in each.resources} == wanted
    assert not any("Delete" in action for each in granted for action in each.actions)
