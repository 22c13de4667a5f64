"""What librdkafka's clients have in common: their options, and their errors in our words.

They report in three ways: calls raise, polls return an error as if it were a record, and `error_cb` tells what belongs to
no call. `Trouble` keeps the latter two until somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from ticklake.errors import BrokerRefused, BrokerUnavailable, TicklakeError
from ticklake_io.kafka_rights import Rights, no_trust
from ticklake_io.kafka_security import Security

_LONGEST_LINE = 300
_LOOK_S = 0.25
_NO_ENTRY = {"_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE"}
_UNTRUSTED = "certificate verify failed"


def common(bootstrap: str, security: Security, client_id: str) -> dict[str, Any]:
    """Options of every client: where, as whom, and silence on standard error."""
    return {
        "bootstrap.servers": bootstrap,
        "client.id": client_id,
        "log_level": 0,
        "reconnect.backoff.max.ms": 1_000,
        **security.for_librdkafka(),
    }


class Trouble:
    """Keeps an error that belongs to no call; what is final wins over what may pass. Give it to a client as `error_cb`."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights
        self._kept: TicklakeError | None = None

    def __call__(self, error: KafkaError) -> None:
        """Keep a refusal, and that all brokers are away; one broker that is away does not matter."""
        refused = refusal(error, self._rights)
        if refused or error.name() == "_ALL_BROKERS_DOWN" or error.fatal():
            self.keep(refused or ours(error, self._rights))

    def keep(self, error: TicklakeError) -> None:
        """Keep an error until the next `tell`."""
        if self._kept is None or isinstance(self._kept, BrokerUnavailable):
            self._kept = error

    def tell(self) -> None:
        """Raise what was kept, once."""
        kept, self._kept = self._kept, None
        if kept:
            raise kept

    def over(self) -> None:
        """The brokers have answered since: forget that they did not."""
        if isinstance(self._kept, BrokerUnavailable):
            self._kept = None


def await_topic(client: Consumer | Producer, topic: str, rights: Rights, trouble: Trouble, seconds: float) -> None:
    """Return when a broker has told about `topic`.

    Raises `BrokerUnavailable` when none does within `seconds`, or knows no such topic, and `BrokerRefused`.
    """
    for left in reversed(range(max(1, int(seconds / _LOOK_S)))):
        try:
            found = client.list_topics(topic, timeout=_LOOK_S).topics[topic]
        except KafkaException as error:
            with translated(rights):  # a fatal error comes from any call
                client.poll(0)
            trouble.tell()
            if not left:
                raise ours(error.args[0], rights) from error
        else:
            trouble.over()
            if found.error is None:
                return
            if found.error.name() == "UNKNOWN_TOPIC_OR_PART":
                raise BrokerUnavailable(f"there is no topic {topic}")
            raise ours(found.error, rights)


@contextmanager
def translated(rights: Rights) -> Iterator[None]:
    """Our errors for the client's."""
    try:
        yield
    except KafkaException as error:
        raise ours(error.args[0], rights) from error


def ours(error: KafkaError, rights: Rights) -> BrokerRefused | BrokerUnavailable:
    """An error in our words."""
    return refusal(error, rights) or BrokerUnavailable(f"Kafka does not answer: {one_line(error)}")


def refusal(error: KafkaError, rights: Rights) -> BrokerRefused | None:
    """What an error says about our rights, if it does."""
    match error.name():
        case "TOPIC_AUTHORIZATION_FAILED":
            return rights.no_topic()
        case "GROUP_AUTHORIZATION_FAILED":
            return rights.no_group()
        case "CLUSTER_AUTHORIZATION_FAILED":
            return rights.no_cluster()
        case name if name in _NO_ENTRY:
            return rights.no_entry(one_line(error))
        case "_SSL" if _UNTRUSTED in error.str():
            return no_trust(_UNTRUSTED)
    return None


def one_line(error: KafkaError) -> str:
    """The client's error, its kind first, short enough for a line of a log."""
    return f"{error.name()}: {' '.join(error.str().split())}"[:_LONGEST_LINE]
