"""The check of Terraform against the providers' schema finds what Terraform itself would refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.checks import provider_schema, references, schema
from infra.checks.provider_schema import Argument, Schema
from infra.checks.terraform import Module

ROOT = Path(__file__).parents[2] / "infra"
KNOWN = Schema(
    {
        "resource aws_bucket": {
            "name": Argument(required=True),
            "tags": Argument(required=False),
            "rule": Argument(required=False, marked=True, inside="rule"),
            "owner": Argument(required=True, marked=True, inside="owner"),
        },
        "rule": {"id": Argument(required=True), "days": Argument(required=False), "filter": Argument(required=False, marked=True, inside="filter")},
        "filter": {"prefix": Argument(required=False)},
        "owner": {},
    },
    {"resource aws_bucket": ["name", "arn"]},
)
GOOD = """
resource "aws_bucket" "lake" {
  count = 1
  name  = var.name
  tags  = { any = "thing" }

  owner {}

  dynamic "rule" {
    for_each = []
    content {
      id = rule.value
      filter {
        prefix = "raw/"
      }
    }
  }
}

output "arn" {
  value = aws_bucket.lake[0].arn
}

variable "name" {}
"""


def found(folder: Path, text: str) -> list[str]:
    (folder / "main.tf").write_text(text)
    module = Module(folder)
    return [line.partition(": ")[2] for check in (schema.findings, references.findings) for line in check(module, KNOWN)]


def test_what_is_right_is_left_alone(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        ('"aws_bucket" "lake" {', '"aws_buckett" "lake" {', "resource aws_buckett.lake: no provider knows this type"),
        ("tags  =", "tag  =", "resource aws_bucket.lake: tag is no argument of it"),
        ("name  = var.name", "", "resource aws_bucket.lake: name is missing"),
        ("owner {}", "", "resource aws_bucket.lake: owner is missing"),
        ("owner {}", "owner = {}", "resource aws_bucket.lake: owner: is a block, not an argument"),
        ('tags  = { any = "thing" }', "tags {}", "resource aws_bucket.lake: tags: is an argument, not a block"),
        ("id = rule.value", "", "resource aws_bucket.lake: rule: id is missing"),
        ("prefix =", "prefixes =", "resource aws_bucket.lake: rule: filter: prefixes is no argument of it"),
        ("var.name", "var.nam", "there is no variable nam"),
        ("aws_bucket.lake[0].arn", "aws_bucket.lake[0].ann", "aws_bucket has no attribute ann"),
        ("aws_bucket.lake[0].arn", "aws_bucket.pond.arn", "there is no resource aws_bucket.pond"),
        ("aws_bucket.lake[0].arn", "local.arn", "there is no local arn"),
        ("aws_bucket.lake[0].arn", "module.x.arn", "there is no module x"),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, right: str, wrong: str, finding: str) -> None:
    assert right in GOOD
    assert finding in found(tmp_path, GOOD.replace(right, wrong))


def test_a_module_gets_what_it_needs_and_gives_what_it_has(tmp_path: Path) -> None:
    child = tmp_path / "child"
    child.mkdir()
    (child / "main.tf").write_text('variable "needed" {}\nvariable "free" {\n  default = 1\n}\noutput "given" {\n  value = 1\n}\n')
    call = 'module "m" {\n  source = "./child"\n  needed = 1\n}\noutput "o" {\n  value = module.m.given\n}\n'
    assert found(tmp_path, call) == []
    assert "module m needs needed" in found(tmp_path, call.replace("needed = 1", "other  = 1"))
    assert "module m takes no other" in found(tmp_path, call.replace("needed = 1", "other  = 1"))
    assert "module m has no output taken" in found(tmp_path, call.replace("m.given", "m.taken"))


def test_without_the_tools_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="cdktf-cdktf-provider"):
        provider_schema.load(tmp_path, tmp_path, ROOT / "checks" / "newer.yaml")
