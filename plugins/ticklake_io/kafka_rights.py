"""What a client of Kafka is about to do, and how a refusal is told: who lacks which right on what, and where to grant it."""

from __future__ import annotations

from dataclasses import dataclass

from ticklake.errors import BrokerRefused

_WHERE = "docs/security.md lists what each service needs"


@dataclass(frozen=True)
class Rights:
    """The rights, by the names that ACLs give them, that `user` needs on a topic and, to read it together, on a group."""

    user: str = "an anonymous client"
    on_topic: str = "Describe"
    topic: str | None = None
    group: str | None = None

    def no_topic(self) -> BrokerRefused:
        """The topic is refused."""
        return BrokerRefused(f"{self.user} may not {self.on_topic} topic {self.topic or 'metadata'}: grant it that right; {_WHERE}")

    def no_group(self) -> BrokerRefused:
        """The group is refused."""
        right = "Read" if self.on_topic == "Read" else "Describe"
        return BrokerRefused(f"{self.user} may not {right} group {self.group}: grant it that right; {_WHERE}")

    def no_cluster(self) -> BrokerRefused:
        """Something about the cluster as a whole is refused; to who writes nothing that is, in effect, its topic."""
        if self.on_topic == "Write":
            return self.no_topic()
        return BrokerRefused(f"{self.user} lacks a right on the cluster: grant it; {_WHERE}")

    def no_entry(self, reason: str) -> BrokerRefused:
        """The broker does not believe that we are who we say."""
        return BrokerRefused(f"Kafka does not let {self.user} in ({reason}): compare TICKLAKE_KAFKA_SASL, its user and its password with the broker's")


def no_trust(reason: str) -> BrokerRefused:
    """We do not believe that the broker is who it says."""
    return BrokerRefused(f"the broker's certificate is not trusted ({reason}): set TICKLAKE_KAFKA_CA_FILE to the authorities that signed it")
