"""What must hold of AWS's resources whatever else changes: private, encrypted, kept as long as promised, run by nobody with rights over it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.checks.terraform import Block, Module, modules, strings
from streaming.producer.sources.finnhub import FinnhubSettings
from tests.fakes.memory_bucket import MemoryBucket
from tests.fixtures import terraform_rules
from ticklake import lifecycle
from ticklake.settings import Settings, load
from ticklake_airflow.lifecycle.audit import audit
from ticklake_io import topics
from ticklake_io.alphavantage.settings import AlphaVantageSettings

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
MODULES = {module.folder.name: module for module in modules(INFRA)}
ALL: list[Block] = [block for module in MODULES.values() for block in module.blocks]
DAYS = int(Settings.model_fields["raw_retention_days"].default)
SETTINGS = {f"TICKLAKE_{name.upper()}" for name in Settings.model_fields}
RUN = ("services", "airflow")


def resources(module: str, kind: str) -> list[Block]:
    return MODULES[module].of("resource", kind)


def text(module: str) -> str:
    return "\n".join(file.read_text() for file in sorted(MODULES[module].folder.glob("*.tf")))


def names_bucket(block: Block, bucket: str) -> bool:
    """Whether a rule is of this bucket, by itself or because it is of all."""
    return f"aws_s3_bucket.{bucket}" in str(block.body["bucket"]) or block.body.get("for_each") == "${local.buckets}"


def yes(value: object) -> bool:
    """Whether a literal of HCL is true."""
    return str(value).lower() == "true"


# --- the lake --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bucket", [each.labels[1] for each in ALL if each.labels[:1] == ("aws_s3_bucket",)])
@pytest.mark.parametrize(
    "kind",
    [
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_policy",
    ],
)
def test_each_bucket_is_encrypted_private_versioned_and_has_rules(bucket: str, kind: str) -> None:
    assert [each for each in resources("lake", kind) if names_bucket(each, bucket)]


def test_nothing_public_is_let_through() -> None:
    for block in resources("lake", "aws_s3_bucket_public_access_block"):
        assert all(yes(block.body[name]) for name in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"))


def test_each_bucket_refuses_who_comes_without_tls_and_gives_up_half_uploads() -> None:
    for bucket in ("lake", "logs"):
        (policy,) = MODULES["lake"].of("data", "aws_iam_policy_document", bucket)
        deny = policy.body["statement"][0]
        assert (deny["effect"], deny["actions"], deny["condition"][0]["variable"], deny["condition"][0]["values"]) == (
            "Deny",
            ["s3:*"],
            "aws:SecureTransport",
            ["false"],
        )
    (logs,) = MODULES["lake"].of("resource", "aws_s3_bucket_lifecycle_configuration", "logs")
    assert logs.body["rule"][0]["abort_incomplete_multipart_upload"]
    assert any("AbortIncompleteMultipartUpload" in rule and rule["Filter"] == {"Prefix": ""} for rule in terraform_rules.written().rules)


def test_terraform_writes_the_rules_that_the_dag_wants_and_the_store_keeps() -> None:
    wanted, written = lifecycle.load(INFRA / "lake" / "lifecycle.yaml", DAYS), terraform_rules.written()
    assert written == wanted
    bucket = MemoryBucket()
    bucket.put_rules(list(written.rules))
    for each in written.tierings:
        bucket.put_tiering(each)
    assert audit(bucket, wanted, DAYS, owner=False).drifts == []


# --- the network -----------------------------------------------------------------------------------------------------


def test_only_the_balancer_takes_addresses_and_only_by_tls() -> None:
    for block in resources("network", "aws_vpc_security_group_ingress_rule"):
        if "cidr_ipv4" in block.body:
            assert (block.body["security_group_id"], block.body["from_port"], block.body["to_port"]) == ('${aws_security_group.this["balancer"].id}', 443, 443)
            assert block.body["cidr_ipv4"] != "0.0.0.0/0"
        assert "cidr_ipv6" not in block.body
    assert not [each for each in ALL if each.labels[:1] in (("aws_security_group_rule",), ("aws_vpc_security_group_rule",))]


def test_each_flow_is_a_way_out_and_a_way_in() -> None:
    (way_in,), (way_out,) = (MODULES["network"].of("resource", f"aws_vpc_security_group_{way}_rule", "flow") for way in ("ingress", "egress"))
    assert [each.body["for_each"] for each in (way_in, way_out)] == ["${local.flows}"] * 2
    for block, ours, theirs in ((way_in, "to", "from"), (way_out, "from", "to")):
        assert f"each.value.{ours}" in block.body["security_group_id"]
        assert f"each.value.{theirs}" in block.body["referenced_security_group_id"]
        assert all(f"each.value.ports[{place}]" in block.body[f"{name}_port"] for place, name in enumerate(("from", "to")))


def test_groups_and_rules_are_described_as_ec2_takes_it() -> None:
    network = MODULES["network"]
    rules = [block.body["description"] for way in ("ingress", "egress") for block in network.of("resource", f"aws_vpc_security_group_{way}_rule")]
    said = [each for each in rules if "${" not in each] + list(network.locals["groups"].values()) + [each["text"] for each in network.locals["flows"].values()]
    assert len(said) > len(network.locals["flows"])
    assert [each for each in said if not re.fullmatch(r"[a-zA-Z0-9. _:/()#,@\[\]+=&;{}!$*-]{1,255}", each)] == []


def test_brokers_take_clients_by_one_port_from_our_own_groups() -> None:
    flows: dict[str, dict[str, Any]] = MODULES["network"].locals["flows"]
    taken = {each["from"]: [str(port) for port in each["ports"]] for each in flows.values() if each["to"] == "brokers"}
    ours = taken.pop("brokers")
    assert (ours[0], ours[-1]) == ("9092", "9094")
    assert taken.keys() == {"services", "dashboard", "airflow"}
    assert all(set(ports) == {"${var.kafka_port}"} for ports in taken.values())
    assert not [each for each in resources("network", "aws_vpc_security_group_ingress_rule") if '"brokers"' in each.body["security_group_id"]]


def test_what_a_service_is_asked_is_answered_where_it_is_asked() -> None:
    flows: dict[str, dict[str, Any]] = MODULES["network"].locals["flows"]
    tasks: dict[str, dict[str, Any]] = MODULES["services"].locals["tasks"]
    groups = {"producer": "services", "dashboard": "dashboard"}
    for name, askers in {"producer": ("dashboard", "airflow", "services"), "dashboard": ("airflow",)}.items():
        port = int(tasks[name]["settings"][f"TICKLAKE_{name.upper()}_HTTP_PORT"])
        assert tasks[name]["settings"]["TICKLAKE_HTTP_HOST"] == "0.0.0.0"  # noqa: S104 - the task's own address is not known before
        assert f"{name} = {port}" in text("services")
        for asker in askers:
            assert [each for each in flows.values() if (each["from"], each["to"], each["ports"]) == (asker, groups[name], [port, port])]
    assert {"TICKLAKE_PRODUCER_STATUS_URL", "TICKLAKE_AIRFLOW_URL"} <= tasks["dashboard"]["settings"].keys()
    assert {"TICKLAKE_PRODUCER_STATUS_URL", "TICKLAKE_SOURCES"} <= tasks["operator"]["settings"].keys()
    assert {"TICKLAKE_PRODUCER_STATUS_URL", "TICKLAKE_DASHBOARD_STATUS_URL"} <= set(re.findall(r"TICKLAKE_\w+", text("airflow")))


def test_everything_but_the_balancer_and_the_way_out_stands_in_private_subnets() -> None:
    root = {each.labels[0]: each.body for each in MODULES["infra"].of("module")}
    assert root["broker"]["subnet_ids"] == "${module.network.private_subnet_ids}"
    public = [each.address for each in ALL if "public_subnet" in " ".join(strings(each.body)) and each.kind == "resource"]
    assert public == ["resource aws_lb.dashboard"]
    for module in RUN:
        for service in resources(module, "aws_ecs_service"):
            (network,) = service.body["network_configuration"]
            assert (network["subnets"], yes(network["assign_public_ip"])) == ("${var.deployment.private_subnet_ids}", False)
    (database,) = resources("airflow", "aws_db_instance")
    assert not yes(database.body["publicly_accessible"])


def test_nothing_starts_before_the_way_out_stands() -> None:
    (subnets,) = MODULES["network"].of("output", "private_subnet_ids")
    waited = " ".join(strings(subnets.body["depends_on"]))
    assert all(each in waited for each in ("aws_route.nat", "aws_route_table_association.private", "aws_vpc_security_group_egress_rule"))
    (node,) = resources("broker", "aws_network_interface")
    assert "var.subnet_ids" in node.body["subnet_id"]


# --- what runs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("module", "containers"), [("services", 2), ("airflow", 2), ("secret_files", 1)])
def test_every_container_is_nobody_and_cannot_write_to_its_own_files(module: str, containers: int) -> None:
    assert len(re.findall(r"^\s+name\s+= .*\n\s+image\s+= ", text(module), re.MULTILINE)) == containers
    assert len(re.findall(r"readonlyRootFilesystem\s+= true", text(module))) == containers
    assert len(re.findall(r"^ {4,}user\s+= (?:var\.(?:deployment\.)?user|\"65534:65534\")", text(module), re.MULTILINE)) == containers
    assert len(re.findall(r'drop = \["ALL"\]', text(module))) == containers
    assert "privileged" not in text(module)


def test_secrets_become_files_of_one_user(tmp_path: Path) -> None:
    program = (MODULES["secret_files"].folder / "write.py").read_text()
    environment = {"FILES": "kafka_ca,warehouse_key", "kafka_ca": "one", "warehouse_key": "two\nlines\n", "other": "three"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment, check=True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"kafka_ca": "one", "warehouse_key": "two\nlines\n"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env={"FILES": ""}, check=True)


def test_the_images_run_as_that_user_and_own_the_folders() -> None:
    (user,) = MODULES["infra"].of("variable", "image_user")
    dockerfile = (INFRA / "docker" / "Dockerfile").read_text()
    assert user.body["default"].partition(":")[0] != "0"
    assert f"USER {user.body['default']}" in dockerfile
    assert dockerfile.count('VOLUME ["/var/lib/ticklake", "/run/ticklake"]') == 2


def test_the_operator_begins_without_airflows_database() -> None:
    operator: dict[str, Any] = MODULES["services"].locals["tasks"]["operator"]
    assert (operator["image"], operator["settings"]["CONNECTION_CHECK_MAX_COUNT"]) == ("airflow", "0")
    assert operator["settings"]["AIRFLOW_HOME"] == "${local.home}/airflow"
    assert '{ sourceVolume = "home", containerPath = local.home, readOnly = false }' in text("services")


def test_two_environments_fit_into_one_account() -> None:
    (repository,) = resources("services", "aws_ecr_repository")
    assert repository.body["name"].startswith("${var.deployment.name}/")


@pytest.mark.parametrize("module", RUN)
def test_secrets_are_named_and_never_told(module: str) -> None:
    secret = {f"TICKLAKE_{name.upper()}" for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert not secret & set(re.findall(r"\bTICKLAKE_[A-Z0-9_]+\b", text(module)))
    told = {name for name in re.findall(r"\bAIRFLOW__\w+", text(module)) if re.search(r"_KEY|SECRET|SQL_ALCHEMY_CONN", name)}
    assert all(name.endswith("_CMD") for name in told)
    assert not [each for each in ALL if each.labels[:1] == ("aws_secretsmanager_secret_version",) and each.kind == "resource"]


@pytest.mark.parametrize("module", RUN)
def test_every_setting_exists_and_the_required_ones_are_there(module: str) -> None:
    named = set(re.findall(r"\bTICKLAKE_[A-Z0-9_]+\b(?= += )", text(module)))
    assert named <= SETTINGS
    assert {f"TICKLAKE_{name.upper()}" for name, field in Settings.model_fields.items() if field.is_required()} <= named


def test_any_setting_may_be_told_but_secrets_and_what_terraform_sets() -> None:
    own = re.compile(f"TICKLAKE_({'|'.join(MODULES['infra'].locals['own_settings'])})")
    sources = {"FINNHUB_": FinnhubSettings, "ALPHAVANTAGE_": AlphaVantageSettings}
    fields = {f"TICKLAKE_{prefix}{name.upper()}": field for prefix, kind in ({"": Settings} | sources).items() for name, field in kind.model_fields.items()}
    secret = {name for name, field in fields.items() if "SecretStr" in str(field.annotation)}
    set_here = set(re.findall(r"\bTICKLAKE_[A-Z0-9_]+\b(?= += )", text("services") + text("airflow")))
    free = {name for name in fields if not own.fullmatch(name)}
    assert len(secret) >= 8
    assert not free & (secret | set_here)
    assert free >= {
        *("TICKLAKE_ALPHAVANTAGE_PLAN", "TICKLAKE_ALPHAVANTAGE_POLL_S", "TICKLAKE_ALPHAVANTAGE_ENTITLEMENT", "TICKLAKE_VENDOR_MINUTES"),
        *("TICKLAKE_REJECT_RATIO", "TICKLAKE_REJECT_WINDOW", "TICKLAKE_REJECT_RUN", "TICKLAKE_NO_EXPORT_SOURCES", "TICKLAKE_BENCHMARK"),
    }
    assert all("merge(var.deployment.settings, local.settings" in text(module) for module in RUN)


@pytest.mark.parametrize("module", RUN)
def test_all_know_when_loads_come_and_what_is_late(module: str) -> None:
    told = {
        "LOAD_INTERVAL_S": "loads.interval_s",
        "LOAD_HINTS": "loads.hints",
        "TARGET_WAREHOUSE_S": "loads.target_s",
        "ALARM_LOAD_P95_S": "loads.slow_s",
        "ALARM_LAG_RECORDS": "lag_records",
    }
    for name, value in told.items():
        assert re.search(rf"^    TICKLAKE_{name} += tostring\(var\.deployment\.{re.escape(value)}\)$", text(module), re.MULTILINE), name


def test_without_hints_the_targets_follow_the_interval() -> None:
    usual = {"target_s": "target_warehouse_s", "slow_s": "alarm_load_p95_s"}
    hinted = ", ".join(f"{name} = {Settings.model_fields[field].default:g}" for name, field in usual.items())
    assert f"{{ {hinted} }} : name => var.loads.hints ? hinted_s : var.loads.interval_s + 120" in text("infra")


def test_a_secret_file_is_called_as_its_setting() -> None:
    files = set(re.findall(r"\bticklake_[a-z_]+(?= += \")", text("services") + text("airflow")))
    assert files >= {"ticklake_kafka_password", "ticklake_oidc_client_secret", "ticklake_oidc_cookie_secret"}
    assert {name.upper() for name in files} <= SETTINGS
    assert all(
        kind.model_config["env_prefix"].lower() + "key" == f"ticklake_{name}_key"
        for kind, name in ((FinnhubSettings, "finnhub"), (AlphaVantageSettings, "alphavantage"))
    )


def test_where_alarms_are_told_are_secrets_of_airflow() -> None:
    (notify,) = MODULES["infra"].of("variable", "notify")
    channels = re.findall(r'"(\w+)"', notify.body["validation"][0]["condition"])
    assert {f"TICKLAKE_NOTIFY_{each.upper()}_URL" for each in channels} == {name for name in SETTINGS if re.fullmatch(r"TICKLAKE_NOTIFY_\w+_URL", name)}
    assert '{ for channel in var.notify : "ticklake_notify_${channel}_url" => "notify-${channel}" }' in text("airflow")
    assert '{ for channel in var.notify : "notify-${channel}" =>' in text("infra")


def test_health_and_metrics_are_asked_where_the_services_answer() -> None:
    tasks: dict[str, dict[str, Any]] = MODULES["services"].locals["tasks"]
    for name in ("producer", "consumer", "alerts", "dashboard"):
        port = Settings.model_fields[f"{name}_http_port"].default
        assert tasks[name]["metrics"] == f"127.0.0.1:{port}"
        assert tasks[name]["settings"][f"TICKLAKE_{name.upper()}_HTTP_PORT"] == str(port)
    stop = int(re.findall(r"stopTimeout\s+= (\d+)", text("services"))[0])
    assert stop > Settings.model_fields["shutdown_s"].default


def test_what_alarms_wait_for_is_sent() -> None:
    watched = [re.compile(each["watched"]) for each in MODULES["services"].locals["tasks"].values() if each["watched"] is not None]
    metrics = set(re.findall(r'metric(?:_name)? += "(ticklake_\w+)"', text("watching") + text("services")))
    assert len(metrics) >= 5
    assert [name for name in metrics if not any(each.fullmatch(name) for each in watched)] == []


def test_airflow_reads_the_address_of_its_database_and_nothing_else(tmp_path: Path) -> None:
    (command,) = re.findall(r'SQL_ALCHEMY_CONN_CMD += "(.*)"$', text("airflow"), re.MULTILINE)
    (tmp_path / "airflow_database").write_text("secret")
    typed = re.sub(r"\$\{try\(.*?\)\}", "host:5432", command.replace("${local.files}", str(tmp_path))).replace('\\"', '"')
    program, *arguments = shlex.split(typed)
    assert program == "python"
    said = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout
    assert said == "postgresql+psycopg2://airflow:secret@host:5432/airflow"


def test_people_sign_in_before_they_see_airflow_and_no_secret_stands_in_the_state() -> None:
    (rule,) = resources("airflow", "aws_lb_listener_rule")
    ((sign_in,),) = [each["action"]["content"] for each in rule.body["dynamic"]]
    (forward,) = rule.body["action"]
    assert sign_in["type"] == "authenticate-cognito"
    assert int(sign_in["order"]) < int(forward["order"])
    assert not re.search(r"\bclient_secret\s+=", "".join(text(each) for each in MODULES))


# --- rights ----------------------------------------------------------------------------------------------------------


def test_no_wildcard_without_a_reason() -> None:
    for module in MODULES.values():
        for block in module.of("data", "aws_iam_policy_document"):
            source = next(file for file in module.folder.glob("*.tf") if f'"aws_iam_policy_document" "{block.labels[1]}"' in file.read_text())
            body = source.read_text().split(f'"aws_iam_policy_document" "{block.labels[1]}"')[1].split("\n}\n")[0]
            wild = [each for each in re.findall(r'"([^"]*)"', body) if each == "*" or re.fullmatch(r"[a-z0-9-]+:\*", each)]
            denies = body.count('effect    = "Deny"')
            assert not wild or denies or "#checkov:skip=" in body, f"{module.folder.name}: {block.address}: {wild}"


def test_who_plans_for_a_pull_request_may_read_the_state_and_changes_nothing() -> None:
    folder = INFRA / "environments" / "plan"
    rights = json.loads((folder / "rights.json").read_text())["Statement"]
    assert {(each["Sid"], each["Action"]) for each in rights} == {
        ("FindState", "s3:ListBucket"),
        ("ReadState", "s3:GetObject"),
        ("FindImageOfBrokers", "ssm:GetParameter"),
    }
    (trust,) = json.loads((folder / "trust.json").read_text())["Statement"]
    assert "environment:plan-" in trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    (provider,) = MODULES["infra"].of("provider", "snowflake")
    assert provider.body["role"] == '${var.only_planned ? "${var.snowflake.user}_PLAN" : "ACCOUNTADMIN"}'
    assert "count = var.only_planned ? 0 : local.on_ecs" in text("airflow")


def test_everything_is_tagged_counted_and_pinned() -> None:
    (provider,) = MODULES["infra"].of("provider", "aws")
    assert set(provider.body["default_tags"][0]["tags"]) >= {"deployment", "project"}
    for module in MODULES.values():
        (terraform,) = module.of("terraform")
        for each in terraform.body.get("required_providers", []):
            assert all(str(value["version"]).startswith("~> ") for name, value in each.items() if isinstance(value, dict))
    (budget,) = resources("watching", "aws_budgets_budget")
    assert budget.body["cost_filter"][0]["values"] == ['${format("user:deployment$%s", var.name)}']
    assert not re.search(r":latest\b", text("infra") + text("services") + text("airflow"))


def test_logs_queues_disks_and_databases_are_encrypted_with_our_key() -> None:
    for block in ALL:
        if block.labels[:1] in (("aws_cloudwatch_log_group",), ("aws_db_instance",), ("aws_secretsmanager_secret",)):
            assert {"kms_key_id"} <= block.body.keys(), block.address
    (instance,) = resources("broker", "aws_instance")
    assert instance.body["root_block_device"][0]["kms_key_id"]
    assert instance.body["metadata_options"][0]["http_tokens"] == "required"


def test_msk_serverless_lets_us_set_what_the_topics_ask_for() -> None:
    by_iam = load(kafka_bootstrap="b", s3_bucket="b", warehouse_account="a", warehouse_user="u", kafka_security="SASL_SSL", kafka_sasl="AWS_MSK_IAM")
    allowed = {"cleanup.policy", "compression.type", "max.message.bytes", "message.timestamp.type", "retention.bytes", "retention.ms"}
    wanted = topics._wanted(by_iam)
    assert {each.name for each in wanted} >= {"market.ticks", "market.alerts.state"}
    assert {name for each in wanted for name in each.topic_configs} <= allowed
    elsewhere = topics._wanted(by_iam.model_copy(update={"kafka_sasl": None}))
    assert "segment.bytes" in {name for each in elsewhere for name in each.topic_configs}


def test_a_module_is_a_directory_that_terraform_would_read() -> None:
    assert set(MODULES) == {"infra", "network", "lake", "broker", "identity", "services", "airflow", "secrets", "secret_files", "watching", "snowflake"}
    assert Module(INFRA / "modules" / "network").of("output", "egress_ips")
