"""What each service's policy must allow, and what it must not: asked as AWS would be, of the documents that Terraform writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from infra.checks import policies
from infra.checks.policies import Statement
from infra.checks.terraform import Module
from ticklake.settings import Settings

IDENTITY = Module(Path(__file__).parents[2] / "infra" / "modules" / "identity")
LAKE = Module(IDENTITY.folder.parent / "lake")
KUBERNETES = IDENTITY.folder.parents[1] / "kubernetes"
BUCKET = "arn:aws:s3:::lake"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1"
CLUSTER = "arn:aws:kafka:us-east-1:111122223333:cluster/ticklake-dev/1"
TOPIC, GROUP = CLUSTER.replace(":cluster/", ":topic/"), CLUSTER.replace(":cluster/", ":group/")
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:ticklake-dev/kafka-consumer-1"
VALUES: policies.Values = {
    "var.bucket_arn": BUCKET,
    "var.kms_key_arn": KEY,
    "local.kafka": CLUSTER,
    "local.topic": TOPIC,
    "local.group": GROUP,
    "var.name": "ticklake-dev",
    "var.partition": "aws",
    "var.region": "us-east-1",
    "var.account_id": "111122223333",
    "each.key": "consumer",
    "statement.value": [SECRET],
    **{f"var.topics.{name.removesuffix('_topic')}": str(field.default) for name, field in Settings.model_fields.items() if name.endswith("_topic")},
    "var.groups.lake": "ticklake-lake",
    "var.groups.alerts": "ticklake-alerts",
}
SERVICES = ("producer", "consumer", "alerts", "dashboard", "airflow", "operator", "snowflake")
RAW, BATCH, STATE, MARKER = f"{BUCKET}/raw/market.ticks/g1/p0/x.parquet", f"{BUCKET}/batch/daily/x.parquet", f"{BUCKET}/state/x.json", f"{BUCKET}/generations/1"
DAILY, BY_HAND = f"{BUCKET}/backup/daily/2026-11-23T02-00-00Z/manifest.json", f"{BUCKET}/backup/2026-11-23T09-00-00Z/manifest.json"
READ, WRITE = "kafka-cluster:ReadData", "kafka-cluster:WriteData"


def policy(service: str) -> list[Statement]:
    """All that a service's role allows."""
    names = [f"{service}_kafka", f"{service}_lake"]
    return [each for name in names if IDENTITY.of("data", "aws_iam_policy_document", name) for each in policies.statements(IDENTITY, name, VALUES)]


def may(service: str, action: str, resource: str, prefix: str | None = None) -> bool:
    return policies.allowed(policy(service), action, resource, {} if prefix is None else {"s3:prefix": prefix})


MUST = [
    ("producer", WRITE, f"{TOPIC}/market.ticks"),
    ("producer", "kafka-cluster:Connect", CLUSTER),
    ("producer", "kafka-cluster:WriteDataIdempotently", CLUSTER),
    ("consumer", READ, f"{TOPIC}/market.ticks"),
    ("consumer", "kafka-cluster:AlterGroup", f"{GROUP}/ticklake-lake"),
    ("consumer", WRITE, f"{TOPIC}/market.ticks.dlq"),
    ("consumer", WRITE, f"{TOPIC}/lake.landings"),
    ("consumer", "s3:PutObject", RAW),
    ("consumer", "s3:GetObject", RAW),
    ("consumer", "s3:PutObject", MARKER),
    ("consumer", "s3:PutObject", f"{BUCKET}/reject-limit/market.ticks/g1/p0.json"),
    ("consumer", "kms:GenerateDataKey", KEY),
    ("alerts", READ, f"{TOPIC}/market.alerts.state"),
    ("alerts", READ, f"{TOPIC}/warehouse.changes"),
    ("alerts", WRITE, f"{TOPIC}/market.alerts"),
    ("alerts", "kafka-cluster:AlterGroup", f"{GROUP}/ticklake-alerts-inbox"),
    ("dashboard", READ, f"{TOPIC}/market.ticks"),
    ("dashboard", WRITE, f"{TOPIC}/warehouse.changes"),
    ("dashboard", "s3:GetObject", MARKER),
    ("airflow", READ, f"{TOPIC}/lake.landings"),
    ("airflow", "kafka-cluster:DescribeGroup", f"{GROUP}/ticklake-lake"),
    ("airflow", "s3:GetObject", RAW),
    ("airflow", "s3:PutObject", BATCH),
    ("airflow", "s3:PutObject", STATE),
    ("airflow", "s3:PutObject", DAILY),
    ("airflow", "s3:ListBucket", BUCKET),
    ("airflow", "s3:GetLifecycleConfiguration", BUCKET),
    ("operator", "kafka-cluster:CreateTopic", f"{TOPIC}/market.ticks"),
    ("operator", READ, f"{TOPIC}/market.ticks.dlq"),
    ("operator", WRITE, f"{TOPIC}/market.ticks"),
    ("operator", WRITE, f"{TOPIC}/market.ticks.dlq"),
    ("operator", WRITE, f"{TOPIC}/warehouse.changes"),
    ("operator", "s3:GetObject", RAW),
    ("operator", "s3:GetObject", DAILY),
    ("operator", "s3:PutObject", BY_HAND),
    ("snowflake", "s3:GetObject", RAW),
    ("snowflake", "s3:GetObject", BATCH),
    ("snowflake", "kms:Decrypt", KEY),
]
MUST_NOT = [
    *((service, "s3:DeleteObject", RAW) for service in SERVICES),
    *((service, "s3:DeleteObjectVersion", RAW) for service in SERVICES),
    *((service, "s3:PutLifecycleConfiguration", BUCKET) for service in SERVICES),
    *((service, "s3:PutBucketPolicy", BUCKET) for service in SERVICES),
    *((service, "kms:ScheduleKeyDeletion", KEY) for service in SERVICES),
    *((service, "kafka-cluster:DeleteTopic", f"{TOPIC}/market.ticks") for service in SERVICES),
    *((service, "iam:PassRole", "arn:aws:iam::111122223333:role/any") for service in SERVICES),
    *((service, WRITE, f"{TOPIC}/market.ticks") for service in SERVICES if service not in ("producer", "operator")),
    *((service, "s3:PutObject", RAW) for service in SERVICES if service != "consumer"),
    *((service, "s3:GetObject", RAW) for service in ("producer", "alerts", "dashboard")),
    *((service, "s3:GetObject", DAILY) for service in SERVICES if service != "operator"),
    ("airflow", "s3:PutObject", BY_HAND),
    ("operator", WRITE, f"{TOPIC}/lake.landings"),
    ("producer", READ, f"{TOPIC}/market.ticks"),
    ("producer", "s3:ListBucket", BUCKET),
    ("consumer", "s3:PutObject", BATCH),
    ("consumer", "s3:PutObject", STATE),
    ("consumer", "kafka-cluster:AlterGroup", f"{GROUP}/ticklake-alerts"),
    ("alerts", "kafka-cluster:AlterGroup", f"{GROUP}/ticklake-lake"),
    ("alerts", READ, f"{TOPIC}/market.ticks.dlq"),
    ("dashboard", "s3:GetObject", STATE),
    ("dashboard", READ, f"{TOPIC}/market.ticks.dlq"),
    ("airflow", READ, f"{TOPIC}/market.ticks"),
    ("airflow", "kafka-cluster:AlterGroup", f"{GROUP}/ticklake-lake"),
    ("snowflake", "s3:GetObject", STATE),
    ("snowflake", "s3:PutObject", BATCH),
]


@pytest.mark.parametrize(("service", "action", "resource"), MUST)
def test_a_service_may_do_its_work(service: str, action: str, resource: str) -> None:
    assert may(service, action, resource)


@pytest.mark.parametrize(("service", "action", "resource"), MUST_NOT)
def test_a_service_may_do_nothing_else(service: str, action: str, resource: str) -> None:
    assert not may(service, action, resource)


@pytest.mark.parametrize(
    ("service", "allowed", "refused"),
    [("consumer", "raw/market.ticks/g1/p0/", "batch/"), ("dashboard", "generations/market.ticks/", "raw/"), ("snowflake", "batch/daily/", "state/")],
)
def test_a_bucket_is_listed_by_prefix_only(service: str, allowed: str, refused: str) -> None:
    assert may(service, "s3:ListBucket", BUCKET, allowed)
    assert not may(service, "s3:ListBucket", BUCKET, refused)
    assert not may(service, "s3:ListBucket", BUCKET)


def test_ecs_hands_over_a_tasks_own_secrets_only() -> None:
    prepared = policies.statements(IDENTITY, "execution", VALUES)
    assert policies.allowed(prepared, "secretsmanager:GetSecretValue", SECRET)
    assert not policies.allowed(prepared, "secretsmanager:GetSecretValue", SECRET.replace("consumer", "producer"))
    images = "arn:aws:ecr:us-east-1:111122223333:repository"
    assert policies.allowed(prepared, "ecr:BatchGetImage", f"{images}/ticklake-dev/service")
    assert not policies.allowed(prepared, "ecr:BatchGetImage", f"{images}/ticklake-prod/service")
    assert not policies.allowed(prepared, "ecr:PutImage", f"{images}/ticklake-dev/service")
    assert not policies.allowed(prepared, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:/ticklake-dev/producer:log-stream:x")


def test_airflow_logs_its_tasks_into_its_own_group_and_may_ask_for_it() -> None:
    group = "arn:aws:logs:us-east-1:111122223333:log-group:/ticklake-dev"
    runs = policies.statements(IDENTITY, "runs", VALUES)
    assert all(policies.allowed(runs, "logs:CreateLogGroup", f"{group}/airflow-tasks{each}") for each in ("", ":*"))
    assert policies.allowed(runs, "logs:PutLogEvents", f"{group}/airflow-tasks:log-stream:x")
    assert not policies.allowed(runs, "logs:CreateLogGroup", f"{group}/consumer")


def test_a_role_is_taken_by_who_runs_its_service_and_for_this_account_only() -> None:
    more: policies.Values = {
        "var.airflow_principals": ["arn:aws:iam::111122223333:role/own"],
        "var.kubernetes.provider_arn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks/id",
        "statement.value": "ticklake:consumer",
    }
    found = {each.sid: each.conditions for each in policies.statements(IDENTITY, "trust", {**VALUES, **more})}
    assert found.keys() == {"Tasks", "ManagedAirflow", "OwnAirflow", "Kubernetes"}
    account = ("StringEquals", "aws:SourceAccount", ["111122223333"])
    assert found["Tasks"] == [account, ("ArnLike", "aws:SourceArn", ["arn:aws:ecs:us-east-1:111122223333:*"])]
    assert found["ManagedAirflow"] == [account, ("ArnLike", "aws:SourceArn", ["arn:aws:airflow:us-east-1:111122223333:environment/ticklake-dev"])]
    assert [(test, key.rpartition(":")[2], values) for test, key, values in found["Kubernetes"]] == [
        ("StringEquals", "aud", ["sts.amazonaws.com"]),
        ("StringLike", "sub", ["system:serviceaccount:ticklake:consumer"]),
    ]


def test_logs_are_taken_of_this_account_only() -> None:
    found = policies.statements(LAKE, "logs", {"aws_s3_bucket.logs.arn": BUCKET, "var.account_id": "111122223333"})
    (balancer,) = [each for each in found if each.sid == "BalancerDelivers"]
    assert (balancer.resources, balancer.conditions) == ([f"{BUCKET}/balancer/AWSLogs/111122223333/*"], [])
    others = [each.conditions for each in found if each.allows and each is not balancer]
    assert others == [[("StringEquals", "aws:SourceAccount", ["111122223333"])]] * 2


@pytest.mark.parametrize("service", ["producer", "consumer", "alerts", "dashboard"])
def test_the_accounts_of_the_manifests_may_take_the_roles(service: str) -> None:
    manifests = list(yaml.safe_load_all((KUBERNETES / "base" / f"{service}.yaml").read_text()))
    (name,) = [each["metadata"]["name"] for each in manifests if each["kind"] == "ServiceAccount"]
    namespace = yaml.safe_load((KUBERNETES / "overlays" / "aws" / "kustomization.yaml").read_text())["namespace"]
    assert re.search(rf'\b{service}\s+= "{namespace}:{name}"', (KUBERNETES.parent / "variables.tf").read_text())


def test_snowflake_must_say_the_external_id() -> None:
    (trust,) = policies.statements(IDENTITY, "snowflake_trust", {**VALUES, "var.snowflake_external_id": "ours"})
    assert trust.conditions == [("StringEquals", "sts:ExternalId", ["ours"])]


def test_topics_and_groups_are_called_as_the_settings_call_them() -> None:
    text = (IDENTITY.folder / "variables.tf").read_text()
    for name in ("ticks", "dead_letters", "landings", "changes", "alerts", "alerts_state"):
        assert f'optional(string, "{Settings.model_fields[f"{name}_topic"].default}")' in text
    for name in ("kafka_group", "alerts_group"):
        assert f'optional(string, "{Settings.model_fields[name].default}")' in text


def test_a_deny_wins_and_what_nobody_names_is_refused() -> None:
    grant = Statement("a", True, ["s3:*"], [f"{BUCKET}/*"], [])
    deny = Statement("b", False, ["s3:Delete*"], ["*"], [])
    assert policies.allowed([grant], "s3:DeleteObject", RAW)
    assert not policies.allowed([grant, deny], "s3:DeleteObject", RAW)
    assert not policies.allowed([], "s3:GetObject", RAW)
    assert not policies.allowed([Statement("c", True, ["s3:GetObject"], ["*"], [("StringLike", "s3:prefix", ["raw/*"])])], "s3:GetObject", RAW)
