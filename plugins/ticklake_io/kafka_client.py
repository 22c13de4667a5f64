"""Opens kafka-python's clients so that a try in vain leaves nothing behind, and names their errors in one line."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaError,
    NoError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
    for_code,
)
from kafka.net import KafkaNetSocket
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector

from ticklake.errors import BrokerRefused, BrokerUnavailable
from ticklake_io.kafka_rights import Rights, no_trust

Client = TypeVar("Client")

_LONGEST_LINE = 300
_DIRECT = "direct"
_NO_ENTRY = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError, IllegalSaslStateError)


class _DirectSocket(KafkaNetSocket):  # type: ignore[misc]
    """A connection without a proxy that, unlike kafka-python's own, is closed when it cannot be made."""

    SCHEMES = (_DIRECT,)

    async def sock_connect(self, net: object, sock: Any, sockaddr: object, timeout_at: float | None = None) -> Any:  # noqa: ANN401
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise


class _VerifyingSocket(ssl.SSLSocket):
    """Closes when its handshake fails, which kafka-python forgets, and tells its context of a certificate that was not trusted.

    Its end comes apart from what was sent before it: kafka-python throws both away when it reads them together, and a broker
    sends its refusal of a login together with the end.
    """

    _heard = False

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        data = super().recv(buflen, flags)
        if self._heard and not data:
            self._heard = False
            raise ssl.SSLWantReadError
        self._heard = bool(data)
        return data

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            if isinstance(error, ssl.SSLCertVerificationError) and isinstance(self.context, VerifyingContext):
                self.context.distrusted = error.verify_message
            self.close()
            raise

    def __del__(self) -> None:
        # A client that closes drops a socket whose handshake is under way.
        self.close()


class VerifyingContext(ssl.SSLContext):
    """What TLS clients should check, and why a broker's certificate failed the check."""

    sslsocket_class = _VerifyingSocket
    distrusted: str | None = None


class _Manager(KafkaConnectionManager):  # type: ignore[misc]
    """Tells of a refusal at the next use of a connection, as kafka-python means to; it would try again until its time is up."""

    def __init__(self, *args: object, **options: object) -> None:
        self._refused: dict[object, Exception] = {}
        super().__init__(*args, **options)

    def maybe_raise_auth_failure(self, node_id: object) -> None:
        if error := self._refused.pop(node_id, None):
            raise error

    def get_connection(self, node_id: object, *args: object, **options: object) -> Any:  # noqa: ANN401
        connection = super().get_connection(node_id, *args, **options)
        if not connection.init_future.is_done:
            connection.init_future.add_errback(partial(self._note, node_id))
        return connection

    def _note(self, node_id: object, error: Exception) -> None:
        context = self.config.get("ssl_context")
        if isinstance(error, _NO_ENTRY) or (isinstance(context, VerifyingContext) and context.distrusted):
            self._refused[node_id] = error


def verifying_context(ca_file: str | None) -> VerifyingContext:
    """A context that trusts the authorities in `ca_file`, or the system's. Raises `OSError` when the file holds none."""
    context = VerifyingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    else:
        context.load_default_certs()
    return context


def open_client(kind: Callable[..., Client], bootstrap: str, *, bootstrap_s: float, **config: object) -> Client:
    """A consumer, producer or admin client (`kind`) that has reached one of the brokers in `bootstrap`, a comma between them.

    Raises kafka-python's `KafkaError` when none answers within `bootstrap_s` seconds, `BrokerRefused` when none is to be trusted.
    """
    connections: list[KafkaNetClient] = []

    def connect(**options: object) -> KafkaNetClient:
        net = NetworkSelector(**options)
        connections.append(KafkaNetClient(net, _Manager(net, **options)))
        return connections[-1]

    servers, timeout_ms = bootstrap.split(","), int(bootstrap_s * 1000)
    try:
        return kind(bootstrap_servers=servers, bootstrap_timeout_ms=timeout_ms, kafka_client=connect, proxy_url=f"{_DIRECT}://", **config)
    except BaseException as error:
        # kafka-python leaves its event loop's sockets open when no broker answers, and services try again and again.
        for each in connections:
            each.close()
        context = config.get("ssl_context")
        if isinstance(error, KafkaError) and isinstance(context, VerifyingContext) and context.distrusted:
            raise no_trust(context.distrusted) from error
        raise


@contextmanager
def unavailable(rights: Rights | None = None) -> Iterator[None]:
    """Raises `BrokerRefused` for the client's own errors that say so, and `BrokerUnavailable` for its others."""
    try:
        yield
    except KafkaError as error:
        raise refusal(error, rights or Rights()) or BrokerUnavailable(f"Kafka does not answer: {one_line(error)}") from error


def topic_id(admin: KafkaAdminClient, topic: str) -> str:
    """The id of the topic's present life. Raises kafka-python's `KafkaError` when there is none, or none that we may see."""
    (described,) = admin.describe_topics([topic])
    error = for_code(described["error_code"])
    if error is not NoError:
        raise error(topic)
    return str(described["topic_id"])


def refusal(error: KafkaError, rights: Rights) -> BrokerRefused | None:
    """What an error says about our rights, if it does."""
    match error:
        case TopicAuthorizationFailedError():
            return rights.no_topic()
        case GroupAuthorizationFailedError():
            return rights.no_group()
        case AuthorizationError():
            return rights.no_cluster()
        case _ if ClusterAuthorizationFailedError.__name__ in str(error):  # an idempotent producer's, as text only
            return rights.no_cluster()
        case _ if isinstance(error, _NO_ENTRY):
            return rights.no_entry(one_line(error))
    return None


def one_line(error: KafkaError) -> str:
    """The client's error, its kind first, short enough for a line of a log."""
    return " ".join(str(error).split())[:_LONGEST_LINE]
