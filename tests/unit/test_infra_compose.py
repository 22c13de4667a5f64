"""docker-compose.yaml is the platform: its components, ports, settings and versions, run with as few rights as they need."""

from __future__ import annotations

import base64
import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.registry import Collector

from dashboard.meter import METER
from dashboard.metrics import DashboardMetrics
from dashboard.screen import Screen
from infra.local import broker, store
from infra.local.instance import COMPONENTS, Instance
from streaming.alerts.metrics import Metrics as AlertsMetrics
from streaming.alerts.progress import Progress as AlertsProgress
from streaming.consumer.metrics import Metrics as ConsumerMetrics
from streaming.consumer.progress import Progress as ConsumerProgress
from streaming.producer.desk import Desk
from streaming.producer.metrics import ProducerMetrics
from streaming.producer.rejects import Rejects
from streaming.producer.rota import Rota
from tests.fakes.clock import ManualClock
from ticklake import instruments
from ticklake.settings import Settings, SourceSettings

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "infra" / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
INSTANCE = Instance(Path("/nowhere"))

MERGED = {"execution-api": "api-server"}
"""Two processes of `make up` because of SQLite; with Postgres one server has both."""
ONCE = {"topics", "bucket", "tables", "airflow-database"}
"""What ends when it is done."""
PORTS = {"dashboard": "dashboard", "airflow": "api-server"}
BESIDE = {"prometheus": 18011, "grafana": 18012}
"""Ports of what `make up` does not run, behind those of its block."""
WRITABLE = {"broker"}
"""Services whose root file system is not read-only, each for a reason that the file gives."""

every = pytest.mark.parametrize("name", SERVICES)


def environment(name: str) -> dict[str, str]:
    return SERVICES[name].get("environment", {})


@cache
def airflow_options() -> dict[tuple[str, str], bool]:
    """Airflow's options, those of providers included, and whether each may be read from a command's output."""
    core = yaml.safe_load((Path(import_module("airflow").__path__[0]) / "config_templates" / "config.yml").read_text())
    providers = (import_module(f"airflow.providers.{name}.get_provider_info").get_provider_info()["config"] for name in ("celery", "openlineage"))
    sections = [core, *providers]
    return {(name, option): bool(about.get("sensitive")) for each in sections for name, section in each.items() for option, about in section["options"].items()}


def locked(name: str) -> str:
    found = re.search(rf"^{re.escape(name)}==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert found, name
    return found[1]


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_of_the_platform_is_there(component: str) -> None:
    assert MERGED.get(component, component) in SERVICES


@pytest.mark.parametrize(("port", "service"), PORTS.items())
def test_pages_are_published_where_make_up_has_them_and_to_this_machine_only(port: str, service: str) -> None:
    number = INSTANCE.port(port)
    assert SERVICES[service]["ports"] == [f"127.0.0.1:{number}:{number}"]


def test_nothing_else_is_published_but_the_measurements() -> None:
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert set(published) == {*PORTS.values(), *BESIDE}
    for name, number in BESIDE.items():
        assert published[name] == [f"127.0.0.1:{number}:{number}"]
        assert number not in INSTANCE.ports.values()


@every
def test_every_variable_exists(name: str) -> None:
    """A misspelt one would be passed over in silence."""
    settings = {f"{kind.model_config['env_prefix']}{field.upper()}" for kind in (Settings, *SourceSettings.__subclasses__()) for field in kind.model_fields}
    ours = {variable for variable in environment(name) if variable.startswith("TICKLAKE_")}
    assert ours <= settings
    for variable in environment(name):
        if found := re.fullmatch(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+?)(_CMD)?", variable):
            section, option, command = found[1].lower(), found[2].lower(), found[3]
            assert (section, option) in airflow_options(), variable
            assert not command or airflow_options()[section, option], f"{variable}: Airflow reads no command's output for it"


@pytest.mark.parametrize("name", ["topics", "bucket", "tables", "producer", "consumer", "alerts", "dashboard", "worker"])
def test_the_settings_are_complete_and_lead_to_the_other_services(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in environment(name).items():
        monkeypatch.setenv(variable, value if "${" not in value else re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value))
    found = Settings()
    ports = {service: INSTANCE.port(service) for service in ("producer", "consumer", "alerts", "broker", "store", "warehouse")}
    assert (found.producer_http_port, found.consumer_http_port, found.alerts_http_port) == (ports["producer"], ports["consumer"], ports["alerts"])
    assert found.dashboard_http_port == INSTANCE.port("dashboard-status")
    assert (found.kafka_bootstrap, found.s3_endpoint) == (f"broker:{ports['broker']}", f"http://store:{ports['store']}")
    assert (found.warehouse_host, found.warehouse_port) == ("warehouse", ports["warehouse"])
    assert found.producer_status_url == f"http://producer:{ports['producer']}/status"


def test_the_broker_is_that_of_make_up() -> None:
    addresses = {"controller.quorum.voters", "listeners", "advertised.listeners", "log.dirs"}
    wanted = {name: str(value) for name, value in broker._properties(INSTANCE).items() if name not in addresses}
    found = environment("broker")
    assert {name: found.get(f"KAFKA_{name.replace('.', '_').upper()}") for name in wanted} == wanted
    assert found["KAFKA_ADVERTISED_LISTENERS"] == f"BROKER://broker:{INSTANCE.port('broker')}"


def test_the_store_is_that_of_make_up() -> None:
    places = {"BIND_HOST", "S3_DATA_DIR", "TMPDIR"}
    wanted = {name: value for name, value in store.environment(INSTANCE).items() if name not in places}
    assert {name: environment("store").get(name) for name in wanted} == wanted


def test_versions_are_those_that_are_tested() -> None:
    images = {name: each["image"] for name, each in SERVICES.items()}
    assert images["broker"] == f"apache/kafka:{broker.KAFKA_VERSION}"
    project = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert project
    assert {image for image in images.values() if image.startswith("ticklake/")} == {
        f"ticklake/{target}:{project[1]}" for target in ("service", "dashboard", "airflow", "warehouse")
    }
    stages = re.findall(r"^FROM (\S+)", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    assert f"apache/airflow:slim-{locked('apache-airflow')}-python3.12" in stages
    assert f"ghcr.io/astral-sh/uv:{locked('uv')}" in stages
    for image in [*images.values(), *(stage for stage in stages if "/" in stage or ":" in stage)]:
        assert re.search(r":[a-z-]*v?\d+\.\d+(\.\d+)?", image), f"{image} is not pinned"


@every
def test_a_service_has_no_right_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) is (name not in WRITABLE)
    assert not service.get("privileged")
    assert "root" not in str(service.get("user", ""))
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    runs_as_root_by_itself = ("postgres:", "redis:")
    assert service.get("user") or not service["image"].startswith(runs_as_root_by_itself)


@every
def test_no_secret_stands_in_a_variable(name: str) -> None:
    word = re.compile(r"PASSWORD|SECRET|FERNET|TOKEN|ACCESS_KEY|CONN(?!ECT)|BROKER_URL|RESULT_BACKEND")
    by_file = re.compile(r"(_FILE|_CMD|_DIR|BACKEND|BACKEND_KWARGS)$")
    assert [variable for variable in environment(name) if word.search(variable) and not by_file.search(variable)] == []


@every
def test_what_runs_says_whether_it_is_well_and_what_it_waits_for_exists(name: str) -> None:
    service = SERVICES[name]
    assert ("healthcheck" in service) is (name not in ONCE | {"housekeeper"})
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    for needed, how in service.get("depends_on", {}).items():
        assert how["condition"] == ("service_completed_successfully" if needed in ONCE else "service_healthy")


def test_nobody_waits_for_himself() -> None:
    done: set[str] = set()
    while ready := [name for name, each in SERVICES.items() if name not in done and set(each.get("depends_on", {})) <= done]:
        done.update(ready)
    assert done == set(SERVICES)


def test_a_service_is_given_the_time_that_its_stop_may_take() -> None:
    for name in ("producer", "consumer", "alerts"):
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > Settings.model_fields["shutdown_s"].default


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    subprocess.run([str(DOCKER / "secrets.sh"), str(folder)], check=True, capture_output=True)
    return folder


def test_every_secret_is_made_used_and_readable_to_the_containers(secrets: Path) -> None:
    declared = set(COMPOSE["secrets"])
    assert {Path(each["file"]).name for each in COMPOSE["secrets"].values()} == declared
    assert {each for service in SERVICES.values() for each in service.get("secrets", [])} == declared
    made = {path.name: path for path in secrets.iterdir()}
    assert declared <= set(made)
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o004 for path in made.values())
    for name in SERVICES:
        named = set(re.findall(r"/run/secrets/([\w.]+)", json.dumps(SERVICES[name])))
        assert named <= set(SERVICES[name].get("secrets", [])), name


def test_secrets_are_what_their_readers_take(secrets: Path) -> None:
    assert len(base64.urlsafe_b64decode((secrets / "airflow_fernet_key").read_text())) == 32
    for name in ("airflow_database", "airflow_celery_broker", "airflow_celery_results", "airflow_jwt_secret"):
        assert not (secrets / name).read_text().endswith("\n")
    assert set(json.loads((secrets / "airflow_connections.json").read_text())) == {"ticklake_s3", "ticklake_warehouse"}
    assert list(json.loads((secrets / "airflow_passwords").read_text())) == ["admin"]
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(secrets / "warehouse_certificate")
    client = ssl.create_default_context(cafile=str(secrets / "warehouse_authority"))
    ours, theirs, sent, received = ssl.MemoryBIO(), ssl.MemoryBIO(), None, None
    sent, received = client.wrap_bio(ours, theirs, server_hostname="warehouse"), server.wrap_bio(theirs, ours, server_side=True)
    for side in (sent, received, sent, received):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert sent.version() == "TLSv1.3"


def test_secrets_that_exist_are_kept(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    subprocess.run([str(DOCKER / "secrets.sh"), str(secrets)], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before


def test_prometheus_asks_every_service_of_ours() -> None:
    found = {job["job_name"]: job["static_configs"][0]["targets"] for job in yaml.safe_load((DOCKER / "prometheus.yaml").read_text())["scrape_configs"]}
    ports = {"producer": "producer", "consumer": "consumer", "alerts": "alerts", "dashboard": "dashboard-status"}
    assert found == {name: [f"{name}:{INSTANCE.port(port)}"] for name, port in ports.items()}


def collectors() -> Iterator[Collector]:
    clock, registry = ManualClock(), CollectorRegistry()
    ConsumerMetrics(registry, ConsumerProgress(0), clock)
    yield registry  # type: ignore[misc]
    yield AlertsMetrics(AlertsProgress(0), clock)
    yield DashboardMetrics(Screen(), METER)
    yield ProcessCollector(registry=None)
    rota = Rota(instruments.load(ROOT / "ticklake.yaml"), ["simulator"], silence_s=30, begin=0)
    yield ProducerMetrics(Desk([], rota, clock), Rejects(clock))


def test_every_metric_on_a_panel_exists() -> None:
    known = {family.name for each in collectors() for family in each.collect()} | {"up"}
    panels = json.loads((DOCKER / "grafana" / "dashboards" / "ticklake.json").read_text())["panels"]
    for panel in panels:
        for target in panel["targets"]:
            named = re.findall(r"\b(?:ticklake|process|up)(?:_\w+)?\b", target["expr"])
            assert named, target["expr"]
            assert {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in named} <= known, panel["title"]
