"""Settings that contradict each other are named at the start; secrets stay secret; tokens are signed anew."""

from __future__ import annotations

import builtins
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import CredentialRetrievalError
from kafka.net.sasl.oauth import AbstractTokenProvider

from tests.fixtures.services import settings
from ticklake.errors import BrokerRefused, BrokerUnavailable, ConfigError
from ticklake_io import kafka_open
from ticklake_io.kafka_client import VerifyingContext
from ticklake_io.kafka_security import PLAINTEXT, Security

SECRET = "hunter-of-two"
SCRAM = {"kafka_security": "SASL_SSL", "kafka_sasl": "SCRAM-SHA-512", "kafka_username": "ana", "kafka_password": SECRET}
IAM = {"kafka_security": "SASL_SSL", "kafka_sasl": "AWS_MSK_IAM", "s3_region": "eu-central-1"}
SIGNER = "aws_msk_iam_sasl_signer.MSKAuthTokenProvider.generate_auth_token"


def test_without_settings_a_broker_is_spoken_to_plainly() -> None:
    assert Security.of(settings()).for_kafka_python() == {"security_protocol": "PLAINTEXT"}
    assert Security.of(settings()).for_librdkafka() == PLAINTEXT.for_librdkafka() == {"security.protocol": "PLAINTEXT"}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"kafka_security": "SASL_SSL"}, "TICKLAKE_KAFKA_SASL"),
        ({"kafka_sasl": "SCRAM-SHA-512"}, "TICKLAKE_KAFKA_SECURITY"),
        ({"kafka_security": "SSL", "kafka_sasl": "AWS_MSK_IAM"}, "TICKLAKE_KAFKA_SECURITY"),
        ({"kafka_security": "SASL_PLAINTEXT", "kafka_sasl": "AWS_MSK_IAM"}, "TICKLAKE_KAFKA_SECURITY=SASL_SSL"),
        (SCRAM | {"kafka_password": None}, "TICKLAKE_KAFKA_PASSWORD"),
        (SCRAM | {"kafka_username": None}, "TICKLAKE_KAFKA_USERNAME"),
        (SCRAM | {"kafka_password": ""}, "TICKLAKE_KAFKA_PASSWORD"),
        ({"kafka_username": "ana"}, "TICKLAKE_KAFKA_SASL"),
        (IAM | {"kafka_password": SECRET}, "TICKLAKE_KAFKA_SASL"),
        ({"kafka_ca_file": Path("ca.pem")}, "TICKLAKE_KAFKA_SECURITY"),
        (SCRAM | {"kafka_ca_file": Path("/nowhere/ca.pem")}, "TICKLAKE_KAFKA_CA_FILE"),
    ],
)
def test_what_cannot_be_is_an_error_that_names_the_variable(values: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        Security.of(settings(**values))
    assert SECRET not in str(caught.value)


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing")
    with pytest.raises(ConfigError, match="TICKLAKE_KAFKA_CA_FILE"):
        Security.of(settings(**SCRAM, kafka_ca_file=empty)).for_kafka_python()


def test_certificates_and_host_names_are_verified_whatever_the_settings() -> None:
    context = Security.of(settings(**SCRAM)).for_kafka_python()["ssl_context"]
    assert isinstance(context, VerifyingContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert not {name for name in Security.of(settings(**SCRAM)).for_librdkafka() if "verification" in name or "identification" in name}


def test_a_user_and_its_password_reach_the_clients_and_no_text() -> None:
    security = Security.of(settings(**SCRAM))
    python, librdkafka = security.for_kafka_python(), security.for_librdkafka()
    assert (python["sasl_mechanism"], python["sasl_plain_username"], python["sasl_plain_password"]) == ("SCRAM-SHA-512", "ana", SECRET)
    assert (librdkafka["sasl.mechanisms"], librdkafka["sasl.username"], librdkafka["sasl.password"]) == ("SCRAM-SHA-512", "ana", SECRET)
    assert SECRET not in f"{security!r} {security} {security.user}"
    assert security.user == "user ana"


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The regions that tokens were signed for; the token is their number, and it expires at that second."""
    signed: list[str] = []

    def sign(region: str) -> tuple[str, int]:
        signed.append(region)
        return str(len(signed)), len(signed) * 1000

    monkeypatch.setattr(SIGNER, sign)
    return signed


def test_kafka_python_gets_a_token_for_each_connection(tokens: list[str]) -> None:
    options = Security.of(settings(**IAM)).for_kafka_python()
    provider = options["sasl_oauth_token_provider"]
    assert isinstance(provider, AbstractTokenProvider)
    assert options["sasl_mechanism"] == "OAUTHBEARER"
    assert (provider.token(), provider.token()) == ("2", "3")
    assert set(tokens) == {"eu-central-1"}


def test_librdkafka_gets_a_token_with_its_end_and_asks_again(tokens: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = Security.of(settings(**IAM)).for_librdkafka()
    renew = options["oauth_cb"]
    assert options["sasl.mechanisms"] == "OAUTHBEARER"
    assert (renew(""), renew("")) == (("2", 2.0), ("3", 3.0))

    def fails(region: str) -> tuple[str, int]:
        raise CredentialRetrievalError(provider="role", error_msg="later")

    monkeypatch.setattr(SIGNER, fails)
    token, until = renew("")
    assert token == "3"
    assert until > 3.0, "the token before, for a moment longer"


@pytest.mark.parametrize(
    ("cause", "ours"),
    [
        (AttributeError("'NoneType' object has no attribute 'access_key'"), BrokerRefused),
        (ValueError("AWS Credentials can not be empty"), BrokerRefused),
        (CredentialRetrievalError(provider="role", error_msg=SECRET), BrokerUnavailable),
    ],
)
def test_who_can_sign_nothing_says_so_at_the_start(monkeypatch: pytest.MonkeyPatch, cause: Exception, ours: type[Exception]) -> None:
    def fails(region: str) -> tuple[str, int]:
        raise cause

    monkeypatch.setattr(SIGNER, fails)
    security = Security.of(settings(**IAM))
    for options in (security.for_kafka_python, security.for_librdkafka):
        with pytest.raises(ours, match="AWS") as caught:
            options()
        assert SECRET not in str(caught.value)


def test_the_signer_itself_signs_with_the_usual_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}.items():
        monkeypatch.setenv(name, value)
    options: dict[str, Any] = Security.of(settings(**IAM)).for_librdkafka()
    token, until = options["oauth_cb"]("")
    assert len(token) > 100
    assert SECRET not in token
    assert until > 1_700_000_000


@pytest.mark.parametrize(("missing", "values", "extra"), [("aws_msk_iam_sasl_signer", IAM, "msk"), ("confluent_kafka", {"kafka_client": "confluent"}, "fast")])
def test_a_package_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, missing: str, values: dict[str, Any], extra: str) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.split(".")[0] == missing:
            raise ImportError(name)
        return real(name, *args, **more)

    for name in [name for name in sys.modules if name.startswith("ticklake_io.confluent")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=rf"ticklake\[{extra}\]"):
        kafka_open.open_source(settings(**values), "t", "g")
