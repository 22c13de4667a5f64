"""A broker that asks who one is: both clients come in with the right settings, and say what is missing with others."""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.fixtures import services
from tests.fixtures.secure_broker import SecureBroker, running_secure_broker
from ticklake.clock import SystemClock
from ticklake.errors import BrokerRefused, BrokerUnavailable
from ticklake.settings import Settings
from ticklake_io.kafka_open import open_publisher, open_source, open_view
from ticklake_io.kafka_producer import Publisher
from ticklake_io.records import Committed, RecordSource
from ticklake_io.topics import create_topics

TOPIC = "market.ticks"
PASSWORD = "correct horse battery staple"
LIMIT_S = 60
READ: Mapping[tuple[str, str], str] = {("topic", TOPIC): "Read", ("group", "lake"): "Read"}
WRITE: Mapping[tuple[str, str], str] = {("topic", TOPIC): "Write"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    with running_secure_broker(tmp_path_factory.mktemp("secure")) as running:
        create_topics(services.settings(kafka_bootstrap=running.open, ticks_partitions=1))
        yield running


@pytest.fixture(params=["kafka-python", "confluent"])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Users:
    """Adds users with a name of their own and gives their settings."""

    def __init__(self, broker: SecureBroker, client: str) -> None:
        self._broker, self._client = broker, client

    def add(self, rights: Mapping[tuple[str, str], str], **other: object) -> Settings:
        name = f"user-{uuid.uuid4()}"
        self._broker.add_user(name, PASSWORD, rights)
        return self.settings(**{"kafka_sasl": "SCRAM-SHA-512", "kafka_username": name, "kafka_password": PASSWORD} | other)

    def settings(self, **values: object) -> Settings:
        common: dict[str, object] = {
            "kafka_client": self._client,
            "kafka_bootstrap": self._broker.secure,
            "kafka_security": "SASL_SSL",
            "kafka_ca_file": self._broker.ca_file,
        }
        return services.settings(**common | values)


@pytest.fixture
def users(broker: SecureBroker, client: str) -> Users:
    return Users(broker, client)


def published(settings: Settings, value: bytes) -> None:
    with closing(publisher(settings)) as opened:
        assert opened.publish(b"A", value)
        assert until(lambda: opened.flush(0.2))


def publisher(settings: Settings) -> Publisher:
    return open_publisher(settings, TOPIC, clock=SystemClock(), wait=threading.Event().wait)


def until(reached: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if reached():
            return True
    return False


def gained(source: RecordSource) -> bool:
    source.poll(0.1)
    return source.changes().gained == {0}


def committed(source: RecordSource, offset: Committed) -> bool:
    """Whether the group took it; while it is rebalanced it does not."""
    source.poll(0.1)
    return source.commit({0: offset})


def values(source: RecordSource) -> list[bytes | None]:
    return [value for records in source.poll(0.2).values() for value in records.values]


def refused(work: Callable[[], object]) -> str:
    """What the refusal says; `work` is done again and again, but not for long."""
    with pytest.raises(BrokerRefused) as caught:
        until(lambda: work() is True)
    text = str(caught.value)
    assert "\n" not in text
    assert PASSWORD not in f"{caught.value!r} {caught.value.__cause__!r}"
    return text


def reading(settings: Settings, group: str = "lake") -> Callable[[], None]:
    """Opens, joins and reads until something refuses."""

    def work() -> None:
        with closing(open_source(settings, TOPIC, group)) as source:
            assert until(lambda: gained(source))
            source.begin(0, 0)
            until(lambda: bool(values(source)))

    return work


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_user_with_rights_writes_reads_commits_and_looks(users: Users, mechanism: str) -> None:
    published(users.add(WRITE, kafka_sasl=mechanism), mechanism.encode())
    reader = users.add(READ, kafka_sasl=mechanism)
    with closing(open_source(reader, TOPIC, "lake")) as source, closing(open_view(reader)) as view:
        assert until(lambda: gained(source))
        source.begin(0, source.first_offset(0))
        assert until(lambda: mechanism.encode() in values(source))
        assert until(lambda: committed(source, Committed(source.end_offset(0), "note")))
        assert view.committed("lake", TOPIC) == {0: Committed(view.ends(TOPIC)[0], "note")}
        assert view.topic_id(TOPIC) == source.topic_id()


@pytest.mark.parametrize("opener", ["source", "publisher", "view"])
def test_a_wrong_password_is_told_as_such(users: Users, opener: str) -> None:
    settings = users.add(READ | WRITE, kafka_password="guessed")
    openers = {"source": lambda: open_source(settings, TOPIC, "lake"), "publisher": lambda: publisher(settings), "view": lambda: open_view(settings)}
    told = refused(openers[opener])
    assert f"does not let user {settings.kafka_username} in" in told
    assert "guessed" not in told


@pytest.mark.parametrize("opener", ["source", "publisher", "view"])
def test_a_broker_whose_certificate_nobody_known_signed_is_not_spoken_to(users: Users, tmp_path: Path, opener: str) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    settings = users.add(READ | WRITE, kafka_ca_file=other)
    openers = {"source": lambda: open_source(settings, TOPIC, "lake"), "publisher": lambda: publisher(settings), "view": lambda: open_view(settings)}
    assert "certificate is not trusted" in refused(openers[opener])


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        ({("group", "lake"): "Read"}, f"Read topic {TOPIC}"),
        ({("group", "lake"): "Read", ("topic", TOPIC): "Describe"}, f"Read topic {TOPIC}"),
        ({("topic", TOPIC): "Read"}, "Read group lake"),
    ],
)
def test_a_reader_without_a_right_learns_which(users: Users, rights: Mapping[tuple[str, str], str], missing: str) -> None:
    published(users.add(WRITE), b"there is something to read")
    settings = users.add(rights)
    assert refused(reading(settings)).startswith(f"user {settings.kafka_username} may not {missing}: grant")


@pytest.mark.parametrize("rights", [{}, {("topic", TOPIC): "Describe"}])
def test_a_writer_without_the_right_learns_it(users: Users, rights: Mapping[tuple[str, str], str]) -> None:
    settings = users.add(rights)
    assert refused(lambda: published(settings, b"x")).startswith(f"user {settings.kafka_username} may not Write topic {TOPIC}: grant")


def test_a_look_without_the_right_on_the_group_learns_it(users: Users) -> None:
    settings = users.add({("topic", TOPIC): "Describe"})
    with closing(open_view(settings)) as view:
        assert f"user {settings.kafka_username} may not Describe group lake" in refused(lambda: view.committed("lake", TOPIC))


def test_who_speaks_plainly_to_a_secure_listener_does_not_wait_for_ever(users: Users) -> None:
    with pytest.raises((BrokerUnavailable, BrokerRefused)):
        open_source(users.settings(kafka_security="PLAINTEXT", kafka_ca_file=None), TOPIC, "lake")


class Signer:
    """Stands for AWS: signs tokens that live `seconds`, and counts them."""

    def __init__(self, user: str, seconds: float = 4.0) -> None:
        self._user, self._seconds = user, seconds
        self.signed: list[str] = []

    def __call__(self, region: str) -> tuple[str, int]:
        self.signed.append(region)
        now = SystemClock().now().timestamp()
        # In whole seconds: the broker reads its clock in milliseconds and refuses a token of the millisecond it is in.
        claims = {"sub": self._user, "iat": int(now), "exp": now + self._seconds}
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims)]
        return f"{'.'.join(parts)}.", int((now + self._seconds) * 1000)


@pytest.fixture
def signer(broker: SecureBroker, monkeypatch: pytest.MonkeyPatch) -> Signer:
    user = f"role-{uuid.uuid4()}"
    broker.allow(user, READ | {("topic", TOPIC): "All"})
    signer = Signer(user)
    monkeypatch.setattr("aws_msk_iam_sasl_signer.MSKAuthTokenProvider.generate_auth_token", signer)
    return signer


def test_an_aws_identity_comes_in_with_a_token_and_stays_with_the_next(users: Users, signer: Signer) -> None:
    settings = users.settings(kafka_sasl="AWS_MSK_IAM", s3_region="eu-central-1")
    published(settings, b"signed")
    with closing(open_source(settings, TOPIC, "lake")) as source:
        assert until(lambda: gained(source))
        source.begin(0, source.first_offset(0))
        assert until(lambda: b"signed" in values(source))
        assert source.topic_id()
        seen = len(signer.signed)
        published(settings, b"later")
        assert until(lambda: bool(values(source)) or len(signer.signed) > seen + 3)
        assert source.commit({0: Committed(1, "")})
    assert len(signer.signed) > 2
    assert set(signer.signed) == {"eu-central-1"}


def test_a_process_without_aws_credentials_says_so(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(region: str) -> Any:
        raise AttributeError("'NoneType' object has no attribute 'access_key'")

    monkeypatch.setattr("aws_msk_iam_sasl_signer.MSKAuthTokenProvider.generate_auth_token", none)
    settings = users.settings(kafka_sasl="AWS_MSK_IAM")
    assert "AWS credentials" in refused(lambda: open_source(settings, TOPIC, "lake"))
