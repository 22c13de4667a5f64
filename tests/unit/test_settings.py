"""A missing or malformed setting names itself, and the nearest place wins."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from streaming.producer.sources.finnhub import FinnhubSettings
from ticklake import settings
from ticklake.errors import ConfigError

NEEDED = {
    "TICKLAKE_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "TICKLAKE_S3_BUCKET": "bucket",
    "TICKLAKE_WAREHOUSE_ACCOUNT": "account",
    "TICKLAKE_WAREHOUSE_USER": "user",
}


@pytest.fixture(autouse=True)
def needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_setting_names_itself_and_the_places_looked_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match=rf"^{name}: field required \(looked at the environment, \.env and .*instance\.env") as raised:
        settings.load()
    assert not any(other in str(raised.value) for other in NEEDED if other != name)


def test_all_missing_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        monkeypatch.delenv(name)
    with pytest.raises(ConfigError) as raised:
        settings.load()
    assert all(name in str(raised.value) for name in NEEDED)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TICKLAKE_PORT_BASE", "80"),
        ("TICKLAKE_PORT_BASE", "many"),
        ("TICKLAKE_FLUSH_AGE_S", "0"),
        ("TICKLAKE_FLUSH_RECORDS", "-1"),
        ("TICKLAKE_LOAD_INTERVAL_S", "9"),
        ("TICKLAKE_LOAD_HINTS", "perhaps"),
        ("TICKLAKE_SIMULATOR_HOURS", "sometimes"),
        ("TICKLAKE_TICKS_PARTITIONS", ""),
    ],
)
def test_a_malformed_setting_names_itself(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigError, match=f"^{name}: "):
        settings.load()


def test_the_environment_wins_over_env_and_that_over_the_instance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TICKLAKE_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "instance.env").write_text("TICKLAKE_SOURCES='instance'\nTICKLAKE_S3_REGION='instance'\nTICKLAKE_KAFKA_GROUP='instance'\n")
    (tmp_path / ".env").write_text("TICKLAKE_SOURCES=dotenv\nTICKLAKE_S3_REGION=dotenv\n")
    monkeypatch.setenv("TICKLAKE_SOURCES", "environment")
    found = settings.load(ticks_topic="argument")
    assert (found.sources, found.ticks_topic) == ("environment", "argument")
    assert (found.s3_region, found.kafka_group) == ("dotenv", "instance")


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKLAKE_WAREHOUSE_PASSWORD", "hunter2")
    found = settings.load()
    assert isinstance(found.warehouse_password, SecretStr)
    assert "hunter2" not in f"{found!r}{found}"


def test_a_secret_comes_from_its_file_unless_it_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "ticklake_warehouse_password").write_text("from a file\n")
    (folder / "ticklake_kafka_password").write_text("from a file")
    (folder / "ticklake_finnhub_key").write_text("from a file")
    monkeypatch.setenv("TICKLAKE_SECRETS_DIR", str(folder))
    monkeypatch.setenv("TICKLAKE_KAFKA_PASSWORD", "from the environment")
    found = settings.load()
    assert found.warehouse_password == SecretStr("from a file")
    assert found.kafka_password == SecretStr("from the environment")
    assert settings.load_source(FinnhubSettings).key == SecretStr("from a file")


def test_a_directory_of_secrets_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TICKLAKE_SECRETS_DIR", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match=r"^TICKLAKE_SECRETS_DIR: there is no directory"):
        settings.load()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.load().sources = "other"  # type: ignore[misc]


@pytest.mark.parametrize(("text", "names"), [("simulator", ("simulator",)), (" finnhub, coinbase,,", ("finnhub", "coinbase")), ("", ())])
def test_the_running_sources_are_the_names_between_the_commas(text: str, names: tuple[str, ...]) -> None:
    assert settings.load(sources=text).running == names
