"""The scripts of the road to production, as far as a rehearsal shows them: no account, no other machine."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.local.broker import KAFKA_VERSION
from ticklake.settings import Settings

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "infra" / "scripts"
NODES = "kafka-1.internal,kafka-2.internal,kafka-3.internal"
RELEASE = (
    "docker build --file infra/docker/Dockerfile --target service",
    "docker push",
    "python.*ticklake_io.topics",
    "python.*ticklake_io.migrations",
    "terraform -chdir=infra plan",
    "terraform -chdir=infra apply",
    "aws ecs wait services-stable",
    "curl",
)
CHANGES = r"terraform \S+ apply|docker|run-task"


def run(name: str, *arguments: str, status: int = 0) -> str:
    """Run a script; what it says, and that it ends as expected."""
    done = subprocess.run([str(SCRIPTS / name), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kafka") / "secrets"
    run("kafka_secrets.sh", "--nodes", NODES, "--secrets", str(folder))
    return folder


def install(secrets: Path, *more: str, nodes: str = NODES, node: str = "1") -> str:
    return run("setup_kafka.sh", "install", "--nodes", nodes, "--secrets", str(secrets), "--node-id", node, *more)


def properties(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line)


def test_secrets_are_made_once_and_for_their_owner_alone(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    assert set(before) == {"ca.key", "ca.pem", "cluster-id", "passwords", "node-1.pem", "node-2.pem", "node-3.pem"}
    assert {path.stat().st_mode & 0o077 for path in secrets.iterdir()} == {0}
    assert run("kafka_secrets.sh", "--nodes", NODES, "--secrets", str(secrets)) == ""
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before


WHOLE = {"ca.key", "ca.pem", "cluster-id", "passwords"}


@pytest.mark.parametrize("kept", [*(WHOLE - {lost} for lost in sorted(WHOLE)), {"ca.key"}, {"node-1.pem"}], ids=lambda kept: " ".join(sorted(kept)))
def test_secrets_with_a_gap_are_left_as_they_are_and_said_in_one_line(secrets: Path, tmp_path: Path, kept: set[str]) -> None:
    for name in kept:
        shutil.copy2(secrets / name, tmp_path / name)
    (line,) = run("kafka_secrets.sh", "--nodes", NODES, "--secrets", str(tmp_path), status=2).splitlines()
    assert f"but not {' '.join(sorted(WHOLE - kept))}: bring back" in line
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: (secrets / name).read_bytes() for name in kept}


def test_a_key_of_another_authority_signs_nothing(secrets: Path, tmp_path: Path) -> None:
    run("kafka_secrets.sh", "--nodes", NODES, "--secrets", str(tmp_path))
    shutil.copy2(secrets / "ca.key", tmp_path / "ca.key")
    (tmp_path / "node-2.pem").unlink()
    assert "sign no certificate" in run("kafka_secrets.sh", "--nodes", NODES, "--secrets", str(tmp_path), status=2)
    assert not (tmp_path / "node-2.pem").exists()


def test_a_rehearsal_of_secrets_makes_none(tmp_path: Path) -> None:
    assert "a password for ticklake-producer" in run("kafka_secrets.sh", "--nodes", NODES, "--secrets", str(tmp_path / "none"), "--dry-run")
    assert not (tmp_path / "none").exists()


def test_a_node_listens_on_its_own_name_and_nothing_is_in_the_clear(secrets: Path, tmp_path: Path) -> None:
    install(secrets, "--render", str(tmp_path), "--rack", "zone-b", node="2")
    found = properties(tmp_path / "server.properties")
    assert found["listeners"] == "CLIENT://kafka-2.internal:9092,REPLICATION://kafka-2.internal:9093,CONTROLLER://kafka-2.internal:9094"
    assert {pair.split(":")[1] for pair in found["listener.security.protocol.map"].split(",")} == {"SASL_SSL", "SSL"}
    assert (found["node.id"], found["broker.rack"], found["default.replication.factor"], found["min.insync.replicas"]) == ("2", "zone-b", "3", "2")
    assert (found["allow.everyone.if.no.acl.found"], found["unclean.leader.election.enable"]) == ("false", "false")


def test_one_node_asks_for_no_second_replica(secrets: Path, tmp_path: Path) -> None:
    install(secrets, "--render", str(tmp_path), nodes="localhost:19092")
    found = properties(tmp_path / "server.properties")
    assert {value for name, value in found.items() if "replica" in name and name.endswith(("factor", "replicas"))} == {"1"}
    assert found["controller.quorum.voters"] == "1@localhost:19094"


def test_a_second_run_writes_nothing(secrets: Path, tmp_path: Path) -> None:
    install(secrets, "--render", str(tmp_path))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    install(secrets, "--render", str(tmp_path))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_node_that_has_its_storage_needs_no_passwords(secrets: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in ("ca.pem", "node-1.pem"):
        (few / name).write_bytes((secrets / name).read_bytes())
    calls = ["install", "--nodes", NODES, "--secrets", str(few), "--node-id", "1", "--render", str(tmp_path)]
    assert "there is no" in run("setup_kafka.sh", *calls, status=1)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").touch()
    run("setup_kafka.sh", *calls)
    assert "there is no" in run("setup_kafka.sh", "acls", *calls[1:], status=1)


def test_a_rehearsal_says_all_steps_in_order_and_no_secret(secrets: Path) -> None:
    said = install(secrets, "--dry-run")
    steps = ("curl", "verify", "tar -xzf", "write /etc/kafka/server.properties", "kafka-storage.sh", "systemctl enable", "systemctl restart")
    places = [said.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)
    private = {line.split("=")[1] for line in (secrets / "passwords").read_text().splitlines()} | {"PRIVATE KEY"}
    assert not [each for each in private if each in said]


def test_the_brokers_are_of_the_version_that_the_platform_runs() -> None:
    assert f"KAFKA={KAFKA_VERSION}\n" in (SCRIPTS / "setup_kafka.sh").read_text()


@pytest.mark.parametrize("nodes", ["", "a,b", "a,b,c,d"])
def test_a_cluster_without_a_majority_is_refused(secrets: Path, nodes: str) -> None:
    assert "one or three nodes" in run("setup_kafka.sh", "acls", "--nodes", nodes, "--secrets", str(secrets), status=1)


def test_a_node_of_aws_has_its_secrets_only_for_as_long_as_the_script_runs(tmp_path: Path) -> None:
    kept = tmp_path / "memory"
    kept.mkdir()
    template = (ROOT / "infra" / "modules" / "broker" / "node.sh.tftpl").read_text()
    (command,) = re.findall(r"<<'COMMAND'\n(.*?)^COMMAND$", template, re.MULTILINE | re.DOTALL)
    for name, value in [("nodes", NODES), ("number", "2"), ("secret", "arn:of:node-2"), ("heap", "4g")]:
        command = command.replace(f"${{{name}}}", value)
    _program(tmp_path / "ticklake-kafka", command.replace("/usr/local/sbin", str(tmp_path)).replace("-p /run", f"-p {kept}"))
    _program(tmp_path / "cloud-init", "#!/bin/sh\necho zone-of-$2\n")
    (tmp_path / "passwords").write_text("p\n")
    _program(tmp_path / "aws", f'#!/bin/sh\necho "$@" >{tmp_path}/asked\ntar -C {tmp_path} -cz passwords | base64\n')
    _program(tmp_path / "setup_kafka.sh", '#!/bin/sh\necho "$@"; cat "$5/passwords"\n')
    said = subprocess.run(
        [str(tmp_path / "ticklake-kafka"), "acls"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith(f"acls --nodes {NODES} --secrets {kept}/")
    assert said.endswith(" --node-id 2 --rack zone-of-v1.availability_zone --heap 4g\np\n")
    assert "arn:of:node-2" in (tmp_path / "asked").read_text()
    assert not list(kept.iterdir())


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def documented() -> Iterator[tuple[str, str, str]]:
    """Right, kind and name of the table in docs/security.md, by line."""
    owners = {"producer": "producer", "consumer": "consumer", "alerts": "alerts", "Airflow": "airflow", "dashboard": "dashboard"}
    for line in (ROOT / "docs" / "security.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and re.match(r"Read|Write|Describe|Create|the same, and", cells[1]):
            owner = owners.get(re.split(r"\W", cells[0])[0], "operator")
            for rights, where in re.findall(r"((?:\w+ and )?[A-Z]\w+) on (.*?)(?:;|$)", cells[1]):
                for right in rights.split(" and "):
                    yield from _rights(owner, right, where)


def _rights(owner: str, right: str, where: str) -> Iterator[tuple[str, str, str]]:
    kind = ""
    for word, name in re.findall(r"(topics?|groups?)|`([^`]+)`", where):
        kind = word.rstrip("s") or kind
        if name:
            yield f"ticklake-{owner}", right, f"{kind} {name}"


def test_the_rights_are_those_that_the_page_lists(secrets: Path) -> None:
    said = run("setup_kafka.sh", "acls", "--nodes", NODES, "--secrets", str(secrets), "--dry-run")
    granted = re.findall(r"--allow-principal User:(\S+) --operation (\w+) --(topic \S+|group \S+)", said)
    assert len(granted) == len(set(granted))
    assert set(granted) == set(documented())


def test_rights_follow_renamed_topics(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    topics = [name for name in Settings.model_fields if name.endswith("_topic")]
    for name in topics:
        monkeypatch.setenv(f"TICKLAKE_{name.upper()}", f"other.{name}")
    said = run("setup_kafka.sh", "acls", "--nodes", NODES, "--secrets", str(secrets), "--dry-run")
    assert set(re.findall(r"--topic (\S+)", said)) == {f"other.{name}" for name in topics}


def test_a_release_builds_then_makes_tables_then_changes_services_then_looks() -> None:
    said = run("deploy.sh", "release", "--environment", "prod", "--tag", "1.2.3", "--dry-run").splitlines()
    places = [max(number for number, line in enumerate(said) if re.search(step, line)) for step in RELEASE]
    assert places == sorted(places)
    assert all(":1.2.3" in line for line in said if line.startswith("+ docker push"))
    assert any("-var-file=environments/prod.tfvars -var=image_tag=1.2.3" in line for line in said)


@pytest.mark.parametrize(("command", "first"), [("release", {"consumer", "alerts", "dashboard"}), ("rollback", {"producer"})])
def test_what_is_written_is_known_to_who_reads_it(command: str, first: set[str]) -> None:
    said = run("deploy.sh", command, "--environment", "dev", "--dry-run").splitlines()
    plans = [line for line in said if "infra plan" in line and "operator" not in line]
    aimed = [set(re.findall(r"aws_ecs_service\.this\S+?(\w+)\\\"", line)) for line in plans]
    assert aimed == [first, set()]
    assert ("module.airflow" in plans[0]) == (command == "release")
    assert any("services-stable" in line for line in said[said.index(plans[0]) : said.index(plans[1])])


@pytest.mark.parametrize(("command", "partial"), [("release", 2), ("ddl", 1)])
def test_new_rights_and_ports_are_there_before_the_tasks_that_need_them(command: str, partial: int) -> None:
    said = run("deploy.sh", command, "--environment", "dev", "--dry-run").splitlines()
    plans = [{word for word in shlex.split(line) if word.startswith("-target")} for line in said if "infra plan" in line]
    assert [plan >= {"-target=module.identity", "-target=module.network"} for plan in plans if plan] == [True] * partial


def test_one_command_runs_inside_as_it_was_typed() -> None:
    said = run("deploy.sh", "run", "--environment", "dev", "--dry-run", "--", "ticklake", "loads", "set-aside", "a b", "--reason", 'is "bad"')
    (line,) = [line for line in said.splitlines() if "run-task" in line]
    words = shlex.split(line)
    (override,) = json.loads(words[words.index("--overrides") + 1])["containerOverrides"]
    assert override["command"] == ["python", "-m", "ticklake_cli.main", "loads", "set-aside", "a b", "--reason", 'is "bad"']
    assert "name a command" in run("deploy.sh", "run", "--environment", "dev", "--", "rm", status=1)


OPERATED = r"""#!/bin/bash
case "$*" in
    *run-task*) echo "$BEGUN" ;;
    *lastStatus*) echo STOPPED ;;
    *get-log-events*) [ "$STATUS" != None ] || exit 255; echo said ;;
    *exitCode*) echo "$STATUS" ;;
    *stoppedReason*) echo CannotPullContainerError ;;
esac
"""


@pytest.mark.parametrize(
    ("begun", "status", "told"),
    [
        ("arn:task/1", "0", ""),
        ("arn:task/1", "1", "ended with status 1: CannotPullContainerError\n"),
        ("arn:task/1", "None", "ended with status None: CannotPullContainerError\n"),
        ("None", "0", "no task was begun for"),
    ],
)
def test_a_command_that_does_not_run_inside_says_why(tmp_path: Path, begun: str, status: str, told: str) -> None:
    _program(tmp_path / "aws", OPERATED)
    _program(tmp_path / "terraform", """#!/bin/sh\ncase "$*" in *json*) echo '{"task": "t", "subnets": "s", "group": "g"}' ;; *) echo dev ;; esac\n""")
    _program(tmp_path / "sleep", "#!/bin/sh\n")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "BEGUN": begun, "STATUS": status}
    command = [str(SCRIPTS / "deploy.sh"), "run", "--environment", "dev", "--", "ticklake", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, told in done.stderr, bool(done.stderr)) == (int(bool(told)), True, bool(told))


def test_a_rollback_takes_the_images_before_and_leaves_tables_alone() -> None:
    said = run("deploy.sh", "rollback", "--environment", "dev", "--dry-run")
    assert "-var=image_tag=\\<previous\\>" in said
    assert not re.search(r"docker|run-task|migrations", said)


REGISTRY = """#!{python}
import os, sys
import jmespath
asked, query = sys.argv[2], sys.argv[sys.argv.index("--query") + 1]
if asked == os.environ["DENIED"]:
    sys.exit("AccessDenied")
if asked == "describe-task-definition":
    name = sys.argv[sys.argv.index("--task-definition") + 1]
    tag = os.environ["DEFINED"] if name == "dev-consumer" else name.removeprefix("arn:task-definition:")
    says = {{"taskDefinition": {{"containerDefinitions": [{{"image": "r/x:" + tag}}, {{"image": "collector:v1"}}]}}}}
else:
    pushed = [("1.1.0", "2026-02-01"), ("1.2.0", "2026-03-01"), ("1.0.0", "2026-01-01"), (None, "2026-02-10")]
    says = {{"imageDetails": [{{"imagePushedAt": at}} | ({{"imageTags": [tag]}} if tag else {{}}) for tag, at in pushed]}}
found = jmespath.search(query, says)
print(*found if isinstance(found, list) else [found], sep="\\t")
"""
TERRAFORM = """#!/bin/sh
echo "$@" >>"$0.asked"
case "$*" in
    *" $DENIED "*) echo AccessDenied >&2 && exit 1 ;;
    *" plan "*) exit 3 ;;
    *" show -json") cat "$0.state" ;;
    *json*) echo '{"service": "registry/dev/service"}' ;;
    *) echo dev ;;
esac
"""


def rolled_back(folder: Path, defined: str, *told: str, denied: str = "nothing") -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """A rollback as far as its first plan, and the tags it plans, where tasks are defined with one tag and services were told to run others."""
    services = [{"type": "aws_ecs_service", "values": {"task_definition": f"arn:task-definition:{tag}"}} for tag in told]
    other = {"type": "aws_ecs_cluster", "values": {"name": "dev"}}
    state = {"values": {"root_module": {"child_modules": [{"resources": [other, *services[1:]]}, {"resources": services[:1]}]}}}
    (folder / "terraform.state").write_text(json.dumps(state))
    _program(folder / "aws", REGISTRY.format(python=sys.executable))
    _program(folder / "terraform", TERRAFORM)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "DEFINED": defined, "DENIED": denied}
    command = [str(SCRIPTS / "deploy.sh"), "rollback", "--environment", "dev", "--yes"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done, re.findall(r"image_tag=(\S+)", (folder / "terraform.asked").read_text())


@pytest.mark.parametrize(
    ("defined", "told", "before"),
    [
        pytest.param("1.2.0", ["1.2.0", "1.2.0"], "1.1.0", id="a release, whether or not ECS went back by itself"),
        pytest.param("1.2.0", ["1.1.0", "1.1.0"], "1.1.0", id="a release that stopped before its services"),
        pytest.param("1.1.0", ["1.2.0", "1.1.0"], "1.1.0", id="a rollback that stopped behind one service"),
        pytest.param("1.1.0", ["1.1.0", "1.2.0"], "1.1.0", id="a rollback that stopped behind another"),
        pytest.param("1.1.0", ["1.1.0", "1.1.0"], "1.0.0", id="a whole rollback"),
        pytest.param("1.0.0", ["1.0.0", "1.0.0"], None, id="the first release"),
        pytest.param("0.9.0", [], None, id="a release without images"),
    ],
)
def test_a_rollback_goes_behind_what_was_applied_last(tmp_path: Path, defined: str, told: list[str], before: str | None) -> None:
    done, planned = rolled_back(tmp_path, defined, *told)
    assert (done.returncode, planned) == ((3, [before]) if before else (1, [])), done.stderr
    assert ("name one by --tag" in done.stderr) == (before is None)
    assert (f"back to {before}; if this stops, go on with --tag {before}\n" in done.stdout) == (before is not None)


@pytest.mark.parametrize("denied", ["describe-images", "describe-task-definition", "show", "output"])
def test_an_error_in_the_search_for_a_release_is_not_told_as_a_missing_one(tmp_path: Path, denied: str) -> None:
    done, planned = rolled_back(tmp_path, "1.2.0", "1.2.0", denied=denied)
    assert (done.returncode, done.stderr, planned) == (1, "AccessDenied\n", [])


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_environment_has_a_state_of_its_own(environment: str) -> None:
    said = run("deploy.sh", "plan", "--environment", environment, "--dry-run").splitlines()
    chosen = said.index(f"+ terraform -chdir=infra workspace select -or-create {environment}")
    assert chosen < next(number for number, line in enumerate(said) if "infra plan" in line)


def test_a_pull_request_is_planned_without_rights_and_secrets() -> None:
    (step,) = re.findall(r"run: infra/scripts/(deploy\.sh plan .*)", (ROOT / ".github" / "workflows" / "plan.yaml").read_text())
    script, *arguments = step.replace('"$ENVIRONMENT"', "prod").split()
    (line,) = [line for line in run(script, *arguments, "--dry-run").splitlines() if "infra plan" in line]
    assert {"-var=only_planned=true", "-refresh=false", "-lock=false"} <= set(line.split())
    assert "-out=" not in line


def test_an_environment_is_planned_when_it_is_set_up() -> None:
    (job,) = yaml.safe_load((ROOT / ".github" / "workflows" / "plan.yaml").read_text())["jobs"].values()
    assert job["if"].startswith("vars.PLAN_ENVIRONMENTS != '' && ")
    assert job["strategy"]["matrix"]["environment"] == "${{ fromJSON(vars.PLAN_ENVIRONMENTS) }}"
    assert job["environment"] == "plan-${{ matrix.environment }}"


@pytest.mark.parametrize("command", ["plan", "smoke"])
def test_looking_changes_nothing(command: str) -> None:
    assert not re.search(CHANGES, run("deploy.sh", command, "--environment", "dev", "--dry-run"))


AWS = r"""#!/bin/bash
echo "$@" >>"$0.asked"
case "$*" in
    *list-services*) echo arn:service/dev/consumer arn:service/dev/airflow ;;
    *describe-services*) echo "definition:${6##*/}" ;;
    *describe-task-definition*airflow*) echo "registry/dev/airflow:$AIRFLOW_RUNS" ;;
    *describe-task-definition*) echo registry/dev/service:1.2.3 ;;
    *describe-alarms*) [ "$(grep -c describe-alarms "$0.asked")" -gt "$RINGING" ] || echo lag loads-stand ;;
esac
"""


def smoked(folder: Path, **told: str) -> subprocess.CompletedProcess[str]:
    """The smoke test of tag 1.2.3 where Terraform and AWS are two small programs."""
    _program(folder / "aws", AWS)
    _program(folder / "terraform", "#!/bin/sh\necho dev\n")
    for name in ("curl", "sleep"):
        _program(folder / name, f'#!/bin/sh\necho {name} >>"$0.asked"\n')
    command = [str(SCRIPTS / "deploy.sh"), "smoke", "--environment", "dev", "--tag", "1.2.3"]
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "AIRFLOW_RUNS": "1.2.3", "RINGING": "0"} | told
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_alarms_have_time_to_see_the_first_measurements(tmp_path: Path) -> None:
    done = smoked(tmp_path, RINGING="3")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "sleep.asked").read_text().split() == ["sleep"] * 3
    asked = (tmp_path / "aws.asked").read_text()
    assert all(f"wait services-stable --cluster dev --services arn:service/dev/{name}" in asked for name in ("consumer", "airflow"))


def test_an_alarm_that_goes_on_is_told(tmp_path: Path) -> None:
    done = smoked(tmp_path, RINGING="1000")
    assert (done.returncode, done.stderr) == (1, "deploy.sh: not well after twenty minutes: lag loads-stand\n")
    assert len((tmp_path / "sleep.asked").read_text().split()) * 30 == 20 * 60


def test_a_service_that_went_back_by_itself_is_told(tmp_path: Path) -> None:
    done = smoked(tmp_path, AIRFLOW_RUNS="1.2.2")
    assert (done.returncode, done.stderr) == (1, "deploy.sh: airflow runs 1.2.2, not 1.2.3; the service's events say why\n")
    assert not (tmp_path / "curl.asked").exists()


@pytest.mark.parametrize("arguments", [(), ("fly",), ("plan",), ("plan", "--environment"), ("plan", "--environment", "none")])
def test_a_wrong_call_of_deploy_is_told_and_does_nothing(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([str(SCRIPTS / "deploy.sh"), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode in (1, 2)
    assert done.stderr
    assert not done.stdout


def test_every_proxy_tells_browsers_the_same() -> None:
    page, balancer = (ROOT / "docs" / "security.md").read_text(), (ROOT / "infra" / "modules" / "services" / "balancer.tf").read_text()
    policies = [re.search(r"default-src [^\"]*", text) for text in (page, balancer)]
    ours, theirs = (set(match[0].split("; ")) for match in policies if match)
    differ = ours ^ theirs
    framed = {"frame-ancestors 'none'", "frame-ancestors 'self'"}
    assert framed & ours == {"frame-ancestors 'none'"}, "behind nginx is the dashboard alone"
    assert framed & theirs == {"frame-ancestors 'self'"}, "behind the balancer is Airflow, too, which frames our page in it"
    assert all(each.startswith("connect-src 'self' wss://") for each in differ - framed), differ
