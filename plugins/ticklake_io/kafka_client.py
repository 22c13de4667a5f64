"""Opens kafka-python's clients so that a try in vain leaves nothing behind, and names their errors in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kafka.errors import KafkaError
from kafka.net import KafkaNetSocket
from kafka.net.compat import KafkaNetClient

from ticklake.errors import BrokerUnavailable

Client = TypeVar("Client")

_LONGEST_LINE = 300
_DIRECT = "direct"


class _DirectSocket(KafkaNetSocket):  # type: ignore[misc]
    """A connection without a proxy that, unlike kafka-python's own, is closed when it cannot be made."""

    SCHEMES = (_DIRECT,)

    async def sock_connect(self, net: object, sock: Any, sockaddr: object, timeout_at: float | None = None) -> Any:  # noqa: ANN401
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise


def open_client(kind: Callable[..., Client], bootstrap: str, *, bootstrap_s: float, **config: object) -> Client:
    """A consumer, producer or admin client (`kind`) that has reached one of the brokers in `bootstrap`, a comma between them.

    Raises kafka-python's `KafkaError` when none answers within `bootstrap_s` seconds.
    """
    connections: list[KafkaNetClient] = []

    def connect(**options: object) -> KafkaNetClient:
        connections.append(KafkaNetClient(**options))
        return connections[-1]

    servers, timeout_ms = bootstrap.split(","), int(bootstrap_s * 1000)
    try:
        return kind(bootstrap_servers=servers, bootstrap_timeout_ms=timeout_ms, kafka_client=connect, proxy_url=f"{_DIRECT}://", **config)
    except BaseException:
        # kafka-python leaves its event loop's sockets open when no broker answers, and services try again and again.
        for each in connections:
            each.close()
        raise


@contextmanager
def unavailable() -> Iterator[None]:
    """Raises `BrokerUnavailable` for the client's own errors."""
    try:
        yield
    except KafkaError as error:
        raise BrokerUnavailable(f"Kafka does not answer: {one_line(error)}") from error


def one_line(error: KafkaError) -> str:
    """The client's error, its kind first, short enough for a line of a log."""
    return " ".join(str(error).split())[:_LONGEST_LINE]
