"""How brokers are spoken to, and as whom: settings in, each client's own options out.

Certificates and host names are always verified; nothing turns that off.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kafka.net.sasl.oauth import AbstractTokenProvider
from pydantic import SecretStr

from ticklake.clock import Clock, SystemClock
from ticklake.errors import BrokerRefused, BrokerUnavailable, ConfigError, TicklakeError
from ticklake_io.kafka_client import VerifyingContext, verifying_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from ticklake.settings import Settings

_IAM = "AWS_MSK_IAM"
_OAUTH = "OAUTHBEARER"
"""What MSK's IAM is on the wire: the token is a signed request."""
_AGAIN_S = 15.0


@dataclass(frozen=True)
class Security:
    """A protocol and an identity; the default is a broker that asks for neither. `region` is where MSK's tokens are signed for."""

    protocol: str = "PLAINTEXT"
    mechanism: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    region: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Security:
        """What the settings say. Raises `ConfigError` that names the variables when they contradict each other."""
        found = cls(settings.kafka_security, settings.kafka_sasl, settings.kafka_username, settings.kafka_password, settings.kafka_ca_file, settings.s3_region)
        if wrong := found._contradiction():
            raise ConfigError(wrong)
        return found

    @property
    def user(self) -> str:
        """Who the broker takes us for, in words."""
        if self.mechanism == _IAM:
            return "this process's AWS identity"
        return f"user {self.username}" if self.mechanism else "an anonymous client"

    def for_kafka_python(self) -> dict[str, object]:
        """Options of a kafka-python client. Raises `ConfigError` when the authorities' file holds none, and what signing a token does."""
        options: dict[str, object] = {"security_protocol": self.protocol}
        if self.protocol.endswith("SSL"):
            options["ssl_context"] = self._context()
        if self.mechanism == _IAM:
            options |= {"sasl_mechanism": _OAUTH, "sasl_oauth_token_provider": _Tokens(self.region)}
        elif self.mechanism and self.password:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password.get_secret_value(),
            }
        return options

    def for_librdkafka(self) -> dict[str, object]:
        """Options of a librdkafka client. Raises what signing a token does."""
        options: dict[str, object] = {"security.protocol": self.protocol}
        if self.ca_file:
            options["ssl.ca.location"] = str(self.ca_file)
        if self.mechanism == _IAM:
            options |= {"sasl.mechanisms": _OAUTH, "oauth_cb": _Renewal(self.region, SystemClock())}
        elif self.mechanism and self.password:
            options |= {"sasl.mechanisms": self.mechanism, "sasl.username": self.username, "sasl.password": self.password.get_secret_value()}
        return options

    def _context(self) -> VerifyingContext:
        try:
            return verifying_context(str(self.ca_file) if self.ca_file else None)
        except OSError as error:
            raise ConfigError(f"TICKLAKE_KAFKA_CA_FILE: {self.ca_file} holds no certificates: {error.strerror or error}") from error

    def _contradiction(self) -> str | None:
        """The first thing that cannot be, or None."""
        sasl, scram = self.protocol.startswith("SASL_"), (self.mechanism or "").startswith("SCRAM-")
        rules = (
            (sasl and not self.mechanism, f"TICKLAKE_KAFKA_SECURITY={self.protocol} needs TICKLAKE_KAFKA_SASL"),
            (bool(self.mechanism) and not sasl, f"TICKLAKE_KAFKA_SASL={self.mechanism} needs TICKLAKE_KAFKA_SECURITY=SASL_SSL, which is {self.protocol}"),
            (self.mechanism == _IAM and self.protocol != "SASL_SSL", f"TICKLAKE_KAFKA_SASL={_IAM} needs TICKLAKE_KAFKA_SECURITY=SASL_SSL"),
            (
                scram and not (self.username and self.password),
                f"TICKLAKE_KAFKA_SASL={self.mechanism} needs TICKLAKE_KAFKA_USERNAME and TICKLAKE_KAFKA_PASSWORD",
            ),
            (bool(self.username or self.password) and not scram, "TICKLAKE_KAFKA_USERNAME and TICKLAKE_KAFKA_PASSWORD need TICKLAKE_KAFKA_SASL=SCRAM-SHA-512"),
            (
                bool(self.ca_file) and not self.protocol.endswith("SSL"),
                f"TICKLAKE_KAFKA_CA_FILE needs TICKLAKE_KAFKA_SECURITY=SASL_SSL or SSL, which is {self.protocol}",
            ),
            (bool(self.ca_file and not self.ca_file.is_file()), f"TICKLAKE_KAFKA_CA_FILE: there is no file {self.ca_file}"),
        )
        return next((text for wrong, text in rules if wrong), None)


PLAINTEXT = Security()


class _Tokens(AbstractTokenProvider):  # type: ignore[misc]
    """Signs a token for each connection and each time that the broker asks again."""

    def __init__(self, region: str) -> None:
        super().__init__()
        self._sign = _signer(region)
        self._sign()  # here a process without credentials is told so; later it would look like a broker that is away

    def token(self) -> str:
        return self._sign()[0]


class _Renewal:
    """Gives librdkafka, in an `oauth_cb`, a token and when it expires (seconds).

    When none can be signed it gives the one before for a moment longer: an exception here would spoil the client's next call.
    """

    def __init__(self, region: str, clock: Clock) -> None:
        self._sign, self._clock = _signer(region), clock
        self._token, self._expires_ms = self._sign()

    def __call__(self, _: str) -> tuple[str, float]:
        try:
            self._token, self._expires_ms = self._sign()
        except TicklakeError:
            return self._token, self._clock.now().timestamp() + _AGAIN_S
        return self._token, self._expires_ms / 1000


def _signer(region: str) -> Callable[[], tuple[str, int]]:
    """Signs a token and tells when it expires (ms). Raises `ConfigError` when the signer is not installed."""
    try:
        from aws_msk_iam_sasl_signer import MSKAuthTokenProvider  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ConfigError(f"TICKLAKE_KAFKA_SASL={_IAM} needs the package aws-msk-iam-sasl-signer-python: install ticklake[msk]") from error

    def sign() -> tuple[str, int]:
        try:
            token, expires_ms = MSKAuthTokenProvider.generate_auth_token(region)
        except (AttributeError, ValueError) as error:  # what the signer raises where the usual places hold no credentials
            raise BrokerRefused("AWS credentials sign what Kafka is told, and none are found: give this process a role or a profile") from error
        except BotoCoreError as error:
            raise BrokerUnavailable(f"AWS gives no credentials for Kafka: {type(error).__name__}") from error
        return str(token), int(expires_ms)

    return sign
