"""docs/deploy.md can be followed: its scripts parse, its commands, options, files and names exist, and its sums are right."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import OperationModel

from infra.checks.terraform import Module

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deploy.md").read_text()
INFRA = Module(ROOT / "infra")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
QUOTED = [line for block in BLOCKS for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", PAGE)
AWS = [
    (found[1], found[2], re.split(r"[;|]", found[3])[0]) for line in QUOTED for found in re.finditer(r"\baws ([a-z0-9]+) ([a-z0-9-]+)((?:(?!\baws ).)*)", line)
]
SCRIPTS = [line for line in QUOTED if line.startswith("infra/scripts/")]
ONLY_OF_THE_CLI = {("logs", "tail"): {"since"}}
OF_ALL = {"query", "output", "region"}


def operation(service: str, command: str) -> OperationModel:
    """What the AWS CLI would call. Raises `KeyError` when there is no such command."""
    model = botocore.session.get_session().get_service_model("s3" if service == "s3api" else service)
    return model.operation_model({xform_name(name, "-"): name for name in model.operation_names}[command])


@pytest.mark.parametrize("block", BLOCKS)
def test_a_shell_reads_it(block: str) -> None:
    assert subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, check=False).stderr == ""


@pytest.mark.parametrize(("service", "command", "rest"), AWS)
def test_aws_knows_the_command_and_its_options(service: str, command: str, rest: str) -> None:
    given = set(re.findall(r" --([a-z-]+)", rest)) - OF_ALL
    if (service, command) in ONLY_OF_THE_CLI:
        assert given <= ONLY_OF_THE_CLI[service, command]
        return
    shape = operation(service, command).input_shape
    known = {xform_name(name, "-") for name in shape.members} if shape else set()
    flags = {name for name in given if name.removeprefix("no-") in known}
    assert given <= known | flags
    required = {xform_name(name, "-") for name in shape.required_members} if shape else set()
    assert required <= given or not given


def test_there_is_something_to_check() -> None:
    assert len(AWS) >= 20
    assert len(SCRIPTS) >= 8
    assert operation("s3api", "create-bucket").name == "CreateBucket"
    with pytest.raises(KeyError):
        operation("ecs", "describe-everything")


@pytest.mark.parametrize("line", [line for line in QUOTED if line.startswith("terraform ")])
def test_terraform_is_told_of_what_exists(line: str) -> None:
    assert "-chdir=infra" in line
    for path in re.findall(r"-var-file=(\S+)", line):
        assert (ROOT / "infra" / path).is_file()
    for module in re.findall(r"-target=module\.(\w+)", line):
        assert INFRA.of("module", module)
    for name in re.findall(r" output (?:-\w+ )?(\w+)", line):
        assert INFRA.of("output", name)


@pytest.mark.parametrize("line", sorted({line for line in SCRIPTS if "deploy.sh " in line}))
def test_deploy_can_be_rehearsed(line: str) -> None:
    script, command, *rest = line.split()
    rehearsed = subprocess.run(["bash", script, command, "--dry-run", *rest], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert rehearsed.returncode == 0, rehearsed.stderr


@pytest.mark.parametrize("line", [line for line in QUOTED if re.search(r"(?:setup_kafka|kafka_secrets)\.sh .*--", line)])
def test_the_kafka_scripts_know_their_options(line: str) -> None:
    (name,) = re.findall(r"(\w+\.sh)", line)
    usage = (ROOT / "infra" / "scripts" / name).read_text().split("\nEND\n")[0]
    assert [option for option in re.findall(r" (--[a-z-]+)", line) if option not in usage] == []


def test_every_secret_that_terraform_names_is_given_a_value() -> None:
    named = set(
        re.findall(
            r"(?:^\s+|\{ )([a-z-]+)\s+= \"", INFRA.folder.joinpath("main.tf").read_text().split("secrets = merge(")[1].split("warehouse = {")[0], re.MULTILINE
        )
    )
    assert named >= {"warehouse-loader", "oidc-client", "airflow-database", "kafka-ca"}
    spelled = set(re.findall(r"ticklake-dev/([a-z0-9-]+)", PAGE))
    for family, members in re.findall(r"for name in ([a-z ]+); do aws secretsmanager put-secret-value --secret-id ticklake-dev/([a-z]+)-\$name", PAGE):
        spelled |= {f"{members}-{name}" for name in family.split()}
    assert named - spelled == set()


def test_every_variable_without_a_default_is_in_both_environments() -> None:
    needed = {each.labels[0] for each in INFRA.of("variable") if "default" not in each.body}
    known = {each.labels[0] for each in INFRA.of("variable")}
    for name in ("dev", "prod"):
        given = set(re.findall(r"^(\w+)\s*=", (ROOT / "infra" / "environments" / f"{name}.tfvars").read_text(), re.MULTILINE))
        assert needed <= given <= known


def test_the_costs_add_up() -> None:
    rows = re.findall(r"^\| (.+?) \|.*\| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    costs = {name: (int(dev.replace(",", "")), int(prod.replace(",", ""))) for name, dev, prod in rows}
    together = costs.pop("together")
    assert len(costs) == 11
    assert together == (sum(dev for dev, _ in costs.values()), sum(prod for _, prod in costs.values()))
    sizes = {
        name: re.findall(r"= \{ cpu = (\d+), memory = (\d+)(?:, count = (\d+))?", (ROOT / "infra" / "environments" / f"{name}.tfvars").read_text())
        for name in ("dev", "prod")
    }
    for place, name in enumerate(("dev", "prod")):
        hour = sum(int(cpu) / 1024 * 0.04048 + int(memory) / 1024 * 0.004445 for cpu, memory, count in sizes[name] for _ in range(int(count or 1)))
        operator = 0.25 * 0.04048 + 0.004445
        assert costs["Fargate"][place] == round((hour - operator) * 730)
