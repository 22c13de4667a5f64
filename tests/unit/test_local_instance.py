"""An instance decides its own ports, directories and environment, and keeps out what would lead it elsewhere."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from infra.local.files import make_folders
from infra.local.instance import COMPONENT_VARIABLE, HOST, Instance
from infra.local.preflight import check_disk, check_ports
from infra.local.probes import beats
from infra.local.provision import write_settings
from infra.local.supervisor import Supervisor
from ticklake import settings
from ticklake.errors import ConfigError


def test_every_port_lies_in_the_block_and_none_twice() -> None:
    ports = Instance(Path("/x"), 20000).ports
    assert len(set(ports.values())) == len(ports)
    assert all(20000 <= port < 20100 for port in ports.values())


@pytest.mark.parametrize("port", ["80", "x", "70000", "-1"])
def test_a_port_that_is_none_names_its_variable(port: str) -> None:
    with pytest.raises(ConfigError, match="TICKLAKE_PORT_BASE"):
        Instance.current({"TICKLAKE_PORT_BASE": port})


def test_a_relative_home_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Instance.current({"TICKLAKE_HOME": "here"}).home == tmp_path / "here"


def test_processes_run_in_utc_and_inherit_nothing_that_leads_elsewhere(tmp_path: Path) -> None:
    caller = {
        "TZ": "America/New_York",
        "AIRFLOW_HOME": "/elsewhere",
        "TICKLAKE_S3_BUCKET": "production",
        "AWS_PROFILE": "mine",
        "PYTHONPATH": "/x",
        "LANG": "C",
    }
    environment = Instance(tmp_path, 20000).process_environment("producer", caller)
    assert environment["TZ"] == "UTC"
    assert environment["LANG"] == "C"
    assert environment[COMPONENT_VARIABLE] == "producer"
    assert not {"AIRFLOW_HOME", "TICKLAKE_S3_BUCKET", "AWS_PROFILE", "PYTHONPATH"} & environment.keys()


def test_settings_of_the_instance_win_over_the_callers_and_other_settings_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = Instance(tmp_path / "home", 20000)
    make_folders(instance)
    write_settings(instance, {"TICKLAKE_FLUSH_AGE_S": "2.5", "TICKLAKE_KAFKA_BOOTSTRAP": "production:9092", "HOME": "/root"})
    monkeypatch.setenv("TICKLAKE_HOME", str(instance.home))
    monkeypatch.chdir(tmp_path)
    loaded = settings.load()
    assert loaded.kafka_bootstrap == instance.urls()["broker"]
    assert loaded.flush_age_s == 2.5
    assert instance.settings_file.stat().st_mode & 0o777 == 0o600
    assert instance.home.stat().st_mode & 0o777 == 0o700


def test_the_callers_settings_win_over_the_env_file_in_every_life_of_a_component(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = Instance(tmp_path / "home", 20000)
    make_folders(instance)
    caller = {"TICKLAKE_FLUSH_AGE_S": "2.5", "TICKLAKE_S3_BUCKET": "production"}
    write_settings(instance, caller)
    (tmp_path / ".env").write_text("TICKLAKE_FLUSH_AGE_S=9\nTICKLAKE_FLUSH_RECORDS=7\n")
    monkeypatch.chdir(tmp_path)
    supervisor = instance.process_environment("supervisor", caller)
    for name, value in instance.process_environment("consumer", supervisor).items():
        monkeypatch.setenv(name, value)
    loaded = settings.load()
    assert (loaded.flush_age_s, loaded.flush_records, loaded.s3_bucket) == (2.5, 7, "ticklake")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        instance = Instance(tmp_path, port - Instance(tmp_path, 0).port("store"))
        with pytest.raises(ConfigError, match=rf"port {port} \(store\) is in use"):
            check_ports(instance)
    check_ports(instance)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_disk(tmp_path)
    monkeypatch.setattr("infra.local.preflight._LEAST_DISK", 10**18)
    with pytest.raises(ConfigError, match="GB are free"):
        check_disk(tmp_path)


def test_a_home_too_deep_for_a_socket_is_told() -> None:
    with pytest.raises(ConfigError, match="shorter path"):
        Supervisor(Instance(Path("/" + "deep/" * 25))).check()


@pytest.mark.parametrize(
    ("beat", "since", "expected"),
    [("1970-01-01T00:10:00+00:00", 590.0, True), ("1970-01-01T00:09:49+00:00", 590.0, False), ("1970-01-01T00:08:00+00:00", 100.0, False), (None, 0.0, False)],
    ids=["its own", "of an earlier life", "long ago", "none"],
)
def test_only_a_fresh_heartbeat_of_this_life_counts(beat: str | None, since: float, expected: bool) -> None:
    health = {"dag_processor": {"latest_dag_processor_heartbeat": beat}}
    assert beats(health, "dag-processor", since, now=610.0) is expected


def test_a_sources_key_reaches_its_process_and_no_file(tmp_path: Path) -> None:
    caller = {"TICKLAKE_SOME_KEY": "secret", "TICKLAKE_KAFKA_CLIENT": "confluent"}
    instance = Instance(tmp_path / "home", 20000)
    assert caller.items() <= instance.process_environment("producer", caller).items()
    make_folders(instance)
    write_settings(instance, caller)
    assert "secret" not in instance.settings_file.read_text()
    assert "confluent" in instance.settings_file.read_text()
