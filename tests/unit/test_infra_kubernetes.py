"""The manifests run our services with as few rights as they need, by the settings that exist, and stop them as gently as they ask."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.checks.terraform import Module
from ticklake.settings import Settings

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None and os.environ.get("CI") != "true", reason="kubectl is missing, which builds manifests")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "infra" / "kubernetes"
SERVICES = ("producer", "consumer", "alerts", "dashboard")
PAGES = {"dashboard": "/_stcore/health"}
"""Where health is asked at Streamlit's page, which has its own."""

VERSION = r'^version = "(.+)"'
REGISTRY = "111111111111.dkr.ecr.us-east-1.amazonaws.com/ticklake-prod"
"""The repositories that Terraform makes in production, of an account that nobody has."""

services = pytest.mark.parametrize("name", SERVICES)


@cache
def manifests(folder: str = "overlays/aws") -> dict[tuple[str, str], dict[str, Any]]:
    """Every object that kustomize makes of a folder, by kind and name; a generated name without its hash."""
    built = subprocess.run(["kubectl", "kustomize", str(FOLDER / folder)], capture_output=True, text=True, check=True).stdout
    return {(each["kind"], "settings" if each["kind"] == "ConfigMap" else each["metadata"]["name"]): each for each in yaml.safe_load_all(built)}


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = manifests()["Deployment", name]["spec"]["template"]["spec"]
    return spec


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    assert isinstance(only, dict)
    return only


def settings(folder: str = "overlays/aws") -> dict[str, str]:
    """What every service is told."""
    data: dict[str, str] = manifests(folder)["ConfigMap", "settings"]["data"]
    return data


def project(pattern: str, path: str) -> str:
    found = re.search(pattern, (ROOT / path).read_text(), re.MULTILINE)
    assert found, pattern
    return found[1]


@services
def test_a_service_has_no_right_that_it_does_not_need(name: str) -> None:
    assert pod(name)["automountServiceAccountToken"] is False
    assert pod(name)["serviceAccountName"] == name
    context = pod(name)["securityContext"]
    assert (context["runAsNonRoot"], context["runAsUser"], context["seccompProfile"]) == (True, 50000, {"type": "RuntimeDefault"})
    own = container(name)["securityContext"]
    assert own == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod(name))
    assert {"cpu", "memory"} <= set(container(name)["resources"]["requests"])
    assert "memory" in container(name)["resources"]["limits"]


@services
def test_a_service_is_asked_whether_it_is_well_at_the_port_that_it_listens_on(name: str) -> None:
    ports = {each["name"]: each["containerPort"] for each in container(name)["ports"]}
    assert ports["http"] == int(settings()[f"TICKLAKE_{name.upper()}_HTTP_PORT"])
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        get = container(name)[probe]["httpGet"]
        assert get["path"] == PAGES.get(name, path)
        assert get["port"] == ("pages" if name in PAGES else "http")


@services
def test_a_service_is_given_the_time_that_its_stop_may_take(name: str) -> None:
    assert pod(name)["terminationGracePeriodSeconds"] > Settings.model_fields["shutdown_s"].default


@services
def test_a_service_has_a_budget_for_disruptions_and_an_address(name: str) -> None:
    labels = manifests()["Deployment", name]["spec"]["template"]["metadata"]["labels"]
    assert manifests()["PodDisruptionBudget", name]["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    assert manifests()["Service", name]["spec"]["selector"] == labels
    assert ("ServiceAccount", name) in manifests()


@services
def test_images_are_those_of_this_version_and_their_commands_exist(name: str) -> None:
    image = f"{'dashboard' if name == 'dashboard' else 'service'}:{project(VERSION, 'pyproject.toml')}"
    (built,) = manifests("base")["Deployment", name]["spec"]["template"]["spec"]["containers"]
    assert built["image"] == f"ticklake/{image}"
    assert container(name)["image"] == f"{REGISTRY}/{image}"
    module = container(name)["command"][-1]
    assert (ROOT / module.replace(".", "/") / "__main__.py").exists()


@pytest.mark.parametrize("folder", ["base", "overlays/aws"])
def test_settings_are_complete_and_exist(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = settings(folder)
    assert set(values) <= {f"TICKLAKE_{name.upper()}" for name in Settings.model_fields}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    secrets = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert not {f"TICKLAKE_{name.upper()}" for name in secrets} & set(values)
    assert str(Settings().secrets_dir) in {each["mountPath"] for each in container("consumer")["volumeMounts"]}


@services
def test_a_service_is_told_the_settings_and_handed_its_own_secrets_only(name: str) -> None:
    (told,) = container(name)["envFrom"]
    assert told["configMapRef"]["name"] == manifests()["ConfigMap", "settings"]["metadata"]["name"]
    assert [each["secret"]["secretName"] for each in pod(name)["volumes"] if "secret" in each] == [name]


def test_nobody_speaks_to_anybody_unless_it_is_said() -> None:
    policies = [each["spec"] for (kind, _), each in manifests().items() if kind == "NetworkPolicy"]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies
    for rule in (rule for policy in policies for way in ("ingress", "egress") for rule in policy.get(way, [])):
        assert rule.get("from") or rule.get("to")
        assert rule["ports"]
    opened = json.dumps([policy.get("ingress", []) for policy in policies])
    assert "ipBlock" not in opened


def test_there_are_never_more_consumers_than_partitions() -> None:
    spec = manifests()["ScaledObject", "consumer"]["spec"]
    assert spec["minReplicaCount"] < spec["maxReplicaCount"] == int(settings()["TICKLAKE_TICKS_PARTITIONS"])
    component = yaml.safe_load((FOLDER / "components" / "scaling" / "consumer.yaml").read_text())
    assert component["spec"]["maxReplicaCount"] == int(settings("base")["TICKLAKE_TICKS_PARTITIONS"])


def test_consumers_grow_by_the_lag_that_terraform_waits_for() -> None:
    trigger = manifests()["ScaledObject", "consumer"]["spec"]["triggers"][0]["metadata"]
    (variable,) = Module(ROOT / "infra").of("variable", "lag_records")
    assert int(trigger["lagThreshold"]) == variable.body["default"]
    assert (trigger["consumerGroup"], trigger["topic"]) == (Settings.model_fields["kafka_group"].default, Settings.model_fields["ticks_topic"].default)


def test_what_is_scaled_has_no_number_of_its_own() -> None:
    scaled = {each["spec"]["scaleTargetRef"]["name"] for (kind, _), each in manifests().items() if kind in ("ScaledObject", "HorizontalPodAutoscaler")}
    assert scaled == {"consumer", "dashboard"}
    assert {name for name in SERVICES if "replicas" not in manifests()["Deployment", name]["spec"]} == scaled


def test_there_are_as_many_as_terraform_starts_in_production() -> None:
    sizes = (ROOT / "infra" / "environments" / "prod.tfvars").read_text()
    for name in SERVICES:
        found = re.search(rf"^  {name} +=.*?(?:count = (\d+))?(?:, most = \d+)? }}$", sizes, re.MULTILINE)
        assert found
        assert manifests("base")["Deployment", name]["spec"]["replicas"] == int(found[1] or 1)


def test_every_service_is_measured() -> None:
    spec = manifests()["PodMonitor", "ticklake"]["spec"]
    assert spec["selector"]["matchExpressions"][0]["values"] == list(SERVICES)
    assert spec["podMetricsEndpoints"][0]["port"] == "http"


@services
def test_every_account_of_the_cloud_has_a_role_of_its_own(name: str) -> None:
    annotations = manifests()["ServiceAccount", name]["metadata"]["annotations"]
    assert annotations["eks.amazonaws.com/role-arn"].endswith(f":role/ticklake-prod-{name}")


def test_secrets_are_those_that_terraform_makes_and_their_files_have_readers() -> None:
    made = (ROOT / "infra" / "main.tf").read_text()
    files = {f"ticklake_{name}" for name in Settings.model_fields} | {Path(settings()["TICKLAKE_WAREHOUSE_PRIVATE_KEY_FILE"]).name}
    for (kind, _), each in manifests().items():
        for row in each["spec"]["data"] if kind == "ExternalSecret" else ():
            assert row["secretKey"] in files
            assert re.search(rf"^\s+{row['remoteRef']['key'].removeprefix('ticklake-prod/')}\s+=", made, re.MULTILINE)


def test_everything_that_a_kustomization_names_is_there_and_named_once() -> None:
    for path in FOLDER.rglob("kustomization.yaml"):
        told = yaml.safe_load(path.read_text())
        patches = [each["path"] for each in told.get("patches", []) if "path" in each]
        named = [path.parent / each for each in (*told.get("resources", []), *told.get("components", []), *patches)]
        assert all(each.exists() for each in named)
        beside = {each for each in path.parent.glob("*.yaml") if each != path}
        assert beside == {each for each in named if each.suffix == ".yaml"}


@pytest.fixture(scope="module")
def airflow() -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((FOLDER / "airflow" / "values.yaml").read_text())
    return values


def test_airflow_is_that_of_the_lock_with_settings_that_exist(airflow: dict[str, Any]) -> None:
    assert airflow["airflowVersion"] == project(r"^apache-airflow==(\S+)", "requirements.txt")
    assert airflow["defaultAirflowRepository"] == f"{REGISTRY}/airflow"
    assert airflow["defaultAirflowTag"] == project(VERSION, "pyproject.toml")
    (repository,) = Module(ROOT / "infra" / "modules" / "services").of("resource", "aws_ecr_repository")
    assert repository.body["name"].endswith("name}/${each.key}")
    told = {each["name"] for each in airflow["env"] if each["name"].startswith("TICKLAKE_")}
    assert told <= {f"TICKLAKE_{name.upper()}" for name in Settings.model_fields}
    assert airflow["postgresql"]["enabled"] is False


def test_airflow_is_told_what_terraform_tells_its_own(airflow: dict[str, Any]) -> None:
    of_the_image, of_scram, with_defaults = (
        {"HOME"},
        {"KAFKA_USERNAME", "KAFKA_CA_FILE"},
        {"LOAD_INTERVAL_S", "LOAD_HINTS", "TARGET_WAREHOUSE_S", "ALARM_LOAD_P95_S", "ALARM_LAG_RECORDS"},
    )
    named = set(re.findall(r"^    TICKLAKE_(\w+) +=", (ROOT / "infra/modules/airflow/task.tf").read_text(), re.MULTILINE))
    told = {each["name"].removeprefix("TICKLAKE_"): each["value"] for each in airflow["env"]}
    assert named - set(told) == of_the_image | of_scram | with_defaults
    ours = {name.removeprefix("TICKLAKE_"): value for name, value in settings().items()}
    assert {name for name in set(told) & set(ours) if told[name] != ours[name]} == {"WAREHOUSE_USER", "WAREHOUSE_ROLE", "WAREHOUSE_COMPUTE"}


def test_airflow_signs_in_by_an_auth_manager_that_its_image_has(airflow: dict[str, Any]) -> None:
    core = airflow["config"]["core"]
    module, name = core["auth_manager"].rsplit(".", 1)
    assert hasattr(import_module(module), name)
    assert airflow["createUserJob"] == {"enabled": False}, "the chart's job makes a user of FAB"
    (script,) = [each for each in airflow["apiServer"]["args"] if "install" in each]
    assert script.split(" && ")[0].split()[-1] == core["simple_auth_manager_passwords_file"]
    assert any(f" {each['mountPath']}/" in script for each in airflow["apiServer"]["extraVolumeMounts"])


def test_airflows_connections_are_those_of_its_settings_and_hold_no_secret(airflow: dict[str, Any]) -> None:
    told = {each["name"]: each["value"] for each in airflow["env"]}
    store, warehouse = (json.loads(told[f"AIRFLOW_CONN_TICKLAKE_{name}"]) for name in ("S3", "WAREHOUSE"))
    assert store["extra"]["service_config"]["s3"]["bucket_name"] == told["TICKLAKE_S3_BUCKET"]
    extra = {f"TICKLAKE_WAREHOUSE_{name.upper()}": value for name, value in warehouse["extra"].items() if name != "warehouse"}
    assert extra.items() <= told.items()
    assert (warehouse["login"], warehouse["extra"]["warehouse"]) == (told["TICKLAKE_WAREHOUSE_USER"], told["TICKLAKE_WAREHOUSE_COMPUTE"])
    assert not {"login", "password"} & set(store) | {"password"} & set(warehouse)
    assert Path(told["TICKLAKE_WAREHOUSE_PRIVATE_KEY_FILE"]).parent == Path(airflow["volumeMounts"][0]["mountPath"])


def test_airflow_has_the_role_that_terraform_makes_and_logs_where_it_may(airflow: dict[str, Any]) -> None:
    roles = [airflow[name]["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"] for name in ("apiServer", "triggerer", "workers")]
    assert all(each.endswith(":role/ticklake-prod-airflow") for each in roles)
    (granted,) = re.findall(r":log-group:/\$\{var.name\}(/airflow-[a-z]+):", (ROOT / "infra/modules/identity/main.tf").read_text())
    assert airflow["config"]["logging"]["remote_base_log_folder"].endswith(f":log-group:/ticklake-prod{granted}")


def test_airflow_takes_over_from_a_lost_worker_as_in_compose(airflow: dict[str, Any]) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]["worker"]["environment"]
    for section in ("scheduler", "celery_broker_transport_options"):
        for option, value in airflow["config"][section].items():
            assert str(value).lower() == compose[f"AIRFLOW__{section.upper()}__{option.upper()}"]
