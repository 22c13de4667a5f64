"""A broker that cannot be reached: told in one line, in time, and nothing stays open."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.fakes.clock import ManualClock
from tests.fixtures.services import HOST, free_port
from ticklake.errors import BrokerUnavailable
from ticklake_airflow.landing_trigger import LandingTrigger
from ticklake_io.kafka_client import one_line, open_client, unavailable, verifying_context
from ticklake_io.kafka_consumer import KafkaSource
from ticklake_io.kafka_producer import connect
from ticklake_io.kafka_view import KafkaView

Open = Callable[[str], object]


def _admin(bootstrap: str) -> object:
    with unavailable():
        return open_client(KafkaAdminClient, bootstrap, bootstrap_s=0.3)


OPENERS: dict[str, Open] = {
    "source": lambda bootstrap: KafkaSource(bootstrap, "t", "g"),
    "view": KafkaView,
    "trigger": lambda bootstrap: LandingTrigger(bootstrap, "t", 1.0)._open(),
    "producer": lambda bootstrap: connect(bootstrap, "t", clock=ManualClock(), wait=lambda _: True),
    "admin": _admin,
}


def failure(opener: str, bootstrap: str) -> str:
    """What the opener says; its frames, and what they hold, are gone on return."""
    with pytest.raises(BrokerUnavailable) as caught:
        OPENERS[opener](bootstrap)
    return str(caught.value)


@pytest.fixture(params=["refuses", "is mute"])
def bootstrap(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address behind which no broker answers."""
    if request.param == "refuses":
        yield f"{HOST}:{free_port()}"
    else:
        with socket.create_server((HOST, 0)) as mute:
            yield f"{HOST}:{mute.getsockname()[1]}"


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"kafka_consumer._ANSWER_S": 0.3, "kafka_producer._TRY_S": 0.3, "kafka_view._ANSWER_S": 0.3}.items():
        monkeypatch.setattr(f"ticklake_io.{name}", seconds)
    monkeypatch.setattr("ticklake_airflow.landing_trigger.ANSWER_S", 0.3)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trigger reads its settings itself."""
    for name in ("KAFKA_BOOTSTRAP", "S3_BUCKET", "WAREHOUSE_ACCOUNT", "WAREHOUSE_USER"):
        monkeypatch.setenv(f"TICKLAKE_{name}", "x")


@pytest.mark.parametrize("opener", OPENERS)
def test_who_finds_no_broker_says_so_in_a_line_and_leaves_no_socket_open(bootstrap: str, opener: str) -> None:
    begun = time.monotonic()
    told = failure(opener, bootstrap)
    assert time.monotonic() - begun < 5
    assert "\n" not in told
    gc.collect()  # an open socket would warn here, and warnings are errors


def test_only_the_client_s_own_errors_are_translated() -> None:
    with pytest.raises(LookupError), unavailable():
        raise LookupError
    with pytest.raises(BrokerUnavailable, match="Kafka does not answer: KafkaError: two lines"), unavailable():
        raise KafkaError("two\n  lines")
    assert len(one_line(KafkaError("x" * 1_000))) == 300


def test_the_end_of_a_connection_comes_apart_from_what_was_sent_before_it(tmp_path: Path) -> None:
    """kafka-python would throw a refusal away that comes together with the end."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    ours, theirs = socket.socketpair()

    def refuse() -> None:
        with server.wrap_socket(theirs, server_side=True) as spoken:
            spoken.sendall(b"refused")

    thread = threading.Thread(target=refuse)
    thread.start()
    with verifying_context(str(tmp_path / "ca.pem")).wrap_socket(ours, server_hostname="127.0.0.1") as heard:
        thread.join(5.0)
        assert heard.recv(4096) == b"refused"
        with pytest.raises(ssl.SSLWantReadError):
            heard.recv(4096)
        assert heard.recv(4096) == b""
